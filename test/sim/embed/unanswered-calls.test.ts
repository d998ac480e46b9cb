import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import { broken, finished } from './finished.js';

// A host takes five minutes for a call that its engine waits ten seconds for.

const params = z.strictObject({});
const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
const remove = () => ({ ...task('unmake', 'x'), doneCodes: [9202] });

const COMMANDS = new Map(
  [
    // The undo is another host's, so nothing in the host's line keeps it from overtaking the call.
    defineCommand({ type: 'Fails', params, locks: () => [{ key: 'lock/x', mode: 'exclusive' }] })
      .step({ name: 'one', beforeTask: async ({ call }) => void (await call('host2', 'grow', { thing: 'x' })), endWithFailure: remove, compensate: remove })
      .build(),
    defineCommand({ type: 'Ignores', params, locks: () => [{ key: 'lock/x', mode: 'exclusive' }] })
      .step({ name: 'one', beforeTask: async ({ call }) => void (await call('host2', 'grow', { thing: 'x' }).catch(() => undefined)), compensate: remove })
      .build(),
    defineCommand({ type: 'IsHeld', params, locks: () => [{ key: 'lock/x', mode: 'exclusive' }] })
      .step({
        name: 'one',
        undoRetry: once,
        compensate: async ({ call }) => {
          await call('host2', 'grow', { thing: 'x' }).catch(() => undefined);
          throw new Error('no');
        },
      })
      .step({ name: 'two', effectFree: true, createTask: () => task('check', 'c') })
      .build(),
    // Another host says whether it has crossed, so nothing in the host's line keeps the question from overtaking the call.
    defineCommand({ type: 'Crosses', params, locks: () => [{ key: 'lock/x', mode: 'exclusive' }] })
      .step({
        name: 'one',
        retry: once,
        endSuccessfully: async ({ call, passed }) => void (passed || (await call('host2', 'grow', { thing: 'x' }))),
        pointOfNoReturn: { part: 'endSuccessfully', hasPassed: async ({ read }) => ((await read('host1', 'isThere', { thing: 'x' })) === true ? 'passed' : 'notPassed') },
        // There is nothing to undo of what has not crossed.
        compensate: () => undefined,
      })
      .build(),
    // What it calls comes on top of what its child has made.
    defineCommand({ type: 'Parent', params, locks: () => [{ key: 'lock/x', mode: 'exclusive' }] })
      .step({
        name: 'one',
        beforeTask: ({ startChild }) => void startChild({ type: 'Child', params: {} }),
        endSuccessfully: async ({ call }) => void (await call('host2', 'grow', { thing: 'x' }).catch(() => undefined)),
        compensate: remove,
      })
      .step({ name: 'two', effectFree: true, createTask: () => task('check', 'c') })
      .build(),
    defineCommand({ type: 'Child', params })
      .step({ name: 'made', createTask: () => task('make', 'y'), endWithFailure: () => ({ ...task('unmake', 'y'), doneCodes: [9202] }), compensate: () => task('unmake', 'y') })
      .build(),
  ].map((definition) => [definition.type, definition]),
);

async function play(type: string, crashAt: number | null, operator: readonly object[] = []): Promise<{ readonly result: RunResult; readonly events: number; readonly refused: number; readonly order: readonly string[] }> {
  const scenario = parseScenario(
    JSON.stringify({
      engine: { callTimeout: '10s' },
      verbs: {
        grow: { kind: 'hsm', effect: 'thing/${args.thing}', latency: '5min' },
        make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
        unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
        isThere: { kind: 'read', reads: 'thing/${args.thing}' },
        check: { kind: 'spm', args: ['thing'], effectFree: true, outcomes: ['fails 100'] },
      },
      commands: [{ id: 'c1', at: '1s', type, operator }],
      ...(crashAt === null ? {} : { faults: [{ crashEngine: { event: crashAt, down: '5s' } }] }),
    }),
    'slow.json',
    { vocabulary: vocabularyOf(COMMANDS) },
  );
  const simulation = await Simulation.create(scenario, { commands: COMMANDS });
  let refused = 0;
  const order: string[] = [];
  simulation.on('probe', ({ probe }) => {
    if (probe.type === 'operateAnswered' && !probe.answer.done) refused += 1;
    if (probe.type === 'hostCall') order.push(probe.verb);
    if (probe.type === 'callbackRuns' && probe.callback === 'compensate') order.push(`undo of ${probe.commandId}`);
  });
  const result = await finished(simulation);
  return { result, events: simulation.events, refused, order };
}

const endOf = ({ commands }: RunResult): unknown[] => commands.map(({ status, exists }) => [status, exists.map(({ why }) => why)]);
const acting = [{ at: '2min', action: 'abandon' }, { at: '10min', action: 'abandon' }];

describe('a call that takes effect long after its engine has given it up', () => {
  it.each<[type: string, operator: object[], ends: unknown[], refused: number]>([
    ['Fails', [], ['ROLLED_BACK', []], 0],
    ['Ignores', [], ['SUCCEEDED', []], 0],
    ['Crosses', [], ['SUCCEEDED', []], 0],
    ['IsHeld', acting, ['CLOSED_BY_OPERATOR', ['failed']], 1],
  ])('%s: has done so before what undoes it, before anybody asks whether it has, and before the locks are free, wherever the engine crashes', async (type, operator, ends, refused) => {
    const unhurt = await play(type, null, operator);
    expect([endOf(unhurt.result), unhurt.refused, broken(unhurt.result)]).toEqual([[ends], refused, []]);
    const stride = Math.ceil(unhurt.events / 20);
    for (let n = 1; n <= unhurt.events; n += stride) {
      const { result } = await play(type, n, operator);
      expect([n, endOf(result), broken(result)]).toEqual([n, [ends], []]);
    }
  });

  it('has done so before what is below it is undone, wherever the engine crashes', async () => {
    const unhurt = await play('Parent', null);
    const stride = Math.ceil(unhurt.events / 20);
    for (let n = 1; n <= unhurt.events; n += stride) {
      const { result, order } = await play('Parent', n);
      const [first, ...then] = order;
      expect([n, endOf(result), broken(result), first, then.includes('undo of c1!0.1.0')]).toEqual([n, [['ROLLED_BACK', []], ['ROLLED_BACK', []]], [], 'grow', true]);
    }
  });
});
