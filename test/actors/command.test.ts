import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { STALE, ANOTHER_INCARNATION } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { CallFailed, CallUnknown } from '../../src/model/errors.js';
import { taskHandler } from '../../src/model/handler.js';
import { SECOND, withRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

type Counter = { readonly n: number };
const COUNTER = entityKind<Counter>('counter');

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };
const copy = { verb: 'copy', args: {}, pool: 'pool1' };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('a callback and its commit', () => {
  test('what it staged is there with the phase, or not at all', async () => {
    const failing = command().step(step({ name: 'one', beforeTask: ({ entities }) => {
      entities.put(COUNTER, 'c', { n: 9 });
      throw new Error('no');
    } })).build();
    await withRig({ commands: [failing], entities: { 'counter/c': { n: 1 } } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, (await rig.stored()).entities.get('counter/c')]).toEqual(['ROLLED_BACK', { version: 1, value: { n: 1 } }]);
      expect(await rig.history()).toEqual(['beforeTask 0 #1 CALLBACK_THREW']);
    });
  });

  test('beforeTask and createTask are one: what the second throws undoes what the first staged', async () => {
    const failing = command().step(step({
      name: 'one',
      beforeTask: ({ entities }) => entities.put(COUNTER, 'c', { n: 9 }),
      createTask: () => {
        throw new Error('no');
      },
    })).build();
    await withRig({ commands: [failing] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([await rig.history(), (await rig.stored()).entities.size]).toEqual([['createTask 0 #1 CALLBACK_THREW'], 0]);
    });
  });

  test.each(['update', 'get and put'] as const)('many commands count on one record with %s, and none is lost', async (how) => {
    const counting = command().step(step({ name: 'one', beforeTask: ({ entities }) => {
      if (how === 'update') entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 }));
      else entities.put(COUNTER, 'c', { n: entities.get(COUNTER, 'c').n + 1 });
    } })).build();
    await withRig({ commands: [counting], entities: { 'counter/c': { n: 0 } } }, async (rig) => {
      for (let i = 0; i < 6; i += 1) rig.submit(`c${i}`, 'T');
      await rig.run();
      expect((await rig.stored()).entities.get('counter/c')).toEqual({ version: 7, value: { n: 6 } });
      expect(rig.told('conflict').length).toBeGreaterThan(0);
      for (let i = 0; i < 6; i += 1) expect((await rig.command(`c${i}`)).status).toBe('SUCCEEDED');
    });
  });

  test('a conflict is not an attempt', async () => {
    const attempts: number[] = [];
    const counting = command().step(step({ name: 'one', beforeTask: ({ entities, attempt }) => {
      attempts.push(attempt);
      entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 }));
    } })).build();
    await withRig({ commands: [counting], entities: { 'counter/c': { n: 0 } } }, async (rig) => {
      rig.submit('c1', 'T');
      rig.submit('c2', 'T');
      await rig.run();
      expect(attempts).toEqual([1, 1, 1]);
    });
  });

  test('what a callback returns must be data', async () => {
    const odd = command().step(step({ name: 'one', beforeTask: () => new Map() })).build();
    await withRig({ commands: [odd] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'NOT_PLAIN_DATA', message: expect.stringContaining('one.beforeTask()') as string } });
    });
  });

  test('callbacks see params, outputs of earlier steps, what beforeTask gave, ids that never change, and how the work ended', async () => {
    const seen: unknown[] = [];
    const telling = command()
      .step({ name: 'one', endSuccessfully: () => ({ made: 1 }) })
      .step({
        name: 'two',
        beforeTask: ({ newId, startTask }) => ({ volume: newId('v'), task: startTask(copy) }),
        createTask: ({ before, outputs, params: given, executionIndex, commandId, passed }) => void seen.push({ before, outputs, given, executionIndex, commandId, passed }),
        endSuccessfully: ({ before, newId, work }) => void seen.push({ before, again: newId('v'), work }),
      })
      .build();
    await withRig({ commands: [telling] }, async (rig) => {
      rig.submit('c1', 'T', { disk: 'd1' });
      await rig.run();
      const before = { volume: 'c1$1.v', task: 'c1$1.w1.1.0' };
      expect(seen).toEqual([
        { before, outputs: { one: { made: 1 } }, given: { disk: 'd1' }, executionIndex: 1, commandId: 'c1', passed: false },
        { before, again: 'c1$1.v', work: [{ id: 'c1$1.w1.1.0', kind: 'task', name: 'copy', outcome: { kind: 'succeeded' }, earlier: [] }] },
      ]);
    });
  });

  test('nothing of a context works once its callback is over', async () => {
    let late: (() => string) | undefined;
    const leaking = command().step(step({ name: 'one', beforeTask: ({ startTask }) => void (late = () => startTask(copy)) })).build();
    await withRig({ commands: [leaking] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(() => late?.()).toThrow('startTask was used after one.start had ended');
    });
  });
});

