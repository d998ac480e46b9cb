import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ENGINE_REFUSED } from '../../actors/wire.js';
import { defineCommand, type CommandDefinition } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import { taskHandler, type BeforeContext, type TaskHandler } from '../../src/model/handler.js';
import { COUNTER, disturbed, type Counter } from './disturbance.js';
import { withRig, type EngineRig, type RigOptions } from './engine-rig.js';
import { FAILED } from './scripted-host.js';

const params = z.record(z.string(), z.unknown());
const step = taskHandler<unknown>();
const copy = { verb: 'copy', args: {}, pool: 'pool1' };

/** What a program without types may return or pass where the types allow something else. */
const untyped = (value: unknown) => value as never;

/** A command like any other, that must not notice. */
const GOOD = defineCommand({ type: 'Good', params, locks: () => [{ key: 'good', mode: 'exclusive' }] })
  .step(step({ name: 'one', beforeTask: ({ entities }) => entities.put(COUNTER, 'good', { n: 1 }), createTask: () => copy }))
  .build();

const slipping = (handler: TaskHandler<'one', unknown, object, unknown, unknown>) => defineCommand({ type: 'Slip', params }).step(handler).build();

/** Runs a command with a slip as c1, then a good one: the engine must have lived. */
async function slip(commands: readonly CommandDefinition[], then: (rig: EngineRig) => Promise<void>, options: Partial<RigOptions> = {}): Promise<void> {
  await withRig({ commands: [...commands, GOOD], ...options }, async (rig) => {
    rig.submit('c1', 'Slip');
    await rig.run();
    await then(rig);
    await goesOn(rig);
  });
}

async function goesOn(rig: EngineRig): Promise<void> {
  rig.submit('good', 'Good');
  await rig.run();
  expect([(await rig.command('good')).status, rig.told('engineStarted').length, rig.engine.up]).toEqual(['SUCCEEDED', 1, true]);
}

type Case = readonly [what: string, use: (ctx: BeforeContext<unknown, object>) => unknown, code: string, says: RegExp];

