import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';
import { withRig } from '../engine-rig.js';

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('the point of no return', () => {
  test('"maybe" is on disk before the verb leaves; "passed" with the good end', async () => {
    const pivots: unknown[] = [];
    const crossing = command().step(step({
      name: 'one',
      pointOfNoReturn: { part: 'beforeTask', hasPassed: () => 'passed' },
      beforeTask: async ({ call }) => void (await call('host1', 'pivot', {})),
    })).build();
    await withRig({ commands: [crossing] }, async (rig) => {
      rig.host.script = { call: () => {
        void rig.command().then((state) => pivots.push(state.steps[0]?.pivot));
        return { result: null };
      } };
      rig.submit('c1', 'T');
      await rig.run();
      expect([pivots, (await rig.command()).steps[0]?.pivot]).toEqual([['maybe'], 'passed']);
    });
  });

  test.each(['passed', 'notPassed'] as const)('after a verb without answer, hasPassed says %s', async (answer) => {
    const seen: unknown[] = [];
    const crossing = command().step(step({
      name: 'one',
      retry: THRICE,
      pointOfNoReturn: { part: 'beforeTask', hasPassed: async ({ read }) => ((await read('host1', 'where', {})) === 'target' ? 'passed' : 'notPassed') },
      beforeTask: async ({ call, passed }) => {
        seen.push(passed);
        if (!passed) await call('host1', 'pivot', {});
      },
    })).build();
    await withRig({ commands: [crossing] }, async (rig) => {
      rig.host.script = { call: ({ time }) => (time === 1 ? 'silence' : { result: null }), read: () => ({ result: answer === 'passed' ? 'target' : 'source' }) };
      rig.submit('c1', 'T');
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
      expect(seen).toEqual([false, answer === 'passed']);
      // Not passed: the same verb with the same key, so that the host can tell.
      expect(rig.host.calls.map(({ key }) => key)).toEqual(answer === 'passed' ? ['c1/0/start/1/0'] : ['c1/0/start/1/0', 'c1/0/start/1/0']);
      expect(await rig.history()).toContain(`hasPassed 0 #1 ${answer}`);
    });
  });
});
