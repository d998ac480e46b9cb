import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand, type CommandDefinition } from '../../../src/model/command.js';
import type { Migration, Migrations } from '../../../src/model/migration.js';
import { broken } from './finished.js';

// The program changes while commands are under way: a new version is installed.

const params = z.looseObject({});
const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
type Step = { readonly name: string; readonly [field: string]: unknown };

/** Makes a thing as its task, and unmakes it in a rollback. */
const makes = (name: string): Step => ({
  name,
  createTask: () => task('make', name),
  endWithFailure: () => ({ ...task('unmake', name), doneCodes: [9202] }),
  compensate: () => ({ ...task('unmake', name), doneCodes: [9202] }),
});
/** Makes two things by calls, one after the other. */
const calls = (name: string): Step => ({
  name,
  retry: { attempts: 3, backoffMs: 1000, maxBackoffMs: 1000 },
  beforeTask: async ({ call }: { call: (host: string, verb: string, args: object) => Promise<unknown> }) => {
    await call('host2', 'put', { thing: `${name}1` });
    await call('host2', 'put', { thing: `${name}2` });
  },
  endWithFailure: () => [1, 2].map((n) => ({ ...task('unmake', `${name}${n}`), doneCodes: [9202] })),
  compensate: () => [1, 2].map((n) => task('unmake', `${name}${n}`)),
});
const starts = (name: string): Step => ({
  name,
  effectFree: true,
  beforeTask: ({ startChild }: { startChild: (request: object) => void }) => startChild({ type: 'Child', params: {} }),
});
const checks = (name: string): Step => ({ name, effectFree: true, createTask: () => task('check', name) });

function version(type: string, n: number, steps: readonly Step[], migrations: Migrations = {}): CommandDefinition {
  const builder = steps.reduce((built, step) => built.step(step as never) as never, defineCommand({ type, version: n, params, migrations, locks: () => [{ key: `lock/${type}`, mode: 'exclusive' }] }));
  return builder.build();
}

const named = (...names: readonly (string | [string, string])[]): Migration => ({ handlers: names.map((name) => (typeof name === 'string' ? { name } : { name: name[0], from: name[1] })) });

interface Case {
  /** c1 is a `Flow`, c2 is an `Other`, and there may be a `Child`. */
  readonly first: readonly CommandDefinition[];
  /** Programs that come one after the other, each when the run with the one before has come to rest; the first comes after an event. */
  readonly next: readonly (readonly CommandDefinition[])[];
  /** Whether `check` fails. */
  readonly fails?: boolean;
  /** Whether an operator retries what is held in the end. */
  readonly retries?: boolean;
}

function scenarioOf({ first, fails = false }: Case) {
  const commands = new Map(first.map((definition) => [definition.type, definition]));
  const verbs = {
    make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
    unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
    check: { kind: 'spm', args: ['thing'], effectFree: true, ...(fails ? { outcomes: ['fails 100'] } : {}) },
    put: { kind: 'hsm', effect: 'thing/${args.thing}', latency: '1s' },
  };
  const text = JSON.stringify({ verbs, commands: [{ id: 'c1', at: '1s', type: 'Flow' }, { id: 'c2', at: '2s', type: 'Other' }] });
  return { scenario: parseScenario(text, 'restart.json', { vocabulary: vocabularyOf(commands) }), commands };
}

const statusOf = ({ commands }: RunResult, id: string): string => commands.find((command) => command.id === id)?.status ?? 'none';

/** What c1 has come to with each program, and whether all invariants held and c2 succeeded. @param event after which the first new program comes; null: none comes */
async function played(of: Case, event: number | null): Promise<{ readonly ends: string; readonly broken: RunResult['invariants']; readonly events: number }> {
  const { scenario, commands } = scenarioOf(of);
  const simulation = await Simulation.create(scenario, { commands });
  const ends: string[] = [];
  try {
    if (event !== null) await simulation.step(event);
    for (const definitions of event === null ? [[]] : of.next) {
      if (event !== null) simulation.restartEngine({ definitions });
      await simulation.run();
      const result = simulation.result();
      ends.push(statusOf(result, 'c1'));
      expect(statusOf(result, 'c2')).toBe('SUCCEEDED');
    }
    if (of.retries === true && event !== null && ends.at(-1) === 'ROLLBACK_INCOMPLETE') {
      await simulation.operate('c1', { action: 'retry' });
      await simulation.run();
      ends.push(statusOf(simulation.result(), 'c1'));
    }
    return { ends: ends.join(', '), broken: broken(simulation.result()), events: simulation.events };
  } finally {
    await simulation.dispose();
  }
}

