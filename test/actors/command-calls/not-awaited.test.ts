import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';
import { COUNTER } from '../disturbance.js';
import { SECOND, withRig, type EngineRig } from '../engine-rig.js';

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('calls that a callback does not wait for', () => {
  const TIMEOUT = 180 * SECOND;

  /** When each callback began, µs: `endSuccessfully 0 #1`. */
  const begins = (rig: EngineRig): Map<string, number> => {
    const times = new Map<string, number>();
    const push = rig.probes.push.bind(rig.probes);
    rig.probes.push = (...probes) => {
      for (const probe of probes) if (probe.type === 'callbackRuns') times.set(`${probe.callback} ${probe.index} #${probe.attempt}`, rig.kernel.now);
      return push(...probes);
    };
    return times;
  };

  test('are over before the next callback runs', async () => {
    const careless = command()
      .step(step({ name: 'one', beforeTask: ({ call }) => void call('host1', 'slow', {}), endSuccessfully: async ({ call }) => void (await call('host1', 'next', {})) }))
      .build();
    await withRig({ commands: [careless], host: { call: ({ verb }) => (verb === 'slow' ? 'silence' : { result: null }) } }, async (rig) => {
      const begun = begins(rig);
      rig.submit('c1', 'T');
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
      expect((begun.get('endSuccessfully 0 #1') ?? 0) - (begun.get('createTask 0 #1') ?? 0)).toBeGreaterThanOrEqual(TIMEOUT);
      expect(rig.host.calls.map(({ verb }) => verb)).toEqual(['slow', 'next']);
    });
  });

  test('because one of several has failed, are over before the next attempt, and keep their key in it', async () => {
    const hasty = command()
      .step(step({ name: 'one', retry: THRICE, beforeTask: async ({ call }) => {
        // So that the host's incarnation is known, and both leave at once.
        await call('host1', 'first', {});
        await Promise.all([call('host1', 'slow', {}), call('host1', 'bad', {})]);
      } }))
      .build();
    await withRig({ commands: [hasty] }, async (rig) => {
      const begun = begins(rig);
      rig.host.script = { call: ({ verb, time, key }) => {
        if (verb === 'slow' && time === 1) return 'silence';
        return verb === 'bad' && key.includes('/1/') ? { code: 40 } : { result: null };
      } };
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.history()).toEqual(['beforeTask 0 #1 CALL_FAILED', 'beforeTask 0 #2 ok', 'createTask 0 #2 ok', 'endSuccessfully 0 #1 ok']);
      expect((begun.get('beforeTask 0 #2') ?? 0) - (begun.get('beforeTask 0 #1') ?? 0)).toBeGreaterThanOrEqual(TIMEOUT);
      expect(rig.host.calls.map(({ key, verb }) => `${verb} ${key}`).toSorted()).toEqual([
        'bad c1/0/start/1/2',
        'bad c1/0/start/2/2',
        'first c1/0/start/1/0',
        'slow c1/0/start/1/1',
        'slow c1/0/start/1/1',
      ]);
    });
  });

  test('and those that follow upon them, are made all the same', async () => {
    const careless = command()
      .step(step({ name: 'one', beforeTask: ({ call, entities }) => {
        void call('host1', 'a', {}).then(() => call('host1', 'b', {})).then(() => entities.put(COUNTER, 'c', { n: 1 }));
      } }))
      .build();
    await withRig({ commands: [careless] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      const { entities } = await rig.stored();
      expect([(await rig.command()).status, rig.host.calls.map(({ verb }) => verb), entities.get('counter/c')?.value]).toEqual(['SUCCEEDED', ['a', 'b'], { n: 1 }]);
    });
  });

  test('and that fail are nobody\'s error', async () => {
    const careless = command().step(step({ name: 'one', beforeTask: async ({ call }) => {
      void call('host1', 'bad', {});
      for (let i = 0; i < 3; i += 1) await call('host1', 'good', {});
      // Here the process looks for rejections that nobody handles.
      await eventLoopTurn();
      void call('host1', 'bad', {});
    } })).build();
    await withRig({ commands: [careless], host: { call: ({ verb }) => (verb === 'bad' ? { code: 40 } : { result: null }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, rig.host.calls.length]).toEqual(['SUCCEEDED', 5]);
    });
  });

  test('do not leave any more once it has thrown: its undo is on its way', async () => {
    const throwing = command()
      .step(step({ name: 'one', endWithFailure: async ({ call }) => void (await call('host1', 'undo', {})), beforeTask: ({ call }) => {
        // The host has to be asked for its incarnation first.
        void call('host1', 'do', {});
        throw new Error('no');
      } }))
      .build();
    await withRig({ commands: [throwing] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, rig.host.calls.map(({ verb }) => verb)]).toEqual(['ROLLED_BACK', ['undo']]);
    });
  });
});
