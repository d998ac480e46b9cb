import { expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { CallFailed } from '../../../src/model/errors.js';
import { defineCommand, type CommandDefinition } from '../../../src/model/command.js';
import type { StepContext } from '../../../src/model/handler.js';
import type { Migrations } from '../../../src/model/migration.js';
import { broken } from './finished.js';

// What becomes of recorded HSM calls when a new version of the program is installed.

const SECOND = 1_000_000;
const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const TRIES = { attempts: 5, backoffMs: 1000, maxBackoffMs: 1000 };
type Calling = Pick<StepContext<unknown, unknown>, 'call' | 'attempt'>;

const VERBS = {
  tell: { kind: 'hsm', args: ['of'], effectFree: true, latency: '1s' },
  ask: { kind: 'hsm', args: ['of'], effectFree: true, latency: '8s' },
  slow: { kind: 'hsm', args: ['of'], effectFree: true, latency: '60s' },
  flaky: { kind: 'hsm', args: ['of'], effectFree: true, latency: '1s', outcomes: ['fails 100', 'succeeds'] },
  bad: { kind: 'hsm', args: ['of'], effectFree: true, outcomes: ['fails 100'] },
};

function version(n: number, steps: readonly object[], migrations: Migrations = {}): CommandDefinition {
  const builder = steps.reduce((built: object, step) => (built as { step: (of: object) => object }).step(step), defineCommand({ type: 'Flow', version: n, params: z.looseObject({}), migrations, locks: () => [] }));
  return (builder as { build: () => CommandDefinition }).build();
}

/** Plays `Flow`, tells of every call that a host begins, as `key verb`, and disposes of it all. */
async function play(first: CommandDefinition, then: (simulation: Simulation, calls: readonly string[], untilRuns: (callback: string, index: number) => Promise<void>) => Promise<void>): Promise<void> {
  const commands = new Map([[first.type, first]]);
  const text = JSON.stringify({ engine: { callTimeout: '10s' }, verbs: VERBS, commands: [{ id: 'c1', at: '1s', type: 'Flow' }, { id: 'c2', at: '120s', type: 'Flow' }] });
  const simulation = await Simulation.create(parseScenario(text, 'calls.json', { vocabulary: vocabularyOf(commands) }), { commands });
  const calls: string[] = [];
  const ran = new Set<string>();
  simulation.on('probe', ({ probe }) => {
    if (probe.type === 'hostCall' && !probe.repeated && probe.key.startsWith('c1/')) calls.push(`${probe.key} ${probe.verb}`);
    if (probe.type === 'callbackRuns') ran.add(`${probe.callback} ${probe.index}`);
  });
  try {
    await then(simulation, calls, async (callback, index) => {
      while (!ran.has(`${callback} ${index}`)) expect(await simulation.step(1)).not.toBe(0);
    });
    expect(broken(simulation.result())).toEqual([]);
  } finally {
    await simulation.dispose();
  }
}

const ends = (simulation: Simulation) => simulation.result().commands.map(({ id, status, heldBy }) => `${id} ${status}${heldBy === undefined ? '' : ` ${heldBy.code}`}`);

/** Its undo is under way for long, and then fails. */
const A = {
  name: 'a',
  undoRetry: ONCE,
  compensate: async ({ call }: Calling) => {
    await call('host3', 'ask', { of: 'a' });
    await call('host3', 'bad', { of: 'a' });
  },
};
/** Its undo fails after a call that went well; the rollback goes on without it. */
const B = {
  name: 'b',
  undoRetry: ONCE,
  onUndoFailed: 'continue',
  compensate: async ({ call }: Calling) => {
    await call('host2', 'tell', { of: 'b' });
    await call('host2', 'bad', { of: 'b' });
  },
};
const FAILS = { name: 'fails', effectFree: true, beforeTask: () => { throw new Error('no'); } };
const names = (...of: readonly string[]) => of.map((name) => ({ name }));

it('a step whose undo has failed cannot be dropped: the command is parked, the engine runs on, and a program that keeps the step goes on with it', async () => {
  const last = { ...B, endSuccessfully: FAILS.beforeTask };
  await play(version(1, [A, last]), async (simulation, _, untilRuns) => {
    await untilRuns('compensate', 0);
    simulation.restartEngine({ definitions: [version(2, [A], { 1: { handlers: names('a'), drops: ['b'] } })] });
    await simulation.run();
    expect(ends(simulation)).toEqual(['c1 PARKED MIGRATION_FAILED', 'c2 SUCCEEDED']);
    simulation.restartEngine({ definitions: [version(3, [A, last], { 1: {}, 2: {} })] });
    await simulation.run();
    expect(ends(simulation)[0]).toBe('c1 ROLLBACK_INCOMPLETE CALL_FAILED');
  });
});

it.each([[false], [true]])('what an undo that has failed did well is not done twice when an operator has it tried again (migration meanwhile: %s)', async (migrates) => {
  await play(version(1, [A, B, FAILS]), async (simulation, calls, untilRuns) => {
    await untilRuns('compensate', 0);
    await simulation.advance(2 * SECOND);
    simulation.restartEngine({ definitions: migrates ? [version(2, [{ name: 'new' }, A, B, FAILS], { 1: { handlers: names('new', 'a', 'b', 'fails') } })] : [] });
    await simulation.run();
    await simulation.operate('c1', { action: 'retry' });
    await simulation.run();
    expect(calls.filter((call) => call.startsWith('c1/1/'))).toEqual(['c1/1/compensate/1/0 tell', 'c1/1/compensate/1/1 bad', 'c1/1/compensate/2/1 bad']);
    expect(calls.filter((call) => call.endsWith(' ask'))).toEqual(['c1/0/compensate/1/0 ask']);
  });
});

it.each([[false], [true]])('a call that may have crossed the point of no return keeps its key while hasPassed is asked (migration meanwhile: %s)', async (migrates) => {
  let answer = 'cannotTell';
  const crosses = {
    name: 'crosses',
    effectFree: true,
    retry: TRIES,
    pointOfNoReturn: { part: 'beforeTask', hasPassed: () => answer },
    beforeTask: async ({ call }: Calling) => {
      await call('host2', 'tell', { of: 'crosses' });
      await call('host2', 'slow', { of: 'crosses' });
    },
  };
  await play(version(1, [crosses]), async (simulation, calls, untilRuns) => {
    await untilRuns('hasPassed', 0);
    simulation.restartEngine({ definitions: migrates ? [version(2, [crosses], { 1: {} })] : [] });
    await simulation.advance(10 * SECOND);
    answer = 'notPassed';
    await simulation.run();
    expect(ends(simulation)).toEqual(['c1 SUCCEEDED', 'c2 SUCCEEDED']);
    expect(calls).toEqual(['c1/0/start/1/0 tell', 'c1/0/start/1/1 slow']);
  });
});

it('an attempt that a migration gives up leaves what went well and what is open to the next one; what was answered with an error is asked anew', async () => {
  const answers: string[] = [];
  const asks = {
    name: 'asks',
    effectFree: true,
    beforeTask: async ({ call, attempt }: Calling) => {
      await call('host2', 'tell', { of: 'asks' });
      const answer = await call('host2', 'flaky', { of: 'asks' }).then(() => 'yes', (error: unknown) => (error instanceof CallFailed ? 'no' : 'unknown'));
      answers.push(`${attempt} ${answer}`);
      await call('host2', 'ask', { of: 'asks' });
    },
  };
  await play(version(1, [asks]), async (simulation, calls, untilRuns) => {
    await untilRuns('beforeTask', 0);
    await simulation.advance(5 * SECOND);
    simulation.restartEngine({ definitions: [version(2, [asks], { 1: {} })] });
    await simulation.run();
    expect(ends(simulation)).toEqual(['c1 SUCCEEDED', 'c2 SUCCEEDED']);
    expect(answers.slice(0, 2)).toEqual(['1 no', '2 yes']);
    expect(calls).toEqual(['c1/0/start/1/0 tell', 'c1/0/start/1/1 flaky', 'c1/0/start/1/2 ask', 'c1/0/start/2/1 flaky']);
  });
});
