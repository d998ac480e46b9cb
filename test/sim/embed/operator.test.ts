import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import type { OperatorAction } from '../../../src/model/operator.js';
import { broken, finished } from './finished.js';

const params = z.strictObject({});
const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };

const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
const made = <const N extends string>(name: N) => ({
  name,
  undoRetry: ONCE,
  createTask: () => task('make', name),
  compensate: () => task('unmake', name),
  endWithFailure: () => ({ ...task('unmake', name), doneCodes: [9202] }),
});

/** What the faults below let fail: an undo, a step past the point of no return, or nothing but the program's own memory. */
function commands(forgetful: { is: boolean }) {
  const held = {
    Undo: defineCommand({ type: 'Undo', params, locks: () => [{ key: 'lock/undo', mode: 'exclusive' }] })
      .step(made('a'))
      .step(made('b'))
      .step({ name: 'c', effectFree: true, createTask: () => task('check', 'c') })
      .build(),
    Pivot: defineCommand({ type: 'Pivot', params, locks: () => [{ key: 'lock/pivot', mode: 'exclusive' }] })
      .step({
        name: 'cross',
        endSuccessfully: async (ctx) => void (await ctx.call('host2', 'cross', { thing: 'p' })),
        pointOfNoReturn: { part: 'endSuccessfully', hasPassed: async (ctx) => ((await ctx.read('host2', 'isThere', { thing: 'p' })) === true ? 'passed' : 'notPassed') },
      })
      .step(made('s'))
      .step(made('t'))
      .build(),
    Forget: defineCommand({ type: 'Forget', params, locks: () => [{ key: 'lock/forget', mode: 'exclusive' }] })
      .step(made('a'))
      .step({
        name: 'b',
        retry: { attempts: 2, backoffMs: 1000, maxBackoffMs: 1000 },
        endSuccessfully: async (ctx) => {
          await ctx.call('host2', 'cross', { thing: forgetful.is && ctx.attempt === 2 ? 'other' : 'b' });
          if (ctx.attempt === 1) throw new Error('again');
        },
        compensate: () => task('unmake', 'b'),
      })
      .build(),
    Parent: defineCommand({ type: 'Parent', params, locks: () => [{ key: 'lock/parent', mode: 'exclusive' }] })
      .step({ name: 'family', beforeTask: ({ startChild }) => void startChild({ type: 'Undo', params: {} }), endWithFailure: () => undefined, compensate: () => undefined })
      .build(),
  };
  return new Map(Object.values(held).map((definition) => [definition.type, definition]));
}

type Type = 'Undo' | 'Pivot' | 'Forget' | 'Parent';
const child = 'c1!0.1.0';

interface Play {
  readonly type: Type;
  readonly action: OperatorAction;
  /** Whether what has failed would succeed now. */
  readonly mended: boolean;
  readonly crashAt?: number;
}

interface Played {
  /** Before the action, and in the end: each command's status. */
  readonly held: readonly string[];
  readonly ends: readonly string[];
  /** `step why`, of the command that was acted on. */
  readonly exists: readonly string[];
  readonly broken: RunResult['invariants'];
  readonly from: number;
  readonly to: number;
}

function scenarioOf({ type, mended, crashAt }: Play, definitions: ReturnType<typeof commands>, operator: readonly object[] = []) {
  const fails = (verb: string, thing: string, times: number) => Array.from({ length: times }, (_, i) => ({ failTask: { verb, match: { thing }, nth: i + 1, code: 100 } }));
  const times = mended ? 1 : 2;
  return parseScenario(
    JSON.stringify({
      verbs: {
        make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
        unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
        check: { kind: 'spm', args: ['thing'], effectFree: true, outcomes: ['fails 100'] },
        cross: { kind: 'hsm', effect: 'thing/${args.thing}' },
        isThere: { kind: 'read', reads: 'thing/${args.thing}' },
      },
      commands: [{ id: 'c1', at: '1s', type, operator }],
      faults: [
        ...(type === 'Undo' || type === 'Parent' ? fails('unmake', 'b', times) : []),
        ...(type === 'Pivot' ? fails('make', 's', times) : []),
        ...(crashAt === undefined ? [] : [{ crashEngine: { event: crashAt, down: '5s' } }]),
      ],
    }),
    'held.json',
    { vocabulary: vocabularyOf(definitions) },
  );
}

const statuses = ({ commands: all }: RunResult): string[] => all.map(({ status }) => status);

async function play(play: Play): Promise<Played> {
  const forgetful = { is: true };
  const definitions = commands(forgetful);
  const simulation = await Simulation.create(scenarioOf(play, definitions), { commands: definitions });
  try {
    await simulation.run();
    const held = statuses(simulation.result());
    const from = simulation.events;
    forgetful.is = !play.mended;
    const acted = play.type === 'Parent' ? child : 'c1';
    await simulation.operate(acted, { action: play.action, reason: 'because' });
    await simulation.run();
    const result = simulation.result();
    const exists = result.commands.find(({ id }) => id === acted)?.exists ?? [];
    return { held, ends: statuses(result), exists: exists.map(({ handler, why }) => `${handler} ${why}`), broken: broken(result), from, to: simulation.events };
  } finally {
    await simulation.dispose();
  }
}

