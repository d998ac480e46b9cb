import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ENGINE_REFUSED } from '../../actors/wire.js';
import { Simulation } from '../../sim/embed/simulation.js';
import { parseScenario } from '../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { defineCommand, type CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError, type ErrorCode } from '../../src/model/errors.js';
import { withRig, type EngineRig } from '../actors/engine-rig.js';

// Bad input at every interface: one clear error, with a code and the place, and nothing is changed.

/** What a program without types may pass where the types allow something else. */
const untyped = (value: unknown) => value as never;

const params = z.strictObject({ disk: z.string(), size: z.int().min(1).optional() });
const command = (changes: object = {}) => defineCommand({ type: 'Copy', params, ...changes });
const handler = (changes: object) => command().step(untyped({ name: 'copy', ...changes })).build();
const COPY = command().step({ name: 'copy', effectFree: true }).build();
const ANYTHING = defineCommand({ type: 'Anything', params: z.unknown() }).step({ name: 'only', effectFree: true }).build();

type Row = readonly [what: string, act: () => unknown, code: ErrorCode, says: string];

describe('a definition', () => {
  it.each<Row>([
    ['that is none', () => defineCommand(untyped(undefined)), 'BAD_DEFINITION', 'command undefined: is missing; expected object'],
    ['without a type', () => defineCommand(untyped({ params })), 'BAD_DEFINITION', 'command undefined: type: '],
    ['without a schema', () => defineCommand(untyped({ type: 'Copy' })), 'BAD_DEFINITION', 'command Copy: params: must be a zod schema'],
    ['with a schema of another kind', () => defineCommand(untyped({ type: 'Copy', params: { type: 'object' } })), 'BAD_DEFINITION', 'params: must be a zod schema'],
    ['with a misspelt field', () => command({ lock: () => [] }), 'BAD_DEFINITION', 'command Copy: lock: unknown key'],
    ['whose locks are a list', () => command({ locks: [] }), 'BAD_DEFINITION', 'command Copy: locks: must be a function'],
    ['with another way to wait', () => command({ lockWait: 'forever' }), 'BAD_DEFINITION', "command Copy: lockWait: must be 'refuse' or { limitMs }"],
    ['whose version is a text', () => command({ version: '1' }), 'BAD_DEFINITION', 'command Copy: version must be a whole number from 1, not 1'],
    ['without steps', () => command().build(), 'BAD_DEFINITION', 'command Copy: it has no handlers'],
    ['with two steps of a name', () => command().step({ name: 'one' }).step(untyped({ name: 'one' })).build(), 'BAD_DEFINITION', 'command Copy: handler 1 (one): there is an earlier one'],
    ['with a step that is none', () => command().step(untyped(null)).build(), 'BAD_DEFINITION', 'command Copy: handler 0: expected object, got null'],
    ['with a step without a name', () => handler({ name: undefined }), 'BAD_DEFINITION', 'command Copy: handler 0: name: '],
    ['with a misspelt callback', () => handler({ compansate: () => undefined }), 'BAD_DEFINITION', 'command Copy: handler 0: compansate: unknown key'],
    ['with a callback that is a task', () => handler({ createTask: { verb: 'copy' } }), 'BAD_DEFINITION', 'handler 0: createTask: must be a function'],
    ['with another way to go on', () => handler({ onUndoFailed: 'ignore' }), 'BAD_DEFINITION', "handler 0: onUndoFailed: expected 'stop' or 'continue', got 'ignore'"],
    ['with a point of no return in no part', () => handler({ pointOfNoReturn: { part: 'compensate', hasPassed: () => 'passed' } }), 'BAD_DEFINITION', 'handler 0: pointOfNoReturn.part: '],
    ['with a point of no return that nobody can ask about', () => handler({ pointOfNoReturn: { part: 'beforeTask' } }), 'BAD_DEFINITION', 'pointOfNoReturn.hasPassed: must be a function'],
    ['with a number as policy', () => handler({ retry: 3 }), 'BAD_DEFINITION', 'handler 0: retry: expected object, got number 3'],
    ['with a misspelt wait', () => handler({ retry: { attempts: 3, backoff: 5 } }), 'BAD_DEFINITION', 'handler 0: retry.backoff: unknown key'],
    ['with half an attempt', () => handler({ retry: { attempts: 0.5 } }), 'BAD_DEFINITION', 'handler 0 (copy): retry.attempts must be a whole number from 1, not 0.5'],
    ['without attempts', () => handler({ undoRetry: {} }), 'BAD_DEFINITION', 'handler 0: undoRetry.attempts: '],
  ])('%s', async (_, act, code, says) => {
    await isRefused(act, code, says);
  });
});