describe('a slip in a callback fails that callback, and nobody else notices:', () => {
  test.each<Case>([
    ['an id with half a surrogate pair', ({ entities }) => entities.put(COUNTER, 'a\ud800', { n: 1 }), 'BAD_ENTITY_KEY', /counter: "a\\ud800" is no id/],
    ['an empty id', ({ entities }) => entities.find(COUNTER, ''), 'BAD_ENTITY_KEY', /counter: "" is no id/],
    ['an id that is no text', ({ entities }) => entities.remove(COUNTER, untyped(7)), 'BAD_ENTITY_KEY', /counter: 7 is no id/],
    ['a kind with a slash', ({ entities }) => entities.put(entityKind<Counter>('counter/c'), 'x', { n: 1 }), 'BAD_ENTITY_KEY', /entity kind "counter\/c"/],
    ['a record that is no data', ({ entities }) => entities.put(COUNTER, 'c', { n: Number.NaN }), 'NOT_PLAIN_DATA', /counter\/c\.n: NaN/],
    ['a task without a pool', ({ startTask }) => startTask(untyped({ verb: 'copy', args: {} })), 'BAD_TASK', /task\.pool/],
    ['arguments of a call that are no data', ({ call }) => call('host1', 'look', { at: untyped(new Date(0)) }), 'NOT_PLAIN_DATA', /look args\.at: a cycle or a class instance/],
    ['a call without a host', ({ call }) => call(untyped(undefined), 'look', {}), 'BAD_CALL', /^call\.host: /],
    ['a call without a verb', ({ call }) => call('host1', untyped(undefined), {}), 'BAD_CALL', /^call\.verb: /],
    ['a call with a list of arguments', ({ call }) => call('host1', 'look', untyped([1])), 'BAD_CALL', /^call\.args: /],
    ['a call with a single code where a list belongs', ({ call }) => call('host1', 'look', {}, untyped({ doneCodes: 201 })), 'BAD_CALL', /^call\.doneCodes: /],
    ['a child that is independent in words', ({ startChild }) => startChild(untyped({ type: 'Good', params: {}, independent: 'yes' })), 'BAD_TASK', /^startChild\.independent: /],
    ['a child that is none', ({ startChild }) => startChild(untyped(null)), 'BAD_TASK', /^startChild: /],
    ['an update that is asynchronous, and fails', ({ entities }) => {
      entities.put(COUNTER, 'c', { n: 1 });
      entities.update(COUNTER, 'c', () => untyped(Promise.reject(new Error('later'))));
    }, 'NOT_PLAIN_DATA', /counter\/c: a cycle or a class instance/],
    ['a child of an unknown type', ({ startChild }) => startChild({ type: 'Nothing', params: {}, independent: true }), 'UNKNOWN_COMMAND_TYPE', /'Nothing'/],
  ])('%s', async (_, use, code, says) => {
    await slip([slipping({ name: 'one', beforeTask: async (ctx) => void (await use(ctx)) })], async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code, message: expect.stringMatching(says) as string } });
      expect([await rig.history(), (await rig.stored()).entities.size]).toEqual([[`beforeTask 0 #1 ${code}`], 0]);
    });
  });

  test.each<readonly [what: string, asked: unknown, code: string, says: RegExp]>([
    ['without a pool', { verb: 'copy', args: {} }, 'BAD_TASK', /^task\.pool: /],
    ['without a verb', { verb: '', args: {}, pool: 'pool1' }, 'BAD_TASK', /^task\.verb: /],
    ['with a single code where a list belongs', { ...copy, doneCodes: 5 }, 'BAD_TASK', /^task\.doneCodes: /],
    ['with a field that nobody knows', { ...copy, doneCode: [5] }, 'BAD_TASK', /doneCode/],
    ['with a verb that is no text on a disk', { ...copy, verb: 'cop\udfff' }, 'BAD_TASK', /^task\.verb: not well-formed/],
    ['with a class instance among its arguments', { ...copy, args: { until: new Date(0) } }, 'NOT_PLAIN_DATA', /^task copy args\.until: /],
    ['that is nothing at all', null, 'BAD_TASK', /^task: /],
    ['that is none, in a list with one that is', [copy, 'copy'], 'BAD_TASK', /^task: /],
  ])('a task %s', async (_, asked, code, says) => {
    await slip([slipping({ name: 'one', createTask: () => untyped(asked) })], async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code, message: expect.stringMatching(says) as string } });
      expect([await rig.history(), rig.host.submissions, (await rig.stored()).tasks.size]).toEqual([[`createTask 0 #1 ${code}`], [], 0]);
    });
  });

  test.each<readonly [what: string, thrown: unknown, message: string]>([
    ['that has no text', Object.create(null), 'something that cannot be turned into text was thrown'],
    ['whose text has half a surrogate pair', 'oh \ud800 no', 'oh \ufffd no'],
    ['whose message has half a surrogate pair', new Error('oh \udc00 no'), 'oh \ufffd no'],
    ['whose cause cannot be read', Object.defineProperty(new Error('oh no'), 'cause', { get: () => untyped(JSON.parse('{')) }), 'something that cannot be turned into text was thrown'],
    ['whose message cannot be read', Object.defineProperty(new Error(), 'message', { get: () => untyped(JSON.parse('{')) }), 'something that cannot be turned into text was thrown'],
  ])('something thrown %s', async (_, thrown, message) => {
    const throwing = slipping({ name: 'one', beforeTask: () => {
      throw thrown;
    } });
    await slip([throwing], async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CALLBACK_THREW', message } });
    });
  });

  test.each<readonly [callback: 'beforeTask' | 'endSuccessfully', value: unknown, says: string]>([
    ['beforeTask', new Map(), 'one.beforeTask(): a cycle or a class instance'],
    ['beforeTask', { when: undefined }, 'one.beforeTask().when: undefined'],
    ['endSuccessfully', { sizes: [1, Number.POSITIVE_INFINITY] }, 'one.endSuccessfully().sizes[1]: Infinity'],
    ['endSuccessfully', () => 1, 'one.endSuccessfully(): function'],
  ])('%s returns what is no plain data: %o', async (callback, value, says) => {
    await slip([slipping({ name: 'one', effectFree: true, [callback]: () => value })], async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'NOT_PLAIN_DATA', message: expect.stringContaining(says) as string } });
    });
  });
});

describe('leaves() that answers what is no list of effects fails the undo, which is told:', () => {
  const failing = { name: 'two', createTask: () => copy, endWithFailure: () => undefined } as const;

  test.each<readonly [what: string, leaves: () => unknown, code: string, says: RegExp]>([
    ['asynchronous', async () => [], 'BAD_TASK', /^leaves\(\): /],
    ['asynchronous, and fails', () => Promise.reject(new Error('later')), 'BAD_TASK', /^leaves\(\): /],
    ['an effect that is not in a list', () => ({ verb: 'make', object: 'it' }), 'BAD_TASK', /^leaves\(\): /],
    ['an effect without an object', () => [{ verb: 'make' }], 'BAD_TASK', /^leaves\(\)\.0\.object: /],
    ['an error', () => JSON.parse('{') as unknown, 'CALLBACK_THREW', /JSON/],
  ])('%s', async (_, leaves, code, says) => {
    const command = defineCommand({ type: 'Slip', params }).step({ name: 'one', leaves: () => untyped(leaves()) }).step(failing).build();
    const once = (verb: string, taskId: string) => (taskId.startsWith('c1') && verb === 'copy' ? FAILED : {});
    await slip([command], async (rig) => {
      const error = { code, message: expect.stringMatching(says) as string } as ErrorRecord;
      expect(await rig.command()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: error, error: { code: 'TASK_FAILED' }, residue: [] });
      expect((await rig.history()).filter((line) => line.startsWith('compensate'))).toEqual([1, 2, 3, 4, 5].map((attempt) => `compensate 0 #${attempt} ${code}`));
    }, { host: { status: once } });
  });
});