describe('tasks', () => {
  test('endWithFailure is told what became of each, in order', async () => {
    const told: unknown[] = [];
    const failing = command().step(step({
      name: 'one',
      createTask: () => [copy, { ...copy, verb: 'bad' }, { ...copy, verb: 'slow' }],
      endWithFailure: ({ failure }) => void told.push(failure.beforeCommitted, failure.error.message, failure.work.map(({ name, outcome }) => [name, outcome.kind])),
    })).build();
    await withRig({ commands: [failing] }, async (rig) => {
      rig.host.script = { status: (verb, id) => (verb === 'bad' ? FAILED : verb !== 'slow' ? {} : rig.host.stopped.includes(id) ? { taskResult: 'cleanSuccess', code: 411 } : RUNNING) };
      rig.submit('c1', 'T');
      await rig.run();
      expect(told).toEqual([true, 'task c1$0.w1.1.1 (bad) failed with 261: ', [['copy', 'succeeded'], ['bad', 'failed'], ['slow', 'aborted']]]);
      expect(rig.host.stopped).toEqual(['c1$0.w1.1.2']);
      expect([rig.host.tasks.size, (await rig.stored()).tasks.size]).toEqual([0, 0]);
    });
  });

  test('an end that comes twice moves the command once', async () => {
    const two = command().step(step({ name: 'one', createTask: () => copy })).step(step({ name: 'two', createTask: () => copy })).build();
    await withRig({ commands: [two] }, async (rig) => {
      rig.submit('c1', 'T');
      // Faster than the commit that consumes it, the same end is polled again.
      await rig.run();
      expect((await rig.history()).filter((line) => line.startsWith('endSuccessfully'))).toEqual(['endSuccessfully 0 #1 ok', 'endSuccessfully 1 #1 ok']);
    });
  });
});

describe('HSM calls', () => {
  const calling = (use: (call: (verb: string) => Promise<unknown>, attempt: number) => Promise<unknown>, more: object = {}) =>
    command().step(step({ name: 'one', retry: THRICE, ...more, beforeTask: async (ctx) => void (await use((verb) => ctx.call('host1', verb, { of: verb }), ctx.attempt)) })).build();

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
        void rig.stored().then(({ calls }) => records.push(calls.get('c1')));
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
      await rig.restart();
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
      await rig.restart();
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
    await withRig({ commands: [three], host: { call: ({ verb, time, key }) => (verb === 'b' && time === 1 && key.endsWith('/1/1') ? { code: 40 } : { result: verb }) } }, async (rig) => {
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
      await rig.restart();
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
      await rig.restart();
      await rig.run();
      expect((await rig.command()).status).toBe('PARKED');
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

describe('children', () => {
  const family = (child: 'good' | 'bad') => [
    command('Parent').step(step({ name: 'one', beforeTask: ({ startChild }) => void startChild({ type: 'Child', params: {}, independent: true }), endWithFailure: () => undefined })).build(),
    defineCommand({ type: 'Child', params, locks: () => [{ key: 'k', mode: 'exclusive' }] }).step(step({ name: 'work', beforeTask: () => {
      if (child === 'bad') throw new Error('child is ill');
    } })).build(),
  ];

  test.each([
    ['good', 'SUCCEEDED', 'SUCCEEDED'],
    ['bad', 'ROLLED_BACK', 'ROLLED_BACK'],
  ] as const)('a %s child: its own end, then its parent\'s', async (kind, childStatus, status) => {
    await withRig({ commands: family(kind) }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.run();
      expect([(await rig.command('c1!0.1.0')).status, (await rig.command()).status]).toEqual([childStatus, status]);
      if (kind === 'bad') expect((await rig.command()).error).toMatchObject({ code: 'CHILD_FAILED', causes: ['child is ill'] });
      expect((await rig.stored()).locks.size).toBe(0);
    });
  });

  test('an unknown type or bad params are the callback\'s error', async () => {
    const [parent] = family('good');
    if (parent === undefined) throw new Error('no parent');
    await withRig({ commands: [parent] }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.run();
      expect((await rig.command()).error?.code).toBe('UNKNOWN_COMMAND_TYPE');
    });
  });
});