/** So that it takes seconds. With 2, which takes minutes, all was found to be good too. */
const STRIDE = 29;

/** Changes the program after one event after the other, and says what c1 may come to. */
async function everywhere(of: Case): Promise<readonly string[]> {
  const unchanged = await played(of, null);
  expect(unchanged.broken).toEqual([]);
  const ends = new Set<string>();
  for (let event = 1; event <= unchanged.events; event += STRIDE) {
    const changed = await played(of, event);
    expect([event, changed.broken]).toEqual([event, []]);
    ends.add(changed.ends);
  }
  return [...ends].sort();
}

const OTHER = version('Other', 1, [makes('o')]);
const CHILD = version('Child', 1, [makes('x'), makes('y')]);
const FLOW = [makes('a'), calls('b'), checks('c')];
const flow = (steps: readonly Step[], migration: Migration | null = null): CommandDefinition => version('Flow', 2, steps, migration === null ? {} : { 1: migration });
const first = (steps: readonly Step[] = FLOW) => [version('Flow', 1, steps), OTHER, CHILD];
const renamed = (step: Step, name: string): Step => ({ ...step, name });

describe('a program that changes while a command is under way', () => {
  const family = [starts('kids'), makes('a'), checks('c')];
  const LATER_CHILD = version('Child', 2, [makes('w'), makes('x'), renamed(makes('y'), 'y2')], { 1: named('w', 'x', ['y2', 'y']) });

  it.each<[string, Case, well: string[], badly: string[]]>([
    ['the same steps', { first: first(), next: [[flow(FLOW, {})]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['a step before the others', { first: first(), next: [[flow([makes('z'), ...FLOW], named('z', 'a', 'b', 'c'))]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['a step between them', { first: first(), next: [[flow([makes('a'), makes('m'), calls('b'), checks('c')], named('a', 'm', 'b', 'c'))]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['a step after them', { first: first(), next: [[flow([...FLOW, makes('n')], named('a', 'b', 'c', 'n'))]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['a step under another name', { first: first(), next: [[flow([makes('a'), renamed(calls('b'), 'b2'), checks('c')], named('a', ['b2', 'b'], 'c'))]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    [
      'two versions at once, and then a third',
      {
        first: first(),
        next: [
          [version('Flow', 3, [makes('z'), ...FLOW, makes('n')], { 1: named('z', 'a', 'b', 'c'), 2: named('z', 'a', 'b', 'c', 'n') })],
          [version('Flow', 4, [makes('z'), makes('a'), makes('m'), calls('b'), checks('c'), makes('n')], { 3: named('z', 'a', 'm', 'b', 'c', 'n') })],
        ],
      },
      ['SUCCEEDED, SUCCEEDED'],
      ['ROLLED_BACK, ROLLED_BACK'],
    ],
    ['a step that is gone: parked where it is not undone', { first: first([makes('a'), makes('m'), ...FLOW.slice(1)]), next: [[flow(FLOW, named('a', 'b', 'c'))]] }, ['PARKED', 'SUCCEEDED'], ['PARKED', 'ROLLED_BACK']],
    ['a step that is dropped', { first: first([makes('a'), makes('m'), ...FLOW.slice(1)]), next: [[flow(FLOW, { ...named('a', 'b', 'c'), drops: ['m'] })]] }, ['PARKED', 'SUCCEEDED'], ['PARKED', 'ROLLED_BACK']],
    ['no migration: parked until there is one', { first: first(), next: [[flow(FLOW)], [flow(FLOW, {})]] }, ['PARKED, SUCCEEDED', 'SUCCEEDED, SUCCEEDED'], ['PARKED, ROLLED_BACK', 'ROLLED_BACK, ROLLED_BACK']],
    ['another program and back again', { first: first(), next: [[flow(FLOW)], first()] }, ['PARKED, SUCCEEDED', 'SUCCEEDED, SUCCEEDED'], ['PARKED, ROLLED_BACK', 'ROLLED_BACK, ROLLED_BACK']],
    ['a parent of children', { first: first(family), next: [[flow([makes('z'), ...family], named('z', 'kids', 'a', 'c'))]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['children', { first: first(family), next: [[LATER_CHILD]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    ['both', { first: first(family), next: [[flow([starts('kids'), makes('m'), ...family.slice(1)], named('kids', 'm', 'a', 'c')), LATER_CHILD]] }, ['SUCCEEDED'], ['ROLLED_BACK']],
    [
      'a child that cannot go on, though its parent can',
      { first: first(family), next: [[version('Child', 2, [makes('x')])], [version('Child', 3, [makes('x'), makes('y')], { 1: {}, 2: {} })]] },
      ['PARKED, SUCCEEDED', 'SUCCEEDED, SUCCEEDED'],
      ['PARKED, ROLLED_BACK', 'ROLLED_BACK, ROLLED_BACK'],
    ],
    [
      'a way back that there was not',
      {
        first: first([makes('a'), { ...makes('u'), compensate: undefined }, checks('c')]),
        next: [[flow([makes('z'), makes('a'), makes('u'), checks('c')], named('z', 'a', 'u', 'c'))]],
        retries: true,
      },
      ['SUCCEEDED'],
      ['ROLLBACK_INCOMPLETE, ROLLED_BACK', 'ROLLED_BACK'],
    ],
  ])('%s: at every event, all invariants hold, and it comes to its end', async (_, of, well, badly) => {
    expect(await everywhere(of)).toEqual(well);
    expect(await everywhere({ ...of, fails: true })).toEqual(badly);
  });
});

it.each([[false], [true]])('the time limit of a step that has only been reached counts on while the engine is down (migration meanwhile: %s)', async (migrates) => {
  const steps = [{ name: 'a', effectFree: true }, { ...makes('b'), timeoutMs: 30_000 }];
  const { scenario, commands } = scenarioOf({ first: first(steps), next: [] });
  const simulation = await Simulation.create(scenario, { commands });
  try {
    let reached = false;
    simulation.on('probe', ({ probe }) => {
      if (probe.type === 'callbackRuns' && probe.commandId === 'c1' && probe.index === 1) reached = true;
    });
    while (!reached) expect(await simulation.step(1)).toBe(1);
    simulation.restartEngine({ down: 40_000_000, definitions: migrates ? [flow([{ name: 'z', effectFree: true }, ...steps], named('z', 'a', 'b'))] : [] });
    await simulation.run();
    const { commands: ended } = simulation.result();
    expect([ended[0]?.status, ended[0]?.error?.code]).toEqual(['ROLLED_BACK', 'STEP_TIMEOUT']);
    expect(broken(simulation.result())).toEqual([]);
  } finally {
    await simulation.dispose();
  }
});

it('is the same run if it is restarted at the same event, and refuses what is no program', async () => {
  const { scenario, commands } = scenarioOf({ first: first(), next: [] });
  const fingerprints = await Promise.all(
    [1, 2].map(async () => {
      const simulation = await Simulation.create(scenario, { commands });
      try {
        const wrong = (options: object) => () => simulation.restartEngine(options);
        expect(wrong({ definitions: [{ type: 'Flow' }] })).toThrow(expect.objectContaining({ code: 'BAD_DEFINITION', message: expect.stringContaining('definitions.0') as string }));
        expect(wrong({ definitions: [CHILD, CHILD] })).toThrow(expect.objectContaining({ code: 'BAD_DEFINITION' }));
        expect(wrong({ down: 0.5 })).toThrow(expect.objectContaining({ code: 'BAD_TIME' }));
        await simulation.runUntil(4_000_000);
        simulation.restartEngine({ definitions: [flow(FLOW, {})], down: 1_000_000 });
        // It is down already: what counts is the program that was named last.
        simulation.restartEngine({ definitions: [flow([...FLOW, makes('n')], named('a', 'b', 'c', 'n'))] });
        await simulation.run();
        const { recoveries, commands: ended } = simulation.result();
        expect([recoveries, ended[0]?.handlers]).toEqual([1, ['a', 'b', 'c', 'n']]);
        return simulation.fingerprint();
      } finally {
        await simulation.dispose();
      }
    }),
  );
  expect(fingerprints[0]).toBe(fingerprints[1]);
});