describe('what an engine is asked', () => {
  type Asked = readonly [what: string, body: unknown, code: ErrorCode, says: string];
  const operate = (changes: object) => ({ op: 'operateCommand', commandId: 'c1', requestId: 'r', action: 'retry', ...changes });
  const submit = (changes: object) => ({ op: 'submitCommand', commandId: 'c2', type: 'Copy', params: { disk: 'd1' }, ...changes });

  it.each<Asked>([
    ['a number', 7, 'BAD_REQUEST', 'not 7'],
    ['a text', 'submit', 'BAD_REQUEST', 'not submit'],
    ['without an operation', {}, 'BAD_REQUEST', "no operation 'undefined'"],
    ['an operation of hosts', { op: 'ping' }, 'BAD_REQUEST', "no operation 'ping'"],
    ['an operation of every object', { op: 'toString' }, 'BAD_REQUEST', "no operation 'toString'"],
    ['for the status of nothing', { op: 'commandStatus' }, 'BAD_COMMAND_ID', 'commandStatus: commandId: undefined is no id'],
    ['for the status of a number', { op: 'commandStatus', commandId: 7 }, 'BAD_COMMAND_ID', 'commandId: 7'],
    ['for the status of who was never there', { op: 'commandStatus', commandId: 'nobody' }, 'UNKNOWN_COMMAND', "no command 'nobody'"],
    ['to cancel nothing', { op: 'cancelCommand' }, 'BAD_COMMAND_ID', 'cancelCommand: commandId: undefined'],
    ['to cancel who was never there', { op: 'cancelCommand', commandId: 'nobody' }, 'UNKNOWN_COMMAND', "no command 'nobody'"],
    ['to cancel what is over', { op: 'cancelCommand', commandId: 'c1' }, 'CANCEL_REFUSED', "command 'c1' cannot be cancelled"],
    ['to submit without an id', submit({ commandId: undefined }), 'BAD_COMMAND_ID', 'submitCommand: commandId'],
    ['to submit under an empty id', submit({ commandId: '' }), 'BAD_COMMAND_ID', 'command id ""'],
    ["to submit under a child's id", submit({ commandId: 'c1!0.1.0' }), 'BAD_COMMAND_ID', 'command id "c1!0.1.0"'],
    ['to submit no type', submit({ type: undefined }), 'UNKNOWN_COMMAND_TYPE', "type 'undefined'"],
    ['to submit an unknown type', submit({ type: 'Paste' }), 'UNKNOWN_COMMAND_TYPE', "type 'Paste'"],
    ['to submit without params', submit({ params: undefined }), 'BAD_PARAMS', 'Copy: params: is missing; expected object'],
    ['to submit with a list of params', submit({ params: ['d1'] }), 'BAD_PARAMS', 'Copy: params: expected object, got array'],
    ['to submit with a param of another kind', submit({ params: { disk: 1 } }), 'BAD_PARAMS', 'Copy: params.disk: expected string, got number 1'],
    ['to submit with a param out of range', submit({ params: { disk: 'd1', size: 0 } }), 'BAD_PARAMS', 'Copy: params.size: must be at least 1'],
    ['to submit with half a param', submit({ params: { disk: 'd1', size: 0.5 } }), 'BAD_PARAMS', 'Copy: params.size: expected whole number, got number 0.5'],
    ['to submit with a misspelt param', submit({ params: { disk: 'd1', sise: 1 } }), 'BAD_PARAMS', 'Copy: params.sise: unknown key'],
    ['to submit what is no number', submit({ type: 'Anything', params: { size: Number.NaN } }), 'NOT_PLAIN_DATA', 'params.size: NaN'],
    ['to submit what is no data', submit({ type: 'Anything', params: { when: [1n] } }), 'NOT_PLAIN_DATA', 'params.when[0]: bigint'],
    ['to operate on nothing', { op: 'operateCommand', requestId: 'r', action: 'retry' }, 'BAD_COMMAND_ID', 'operateCommand: commandId: undefined'],
    ['to operate on who was never there', { op: 'operateCommand', commandId: 'nobody', requestId: 'r', action: 'retry' }, 'UNKNOWN_COMMAND', "no command 'nobody'"],
    ['to operate without a request id', operate({ requestId: undefined }), 'BAD_REQUEST', 'operate.requestId: is missing; expected string'],
    ['to operate under an empty request id', operate({ requestId: '' }), 'BAD_REQUEST', 'operate.requestId: must not be empty'],
    ['to do nothing as an operator', operate({ action: undefined }), 'BAD_REQUEST', "operate.action: is missing; expected 'retry', 'skip', 'resolve' or 'abandon'"],
    ['to do something else as an operator', operate({ action: 'undo' }), 'BAD_REQUEST', "operate.action: expected 'retry', 'skip', 'resolve' or 'abandon', got 'undo'"],
    ['to operate for a reason that is no text', operate({ reason: ['tired'] }), 'BAD_REQUEST', 'operate.reason: expected string, got array'],
    ['to operate for too long a reason', operate({ reason: 'x'.repeat(1001) }), 'BAD_REQUEST', 'operate.reason: must have at most 1000 characters'],
    ['to submit other params under a known id', submit({ commandId: 'c1', params: { disk: 'd2' } }), 'DUPLICATE_COMMAND', "command 'c1' was submitted before"],
    ['to submit another type under a known id', submit({ commandId: 'c1', type: 'Anything' }), 'DUPLICATE_COMMAND', 'as another type'],
  ])('%s', async (_, body, code, says) => {
    await withRig({ commands: [COPY, ANYTHING] }, async (rig) => {
      rig.submit('c1', 'Copy', { disk: 'd1' });
      await rig.run();
      const before = await entriesOf(rig);
      const asked = rig.ask(untyped(body));
      await rig.run();
      const { code: replied, message, result } = rig.replies.get(asked) ?? { code: 0, message: 'no answer', result: null };
      expect([replied, message, result]).toEqual([ENGINE_REFUSED, expect.stringContaining(says), expect.objectContaining({ code })]);
      expect(await entriesOf(rig)).toEqual(before);
      // It goes on as if nobody had asked.
      rig.submit('after', 'Copy', { disk: 'd1' });
      await rig.run();
      expect((await rig.command('after')).status).toBe('SUCCEEDED');
    });
  });
});