const CLOSED = 'CLOSED_BY_OPERATOR';

describe("an operator's action on a held command, in a whole cluster", () => {
  it.each<[Type, OperatorAction, mended: boolean, held: string[], ends: string[], exists: string[]]>([
    ['Undo', 'retry', true, ['ROLLBACK_INCOMPLETE'], ['ROLLED_BACK'], []],
    ['Undo', 'retry', false, ['ROLLBACK_INCOMPLETE'], ['ROLLBACK_INCOMPLETE'], ['a blocked', 'b failed']],
    ['Undo', 'skip', false, ['ROLLBACK_INCOMPLETE'], [CLOSED], ['b skipped']],
    ['Undo', 'resolve', false, ['ROLLBACK_INCOMPLETE'], [CLOSED], []],
    ['Undo', 'abandon', false, ['ROLLBACK_INCOMPLETE'], [CLOSED], ['a blocked', 'b failed']],
    ['Pivot', 'retry', true, ['STUCK'], ['SUCCEEDED'], []],
    ['Pivot', 'retry', false, ['STUCK'], ['STUCK'], ['cross completed', 's unfinished']],
    ['Pivot', 'skip', false, ['STUCK'], [CLOSED], ['cross completed', 's skipped', 't completed']],
    ['Pivot', 'resolve', false, ['STUCK'], [CLOSED], ['cross completed', 's completed', 't completed']],
    ['Pivot', 'abandon', false, ['STUCK'], [CLOSED], ['cross completed', 's unfinished']],
    ['Forget', 'retry', true, ['PARKED'], ['SUCCEEDED'], []],
    ['Forget', 'retry', false, ['PARKED'], ['PARKED'], ['a completed', 'b unfinished']],
    ['Forget', 'abandon', false, ['PARKED'], [CLOSED], ['a completed', 'b unfinished']],
    ['Parent', 'retry', true, ['ROLLBACK_INCOMPLETE', 'ROLLBACK_INCOMPLETE'], ['ROLLED_BACK', 'ROLLED_BACK'], []],
    ['Parent', 'skip', false, ['ROLLBACK_INCOMPLETE', 'ROLLBACK_INCOMPLETE'], [CLOSED, CLOSED], ['b skipped']],
    ['Parent', 'resolve', false, ['ROLLBACK_INCOMPLETE', 'ROLLBACK_INCOMPLETE'], [CLOSED, CLOSED], []],
    ['Parent', 'abandon', false, ['ROLLBACK_INCOMPLETE', 'ROLLBACK_INCOMPLETE'], [CLOSED, CLOSED], ['a blocked', 'b failed']],
  ])('%s, %s (mended: %s): %j comes to %j, wherever the engine crashes, and breaks no invariant', async (type, action, mended, held, ends, exists) => {
    const unhurt = await play({ type, action, mended });
    expect(unhurt).toMatchObject({ held, ends, exists, broken: [] });
    const stride = Math.ceil((unhurt.to - unhurt.from) / 12);
    for (let n = unhurt.from + 1; n <= unhurt.to; n += stride) {
      const crashed = await play({ type, action, mended, crashAt: n });
      expect([n, crashed.held, crashed.ends, crashed.exists, crashed.broken]).toEqual([n, held, ends, exists, []]);
    }
  });

  it('is refused to a parent that only its child holds, which is named', async () => {
    const definitions = commands({ is: false });
    const simulation = await Simulation.create(scenarioOf({ type: 'Parent', action: 'abandon', mended: false }, definitions), { commands: definitions });
    try {
      await simulation.run();
      await expect(simulation.operate('c1', { action: 'abandon' })).rejects.toMatchObject({ code: 'OPERATOR_REFUSED', message: expect.stringContaining(`child ${child} (Undo)`) as string });
      expect(statuses(simulation.result())).toEqual(['ROLLBACK_INCOMPLETE', 'ROLLBACK_INCOMPLETE']);
    } finally {
      await simulation.dispose();
    }
  });

  it('can be planned by the scenario: for a command or its child, one after the other', async () => {
    const definitions = commands({ is: false });
    const planned = [
      { at: '10min', action: 'skip', reason: 'too early' },
      { at: '10min', action: 'retry', child },
      { at: '20min', action: 'skip', child, reason: 'let it be' },
    ];
    const scenario = scenarioOf({ type: 'Parent', action: 'skip', mended: false }, definitions, planned);
    const result = await finished(await Simulation.create(scenario, { commands: definitions }));
    expect([statuses(result), broken(result)]).toEqual([[CLOSED, CLOSED], []]);
    const entries = result.commands.map(({ operator = [] }) => operator.map(({ action, reason }) => [action, reason]));
    expect(entries).toEqual([[], [['retry', undefined], ['skip', 'let it be']]]);
  });
});