describe('locks() that cannot be used', () => {
  type Locks = readonly [what: string, locks: () => unknown, code: string, says: RegExp];
  const BAD_LOCKS: readonly Locks[] = [
    ['throws', () => JSON.parse('{') as unknown, 'CALLBACK_THREW', /JSON/],
    ['is asynchronous', async () => [], 'BAD_DEFINITION', /^command (Slip|Child): locks\(\)/],
    ['is asynchronous, and fails', () => Promise.reject(new Error('later')), 'BAD_DEFINITION', /^command (Slip|Child): locks\(\)/],
    ['names no key', () => [{ mode: 'exclusive' }], 'BAD_DEFINITION', /locks\(\): 0\.key/],
    ['names a mode that is none', () => [{ key: 'k', mode: 'upgradable' }], 'BAD_DEFINITION', /locks\(\): 0\.mode/],
    ['names a key that is no text on a disk', () => [{ key: 'k\ud800', mode: 'exclusive' }], 'BAD_DEFINITION', /locks\(\): 0\.key: not well-formed/],
  ];

  test.each(BAD_LOCKS)('%s: the submission is refused, and changes nothing', async (_, locks, code, says) => {
    const command = defineCommand({ type: 'Slip', params, locks: () => untyped(locks()) }).step({ name: 'one' }).build();
    await withRig({ commands: [command, GOOD] }, async (rig) => {
      const asked = rig.submit('c1', 'Slip');
      await rig.run();
      const refusal = { code: ENGINE_REFUSED, message: expect.stringMatching(says) as string, result: { code } };
      expect([rig.replies.get(asked), (await rig.stored()).commands.size]).toMatchObject([refusal, 0]);
      await goesOn(rig);
    });
  });

  test.each(BAD_LOCKS)("%s, of a child: its parent's callback fails", async (_, locks, code, says) => {
    const child = defineCommand({ type: 'Child', params, locks: () => untyped(locks()) }).step({ name: 'one' }).build();
    const parent = slipping({ name: 'one', beforeTask: ({ startChild }) => void startChild({ type: 'Child', params: {}, independent: true }) });
    await slip([parent, child], async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code, message: expect.stringMatching(says) as string } });
      expect([...(await rig.stored()).commands.keys()]).toEqual(['c1']);
    });
  });
});

describe('an update that does not take the newer version', () => {
  test.each<readonly [what: string, change: (n: number) => unknown, code: string]>([
    ['throws', (n) => {
      if (n > 1) throw new Error('too many');
      return { n: n + 1 };
    }, 'CALLBACK_THREW'],
    ['makes of it what is no data', (n) => ({ n: n > 1 ? undefined : n + 1 }), 'NOT_PLAIN_DATA'],
  ])('%s: its callback has failed, with nothing changed', async (_, change, code) => {
    const acting = slipping({
      name: 'one',
      endWithFailure: () => undefined,
      beforeTask: async ({ entities, call }) => {
        entities.get(COUNTER, 'c');
        entities.put(COUNTER, 'mine', { n: 7 });
        await call('host1', 'act', {});
        entities.update(COUNTER, 'c', ({ n }) => untyped(change(n)));
      },
    });
    // The run that is repeated sees the old version, which its function takes; the newest is met at the commit.
    await disturbed(acting, async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code } });
      // Both callbacks had returned: the commit counts against the last.
      expect(await rig.history()).toEqual([`createTask 0 #1 ${code}`, 'endWithFailure 0 #1 ok']);
      const { entities } = await rig.stored();
      expect([entities.get('counter/c'), entities.get('counter/mine')]).toEqual([{ version: 2, value: { n: 2 } }, undefined]);
      rig.submit('good', 'Good');
      await rig.run();
      expect((await rig.command('good')).status).toBe('SUCCEEDED');
    }, [GOOD]);
  });
});