describe('what a callback asks for', () => {
  const starting = (type: string, startParams: object): CommandDefinition =>
    defineCommand({ type: 'Parent', params: z.unknown() })
      .step({ name: 'only', beforeTask: ({ startChild }) => void startChild(untyped({ type, params: startParams, independent: true })) })
      .build();

  it.each<readonly [what: string, parent: CommandDefinition, code: ErrorCode, says: string]>([
    ['a child of an unknown type', starting('Paste', {}), 'UNKNOWN_COMMAND_TYPE', "'Paste'"],
    ['a child with params that do not fit', starting('Copy', { disk: 1 }), 'BAD_PARAMS', 'Copy: params.disk: '],
    ['a child that is its own parent', starting('Parent', {}), 'CHILD_CYCLE', 'Parent with these params would descend from c1'],
  ])('%s: its command is rolled back, and there is no child', async (_, parent, code, says) => {
    await withRig({ commands: [COPY, parent] }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code, message: expect.stringContaining(says) as string } });
      expect((await rig.stored()).commands.size).toBe(1);
    });
  });
});

describe('a simulation', () => {
  const scenario = parseScenario('{}', 'empty.yaml', { vocabulary: BUILT_IN_VOCABULARY });
  const commands = new Map([[COPY.type, COPY]]);
  const copy = { type: 'Copy', params: { disk: 'd1' } };

  type Use = readonly [what: string, use: (simulation: Simulation) => unknown, code: ErrorCode, says: string];
  it.each<Use>([
    ['is given nothing to submit', (one) => one.submit(untyped(undefined)), 'BAD_REQUEST', 'submit: expected { type, params, id? }, not undefined'],
    ['is given an unknown type', (one) => one.submit({ ...copy, type: 'Paste' }), 'UNKNOWN_COMMAND_TYPE', "'Paste'"],
    ['is given params that do not fit', (one) => one.submit({ ...copy, params: {} }), 'BAD_PARAMS', 'Copy: params.disk: '],
    ['is given an id that is none', (one) => one.submit({ ...copy, id: 'a b' }), 'BAD_COMMAND_ID', 'command id "a b"'],
    ['is to cancel what is no id', (one) => one.cancel(untyped(undefined)), 'BAD_COMMAND_ID', 'command id undefined'],
    ['is to go back', (one) => one.runUntil(1), 'SCHEDULE_IN_PAST', 'cannot run until 1 µs'],
    ['is to go on by less than nothing', (one) => one.advance(-1), 'SCHEDULE_IN_PAST', 'cannot run until'],
    ['is to go on until no time', (one) => one.runUntil(Number.NaN), 'BAD_TIME', 'NaN is not a time'],
    ['is to go on by a text', (one) => one.advance(untyped('5s')), 'BAD_TIME', 'is not a time in whole µs'],
    ['is to take half a step', (one) => one.step(0.5), 'BAD_TIME', 'cannot step 0.5 events'],
    ['is to be operated on without an action', (one) => one.operate('c1', untyped(undefined)), 'BAD_REQUEST', "operate.action: is missing; expected 'retry', 'skip', 'resolve' or 'abandon'"],
    ['is to be operated on by a number', (one) => one.operate('c1', untyped({ action: 7 })), 'BAD_REQUEST', "operate.action: expected 'retry', 'skip', 'resolve' or 'abandon', got number 7"],
    ['is to start again with nothing', (one) => one.restartEngine(untyped(null)), 'BAD_REQUEST', 'restartEngine: expected an object of options, not null'],
    ['is to start again with a definition', (one) => one.restartEngine(untyped({ definitions: COPY })), 'BAD_DEFINITION', 'definitions: expected a list of definitions, not another object'],
    ['is to start again with a builder', (one) => one.restartEngine(untyped({ definitions: [command()] })), 'BAD_DEFINITION', 'definitions.0: another object is no definition'],
    ['is to start again after a text', (one) => one.restartEngine(untyped({ down: '5s' })), 'BAD_TIME', 'down: 5s is no whole number of µs'],
    ['is listened to for an unknown event', (one) => one.on(untyped('probes'), () => undefined), 'BAD_REQUEST', "on: there is no event 'probes'; there are event, probe, violation"],
    ['is listened to by nobody', (one) => one.on('probe', untyped(undefined)), 'BAD_REQUEST', 'on probe: expected a function, not undefined'],
  ])('that %s', async (_, use, code, says) => {
    const simulation = await Simulation.create(scenario, { commands });
    try {
      simulation.submit(copy);
      await simulation.runUntil(100_000);
      const state = () => [simulation.fingerprint(), simulation.now, simulation.events, simulation.peek(), simulation.result()];
      const before = state();
      await isRefused(() => use(simulation), code, says);
      expect(state()).toEqual(before);
      await simulation.run();
      expect(simulation.result().commands.map(({ status }) => status)).toEqual(['SUCCEEDED']);
    } finally {
      await simulation.dispose();
    }
  });

  it.each<readonly [what: string, create: (db: string) => Promise<Simulation>, code: ErrorCode, says: string]>([
    ['nothing', (db) => Simulation.create(untyped(undefined), { db }), 'BAD_SCENARIO', 'undefined is no scenario: load one'],
    ['the text of a scenario', (db) => Simulation.create(untyped('{}'), { db }), 'BAD_SCENARIO', '"{}" is no scenario'],
    ['an object that nobody has checked', (db) => Simulation.create(untyped({ hosts: [] }), { db }), 'BAD_SCENARIO', 'another object is no scenario'],
    ['a seed that is no number', (db) => Simulation.create(scenario, { db, seed: untyped('7') }), 'BAD_SCENARIO', 'seed: 7'],
    ['a seed that no double holds', (db) => Simulation.create(scenario, { db, seed: 2 ** 60 }), 'BAD_SCENARIO', 'seed: 1152921504606847000'],
    ['options that are none', () => Simulation.create(scenario, untyped(null)), 'BAD_REQUEST', 'create: expected an object of options, not null'],
    ['a directory that is none', () => Simulation.create(scenario, { db: untyped(7) }), 'BAD_REQUEST', 'db: expected the path of a directory, not 7'],
    ['a list of commands', (db) => Simulation.create(scenario, { db, commands: untyped([COPY]) }), 'BAD_DEFINITION', 'commands: expected a Map of definitions by type, not a list'],
    ['what defineCommand has not built', (db) => Simulation.create(scenario, { db, commands: new Map([['Copy', untyped(command())]]) }), 'BAD_DEFINITION', "listed as 'Copy' is no definition"],
    ['a command under the name of another', (db) => Simulation.create(scenario, { db, commands: new Map([['Paste', COPY]]) }), 'BAD_DEFINITION', "Copy is listed as 'Paste'"],
  ])('is not made of %s, and leaves no store', async (_, create, code, says) => {
    const parent = await mkdtemp(join(tmpdir(), 'seatbelt-bad-input-'));
    try {
      await isRefused(() => create(join(parent, 'db')), code, says);
      expect(await readdir(parent)).toEqual([]);
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});

async function isRefused(act: () => unknown, code: ErrorCode, says: string): Promise<void> {
  const thrown: unknown = await Promise.resolve()
    .then(act)
    .then(
      () => 'nothing',
      (error: unknown) => error,
    );
  expect(thrown).toBeInstanceOf(SeatbeltError);
  expect(thrown).toMatchObject({ code, message: expect.stringContaining(says) as string });
}

/** All that is on the engine's disk: the head with its commit sequence and the sum of the contents, too. */
async function entriesOf(rig: EngineRig): Promise<object> {
  const { heads, commands, history, tasks, entities, locks, calls } = await rig.stored();
  return { heads, commands, history, tasks, entities, locks, calls };
}
