import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import { broken, finished } from './finished.js';

const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1', doneCodes: verb.startsWith('un') ? [9202] : [] });
const undo = () => [task('unmake', 'copy'), ...[2, 3, 4].flatMap((attempt) => [task('unsweep', `${attempt}`), task('unlock', `${attempt}`)])];

/** Each further attempt is locked with a call and swept with a task; how long all of them may take is limited, and what undoes them is told of. */
const Copy = defineCommand({ type: 'Copy', params: z.strictObject({}) })
  .step({
    name: 'copy',
    timeoutMs: 60_000,
    retry: { attempts: 4, backoffMs: 2_000 },
    undoRetry: { attempts: 2, backoffMs: 1_000 },
    createTask: () => task('make', 'copy'),
    beforeRetry: async ({ call, failed: { attempt } }) => {
      await call('host2', 'lock', { thing: `${attempt}` });
      return task('sweep', `${attempt}`);
    },
    endWithFailure: undo,
    compensate: undo,
    compensationEnded: async ({ call }) => void (await call('host2', 'report', {})),
  })
  .step({ name: 'check', effectFree: true, createTask: () => task('check', 'copy') })
  .build();

const COMMANDS = new Map([[Copy.type, Copy]]);
const fails = (verb: string, nth: number | 'every' = 1, match: object = {}) => ({ failTask: { verb, match, nth, code: 100 } });

function simulationOf(faults: readonly object[]): Promise<Simulation> {
  const scenario = {
    verbs: {
      make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
      unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '1s' },
      lock: { kind: 'hsm', effect: 'lock/${args.thing}' },
      unlock: { kind: 'spm', reverses: 'lock/${args.thing}', latency: '1s' },
      sweep: { kind: 'spm', effect: 'swept/${args.thing}', latency: '2s' },
      unsweep: { kind: 'spm', reverses: 'swept/${args.thing}', latency: '1s' },
      report: { kind: 'hsm', effectFree: true },
      check: { kind: 'spm', args: ['thing'], effectFree: true, latency: '1s' },
    },
    commands: [{ id: 'c', at: '1s', type: 'Copy' }],
    faults,
  };
  return Simulation.create(parseScenario(JSON.stringify(scenario), 'copy.json', { vocabulary: vocabularyOf(COMMANDS) }), { commands: COMMANDS });
}

/** Status and error of the command, the committed callbacks but the forward ones that began it, and what is broken. */
async function played(faults: readonly object[]) {
  const simulation = await simulationOf(faults);
  const callbacks: string[] = [];
  simulation.on('probe', ({ probe }) => {
    if (probe.type !== 'callbackCommitted' || probe.callback === 'beforeTask' || probe.callback === 'createTask') return;
    callbacks.push(`${probe.callback} ${probe.index}${probe.threw === null ? '' : ' threw'}`);
  });
  const result = await finished(simulation);
  const [command] = result.commands;
  return { status: command?.status, error: command?.error?.code, callbacks, broken: broken(result), events: result.events };
}

describe('a step that is cleaned up before its retries, within a limit, and whose undo is told of', () => {
  it.each<[string, readonly object[], string, string | undefined, readonly string[]]>([
    ['one attempt fails', [fails('make')], 'SUCCEEDED', undefined, ['beforeRetry 0', 'endSuccessfully 0', 'endSuccessfully 1']],
    ['one attempt fails, and then a later step', [fails('make'), fails('check')], 'ROLLED_BACK', 'TASK_FAILED', ['beforeRetry 0', 'endSuccessfully 0', 'compensate 0', 'compensationEnded 0']],
    ['no attempt ends well before its time is over', [fails('make', 'every')], 'ROLLED_BACK', 'STEP_TIMEOUT', ['beforeRetry 0', 'beforeRetry 0', 'beforeRetry 0', 'endWithFailure 0', 'compensationEnded 0']],
    [
      'its time is over, and what is told of its undo fails once',
      [fails('make', 'every'), { failCall: { verb: 'report', code: 100 } }],
      'ROLLED_BACK',
      'STEP_TIMEOUT',
      ['beforeRetry 0', 'beforeRetry 0', 'beforeRetry 0', 'endWithFailure 0', 'compensationEnded 0 threw', 'compensationEnded 0'],
    ],
    [
      'its time is over, and an undo fails for good',
      [fails('make', 'every'), fails('unsweep', 1, { thing: '2' }), fails('unsweep', 2, { thing: '2' })],
      'ROLLBACK_INCOMPLETE',
      'STEP_TIMEOUT',
      ['beforeRetry 0', 'beforeRetry 0', 'beforeRetry 0', 'endWithFailure 0', 'compensationEnded 0'],
    ],
  ])('when %s', async (_, faults, status, error, callbacks) => {
    const unhurt = await played(faults);
    expect(unhurt).toMatchObject({ status, error, callbacks, broken: [] });
    // Wherever the engine crashes, it comes to the same end.
    for (let event = 1; event <= unhurt.events; event += Math.ceil(unhurt.events / 20)) {
      const crashed = await played([...faults, { crashEngine: { event, down: '0s' } }]);
      expect([event, crashed.status, crashed.error, crashed.broken]).toEqual([event, status, error, []]);
    }
  });
});
