import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ANOTHER_INCARNATION, STALE } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { CallFailed, CallUnknown } from '../../src/model/errors.js';
import { taskHandler } from '../../src/model/handler.js';
import { COUNTER, disturbed } from './disturbance.js';
import { SECOND, withRig } from './engine-rig.js';

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('HSM calls', () => {
  const calling = (use: (call: (verb: string) => Promise<unknown>) => Promise<unknown>) =>
    command()
      .step(step({ name: 'one', retry: THRICE, beforeTask: async (ctx) => void (await use((verb) => ctx.call('host1', verb, { of: verb }))) }))
      .build();

  test('give the result, or throw the host\'s code', async () => {
    const seen: unknown[] = [];
    const both = calling(async (call) => {
      seen.push(await call('good'));
      await call('bad').catch((error: unknown) => seen.push(error));
    });
    await withRig({ commands: [both], host: { call: ({ verb }) => (verb === 'bad' ? { code: 48 } : { result: { x: 1 } }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(seen).toEqual([{ x: 1 }, expect.any(CallFailed)]);
      expect(seen[1]).toMatchObject({ hostCode: 48, verb: 'bad', host: 'host1' });
      expect(rig.host.calls.map(({ key, stamp }) => [key, stamp?.fence])).toEqual([
        ['c1/0/start/1/0', { commandId: 'c1', number: 1 }],
        ['c1/0/start/1/1', { commandId: 'c1', number: 1 }],
      ]);
    });
  });

  test('are on disk before they leave, and gone with the callback', async () => {
    const records: unknown[] = [];
    const one = calling((call) => call('good'));
    await withRig({ commands: [one] }, async (rig) => {
      rig.host.script = { call: () => {
        void rig.stored().then(({ calls }) => records.push(...calls.values()));
        return { result: 7 };
      } };
      rig.submit('c1', 'T');
      await rig.run();
      expect(records).toMatchObject([{ index: 0, callback: 'start', attempt: 1, calls: [{ verb: 'good', key: 'c1/0/start/1/0', reply: null }] }]);
      expect((await rig.stored()).calls.size).toBe(0);
    });
  });

  test('have the same key after a crash, whether they were answered or not', async () => {
    const two = calling(async (call) => [await call('a'), await call('b')]);
    await withRig({ commands: [two] }, async (rig) => {
      let silent = true;
      rig.host.script = { call: ({ verb }) => (verb === 'b' && silent ? 'silence' : { result: verb }) };
      rig.submit('c1', 'T');
      await rig.runFor(2 * SECOND);
      silent = false;
      rig.restart();
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
      // The reply to the first was recorded with the second.
      expect(rig.host.calls.map(({ key, verb }) => `${verb} ${key}`)).toEqual(['a c1/0/start/1/0', 'b c1/0/start/1/1', 'b c1/0/start/1/1']);
      expect(await rig.history()).toEqual(['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok']);
    });
  });

  test('are not made again after a conflict', async () => {
    const mixed = command().step(step({ name: 'one', beforeTask: async ({ call, entities }) => {
      const made = await call('host1', 'make', {});
      entities.update(COUNTER, 'c', ({ n }) => ({ n: n + (made as number) }));
    } })).build();
    await withRig({ commands: [mixed], entities: { 'counter/c': { n: 0 } }, host: { call: () => ({ result: 1 }) } }, async (rig) => {
      for (let i = 0; i < 6; i += 1) rig.submit(`c${i}`, 'T');
      await rig.run();
      expect(rig.told('conflict').length).toBeGreaterThan(0);
      expect(rig.host.calls.map(({ key }) => key).toSorted()).toEqual([0, 1, 2, 3, 4, 5].map((i) => `c${i}/0/start/1/0`));
      expect((await rig.stored()).entities.get('counter/c')?.value).toEqual({ n: 6 });
    });
  });

  test('what was read before the last one is no conflict: the update meets the newest version', async () => {
    const acting = command('Acting').step(step({ name: 'one', beforeTask: async ({ call, entities }) => {
      await call('host1', 'act', entities.get(COUNTER, 'c'));
      entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 100 }));
    } })).build();
    await disturbed(acting, async (rig) => {
      // The repeated run sees what it acted upon, or it would make another call.
      expect([rig.told('conflict'), rig.host.calls.map(({ args }) => args)]).toEqual([[], [{ n: 1 }, { n: 1 }]]);
      expect((await rig.stored()).entities.get('counter/c')).toEqual({ version: 3, value: { n: 102 } });
    });
  });

  test('what was read after the last one is: the repeated run reads it anew', async () => {
    const seen: number[] = [];
    const acting = command().step(step({ name: 'one', beforeTask: async ({ call, entities }) => {
      await call('host1', 'act', {});
      const { n } = entities.get(COUNTER, 'c');
      seen.push(n);
      entities.put(COUNTER, 'c', { n: n + 1 });
    } })).build();
    await withRig({ commands: [acting], entities: { 'counter/c': { n: 0 } } }, async (rig) => {
      for (let i = 0; i < 6; i += 1) rig.submit(`c${i}`, 'T');
      await rig.run();
      expect(seen.length).toBeGreaterThan(6);
      expect((await rig.stored()).entities.get('counter/c')?.value).toEqual({ n: 6 });
      expect(rig.host.calls).toHaveLength(6);
    });
  });

  test('in the next attempt keep key and reply if they went well; an error gets a new key, and so does nothing else', async () => {
    const three = calling(async (call) => [await call('a'), await call('b'), await call('c')]);
    await withRig({ commands: [three], host: { call: ({ verb, key }) => (key.endsWith('/1/1') ? { code: 40 } : { result: verb }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(rig.host.calls.map(({ key, verb }) => `${verb} ${key}`)).toEqual(['a c1/0/start/1/0', 'b c1/0/start/1/1', 'b c1/0/start/2/1', 'c c1/0/start/2/2']);
      expect(await rig.history()).toEqual(['beforeTask 0 #1 CALL_FAILED', 'beforeTask 0 #2 ok', 'createTask 0 #2 ok', 'endSuccessfully 0 #1 ok']);
    });
  });

  test('answered with a code that says it is so already went well: they give null, and in the next attempt keep key and reply', async () => {
    const seen: unknown[] = [];
    const removing = command().step(step({ name: 'one', retry: THRICE, beforeTask: async ({ call, attempt }) => {
      seen.push(await call('host1', 'deleteVolume', {}, { doneCodes: [201] }));
      seen.push(await call('host1', 'deleteImage', {}, { doneCodes: [201] }).catch((error: unknown) => error));
      if (attempt === 1) throw new Error('not now');
    } })).build();
    await withRig({ commands: [removing], host: { call: ({ verb }) => ({ code: verb === 'deleteVolume' ? 201 : 268 }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, seen]).toEqual(['SUCCEEDED', [null, expect.any(CallFailed), null, expect.any(CallFailed)]]);
      expect(rig.host.calls.map(({ key, verb }) => `${verb} ${key}`)).toEqual(['deleteVolume c1/0/start/1/0', 'deleteImage c1/0/start/1/1', 'deleteImage c1/0/start/2/1']);
      expect((await rig.command()).steps[0]?.called).toMatchObject([{ verb: 'deleteVolume' }]);
    });
  });

  test('without an answer are unknown after the time-out, and keep their key in the next attempt', async () => {
    const errors: unknown[] = [];
    const gaveUpAt: number[] = [];
    let now = (): number => 0;
    const one = calling((call) => call('a').catch((error: unknown) => {
      errors.push(error);
      gaveUpAt.push(now());
      throw error;
    }));
    await withRig({ commands: [one], host: { call: ({ time }) => (time === 1 ? 'silence' : { result: null }) } }, async (rig) => {
      now = () => rig.kernel.now;
      rig.submit('c1', 'T');
      await rig.run();
      expect(errors).toEqual([expect.any(CallUnknown)]);
      expect(rig.host.calls.map(({ key, stamp }) => [key, stamp?.fence?.number])).toEqual([
        ['c1/0/start/1/0', 1],
        ['c1/0/start/1/0', 2],
      ]);
      // 180 s after it had left, and then a back-off.
      expect(gaveUpAt[0]).toBeGreaterThan(180 * SECOND);
      expect(gaveUpAt[0]).toBeLessThan(181 * SECOND);
    });
  });

  test.each([STALE, ANOTHER_INCARNATION])('answered with %d say nothing about the verb', async (code) => {
    const one = command().step(step({ name: 'one', beforeTask: async ({ call }) => void (await call('host1', 'a', {})) })).build();
    await withRig({ commands: [one], host: { call: () => ({ code }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ error: { code: 'CALL_UNKNOWN', callUnknown: true } });
    });
  });

  test.each<[what: string, second: (call: (verb: string) => Promise<unknown>) => Promise<unknown>]>([
    ['another verb', (call) => call('other')],
    ['another order', async (call) => [await call('b'), await call('a')]],
  ])('that a repeated run makes otherwise park the command: %s', async (_, second) => {
    let runs = 0;
    const fickle = calling(async (call) => {
      runs += 1;
      if (runs === 1) await call('a').then(() => call('b'));
      // What it throws instead must not hide what it did.
      else await second(call).catch(() => undefined);
    });
    await withRig({ commands: [fickle], host: { call: ({ verb }) => (verb === 'b' ? 'silence' : { result: null }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.runFor(2 * SECOND);
      rig.restart();
      await rig.run();
      const state = await rig.command();
      expect([state.status, state.heldBy?.code, state.error]).toEqual(['PARKED', 'NONDETERMINISTIC_CALLBACK', null]);
      expect(state.heldBy?.message).toMatch(/one\.beforeTask of c1: call \d was a on host1/);
      expect(rig.host.calls.map(({ verb }) => verb)).toEqual(['a', 'b']);
    });
  });

  test('with other arguments park it, too', async () => {
    let runs = 0;
    const fickle = command().step(step({ name: 'one', beforeTask: async ({ call }) => void (await call('host1', 'a', { run: (runs += 1) })) })).build();
    await withRig({ commands: [fickle], host: { call: () => 'silence' } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.runFor(2 * SECOND);
      rig.restart();
      await rig.run();
      expect((await rig.command()).status).toBe('PARKED');
    });
  });
});

describe('a call that another incarnation of its host answers', () => {
  test('is unknown, and the next attempt makes another call, for the host that is there now', async () => {
    const errors: unknown[] = [];
    const one = command().step(step({ name: 'one', retry: THRICE, beforeTask: async ({ call }) => {
      await call('host1', 'first', {});
      await call('host1', 'a', {}).catch((error: unknown) => {
        errors.push(error);
        throw error;
      });
    } })).build();
    await withRig({ commands: [one] }, async (rig) => {
      rig.host.script = { call: ({ verb, key }) => {
        if (verb !== 'a' || key !== 'c1/0/start/1/1') return { result: null };
        // What it tells with the refusal itself: it is another one.
        rig.host.incarnation = 2;
        return { code: ANOTHER_INCARNATION };
      } };
      rig.submit('c1', 'T');
      await rig.run();
      expect([errors, (await rig.command()).status]).toEqual([[expect.any(CallUnknown)], 'SUCCEEDED']);
      expect(rig.host.calls.map(({ key }) => key)).toEqual(['c1/0/start/1/0', 'c1/0/start/1/1', 'c1/0/start/2/1']);
      expect(rig.host.calls.map(({ hostIncarnation }) => hostIncarnation)).toEqual([1, 1, 2]);
    });
  });

  test.each([['an error', 40], ['another incarnation', ANOTHER_INCARNATION]])('or with %s, is not forgotten: it may have had an effect, though the last attempt sent nothing', async (_, code) => {
    const one = command().step(step({ name: 'one', retry: { ...THRICE, attempts: 2 }, beforeTask: async ({ call, attempt }) => {
      if (attempt === 1) await call('host1', 'a', {});
      throw new Error('not now');
    } })).build();
    await withRig({ commands: [one], host: { call: () => ({ code }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: { code: 'NOT_UNDOABLE' }, error: { message: 'not now' } });
    });
  });

  test('that went well is not forgotten either: the task after it was refused, and nobody undoes the call', async () => {
    const one = command().step(step({
      name: 'one',
      beforeTask: async ({ call }) => void (await call('host1', 'a', {})),
      createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }),
    })).build();
    await withRig({ commands: [one], host: { submit: () => 1000 } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: { code: 'NOT_UNDOABLE' }, error: { code: 'TASK_FAILED' } });
    });
  });

  test('that was never sent leaves nothing to undo', async () => {
    const one = command().step(step({ name: 'one', retry: { ...THRICE, attempts: 2 }, beforeTask: () => {
      throw new Error('not now');
    } })).build();
    await withRig({ commands: [one] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect((await rig.command()).status).toBe('ROLLED_BACK');
    });
  });
});
