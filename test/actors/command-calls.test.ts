import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ANOTHER_INCARNATION, STALE } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { CallFailed, CallUnknown } from '../../src/model/errors.js';
import { taskHandler } from '../../src/model/handler.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import type { HostScript } from './scripted-host.js';

type Counter = { readonly n: number };
const COUNTER = entityKind<Counter>('counter');

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
    const disturbing = command('Disturbing').step(step({ name: 'one', beforeTask: ({ entities }) => entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 })) })).build();
    await withRig({ commands: [acting, disturbing], entities: { 'counter/c': { n: 1 } } }, async (rig) => {
      let silent = true;
      rig.host.script = { call: () => (silent ? 'silence' : { result: null }) };
      rig.submit('c1', 'Acting');
      await rig.runFor(SECOND);
      rig.submit('d1', 'Disturbing');
      await rig.runFor(SECOND);
      silent = false;
      // The repeated run sees what it acted upon, or it would make another call.
      rig.restart();
      await rig.run();
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

  test('without an answer are unknown after the time-out, and keep their key in the next attempt', async () => {
    const errors: unknown[] = [];
    const one = calling((call) => call('a').catch((error: unknown) => {
      errors.push(error);
      throw error;
    }));
    await withRig({ commands: [one], host: { call: ({ time }) => (time === 1 ? 'silence' : { result: null }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(errors).toEqual([expect.any(CallUnknown)]);
      expect(rig.host.calls.map(({ key, stamp }) => [key, stamp?.fence?.number])).toEqual([
        ['c1/0/start/1/0', 1],
        ['c1/0/start/1/0', 2],
      ]);
      expect(rig.kernel.now).toBeGreaterThan(180 * SECOND);
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

describe('a record that is read before a call and changed while it is under way', () => {
  const disturbing = command('Disturbing')
    .step(step({ name: 'one', beforeTask: ({ entities }) => entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 })) }))
    .build();

  test.each(['put', 'remove'] as const)('%s fails the callback: the change would be undone', async (what) => {
    const seen: number[] = [];
    const acting = command('Acting').step(step({ name: 'one', endWithFailure: () => undefined, beforeTask: async ({ call, entities }) => {
      const { n } = entities.get(COUNTER, 'c');
      seen.push(n);
      await call('host1', 'act', { n });
      if (what === 'put') entities.put(COUNTER, 'c', { n: n + 100 });
      else entities.remove(COUNTER, 'c');
    } })).build();
    await withRig({ commands: [acting, disturbing], entities: { 'counter/c': { n: 1 } } }, async (rig) => {
      let silent = true;
      rig.host.script = { call: () => (silent ? 'silence' : { result: null }) };
      rig.submit('c1', 'Acting');
      await rig.runFor(SECOND);
      rig.submit('d1', 'Disturbing');
      await rig.runFor(SECOND);
      silent = false;
      rig.restart();
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'ENTITY_CHANGED', message: expect.stringContaining('counter/c') as string } });
      expect([seen, (await rig.stored()).entities.get('counter/c')]).toEqual([[1, 1], { version: 2, value: { n: 2 } }]);
      expect(await rig.history()).toEqual(['createTask 0 #1 ENTITY_CHANGED', 'endWithFailure 0 #1 ok']);
    });
  });

  test('is what it was in the next attempt, too: the call that is kept had its arguments from it', async () => {
    const seen: (readonly [n: number, other: number])[] = [];
    const acting = command('Acting').step(step({ name: 'one', retry: THRICE, beforeTask: async ({ call, entities }) => {
      const { n } = entities.get(COUNTER, 'c');
      await call('host1', 'act', { n });
      const other = entities.get(COUNTER, 'other').n;
      seen.push([n, other]);
      await call('host1', 'use', { other });
      entities.update(COUNTER, 'c', (counter) => ({ n: counter.n + 100 }));
    } })).build();
    const disturbingBoth = command('Disturbing').step(step({ name: 'one', beforeTask: ({ entities }) => {
      for (const id of ['c', 'other']) entities.update(COUNTER, id, ({ n }) => ({ n: n + 1 }));
    } })).build();
    const host: HostScript = { call: ({ verb, key }) => (verb === 'use' && key.includes('/start/1/') ? { code: 40 } : { result: null }) };
    await withRig({ commands: [acting, disturbingBoth], entities: { 'counter/c': { n: 1 }, 'counter/other': { n: 1 } }, host }, async (rig) => {
      rig.submit('c1', 'Acting');
      await rig.runUntil(({ type }) => type === 'callbackCommitted');
      // During the back-off.
      rig.submit('d1', 'Disturbing');
      await rig.run();
      // What was read after it is read anew: the call that followed had failed, and is made anew as well.
      expect([(await rig.command()).status, seen]).toEqual(['SUCCEEDED', [[1, 1], [1, 2]]]);
      expect(rig.host.calls.map(({ verb, args }) => [verb, args])).toEqual([['act', { n: 1 }], ['use', { other: 1 }], ['use', { other: 2 }]]);
      expect((await rig.stored()).entities.get('counter/c')?.value).toEqual({ n: 102 });
    });
  });

  test('counts every increment that is committed, however it is made', async () => {
    const counting = (type: string, how: 'update' | 'put', called: boolean) =>
      command(type)
        .step(step({ name: 'one', endWithFailure: () => undefined, beforeTask: async ({ call, entities }) => {
          const { n } = entities.get(COUNTER, 'c');
          if (called) await call('host1', 'act', {});
          if (how === 'put') entities.put(COUNTER, 'c', { n: n + 1 });
          else entities.update(COUNTER, 'c', (counter) => ({ n: counter.n + 1 }));
        } }))
        .build();
    const kinds = [counting('A', 'update', true), counting('B', 'put', true), counting('C', 'update', false), counting('D', 'put', false)];
    const changed = { ENTITY_CHANGED: 0 };
    for (let seed = 1; seed <= 5; seed += 1) {
      await withRig({ commands: kinds, entities: { 'counter/c': { n: 0 } }, seed }, async (rig) => {
        const ids = kinds.flatMap(({ type }) => [1, 2, 3].map((i) => `${type}${i}`));
        for (const id of ids) rig.submit(id, id.charAt(0));
        await rig.run();
        const ends = await Promise.all(ids.map((id) => rig.command(id)));
        const succeeded = ends.filter(({ status }) => status === 'SUCCEEDED').length;
        expect((await rig.stored()).entities.get('counter/c')).toEqual({ version: 1 + succeeded, value: { n: succeeded } });
        for (const { status, type, error } of ends) {
          if (status === 'SUCCEEDED') continue;
          expect([type, status, error?.code]).toEqual(['B', 'ROLLED_BACK', 'ENTITY_CHANGED']);
          changed.ENTITY_CHANGED += 1;
        }
      });
    }
    expect(changed.ENTITY_CHANGED).toBeGreaterThan(0);
  });
});

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
