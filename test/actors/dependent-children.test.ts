import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

/** `verb`: the task of its first step; `later`: of its last. */
type Kin = { readonly name: string; readonly locks?: readonly string[]; readonly verb?: string; readonly later?: string; readonly children?: readonly Kin[] };
const kin = z.custom<Kin>((value) => typeof value === 'object');

const step = taskHandler<Kin>();
const taskOf = (verb: string | undefined) => (verb === undefined ? undefined : { verb, args: {}, pool: 'pool1' });

/** Starts its children in its first step, which it can undo like its last. */
const KIN = defineCommand({ type: 'Kin', params: kin, locks: ({ locks = [] }) => locks.map((key) => ({ key, mode: 'exclusive' })), lockWait: { limitMs: 3_600_000 } })
  .step(step({
    name: 'raise',
    beforeTask: ({ params: { children = [] }, startChild }) => children.forEach((child) => startChild({ type: 'Kin', params: child })),
    createTask: ({ params: { verb } }) => taskOf(verb),
    endWithFailure: () => undefined,
    compensate: () => undefined,
  }))
  .step(step({ name: 'later', createTask: ({ params: { later } }) => taskOf(later), endWithFailure: () => undefined, compensate: () => undefined }))
  .build();

const A = 'c1!0.1.0';
const B = 'c1!0.1.1';
const AA = `${A}!0.1.0`;
const AB = `${A}!0.1.1`;

const family = (root: Partial<Kin>, a: Partial<Kin> = {}, b: Partial<Kin> = {}, aa: Partial<Kin> = {}, ab: Partial<Kin> = {}): Kin => ({
  name: 'root',
  ...root,
  children: [
    { name: 'a', verb: 'copy', ...a, children: [{ name: 'aa', verb: 'copy', ...aa }, { name: 'ab', verb: 'copy', ...ab }] },
    { name: 'b', verb: 'copy', ...b },
  ],
});

const byVerb = { status: (verb: string) => (verb === 'bad' ? FAILED : verb === 'endless' ? RUNNING : {}) };

const statuses = async (rig: EngineRig): Promise<readonly string[]> =>
  Array.from((await rig.stored()).commands.values()).toSorted((one, other) => (one.id < other.id ? -1 : 1)).map(({ status }) => status);

/** Every committed callback of the family that undoes something, in the order of the commits. */
async function undoing(rig: EngineRig): Promise<readonly string[]> {
  const told = rig.told('callbackCommitted').filter(({ callback }) => callback === 'compensate' || callback === 'endWithFailure');
  const store = await rig.stored();
  const all = [...store.commands.keys()].flatMap((id) => store.historyOf(id).map((entry) => ({ id, ...entry })));
  const known = all.filter(({ callback }) => callback === 'compensate' || callback === 'endWithFailure').toSorted((one, other) => one.t - other.t);
  // At a crash some are committed, and nobody is told.
  expect(known.length).toBeGreaterThanOrEqual(told.length);
  return known.map(({ id, callback, index }) => `${id} ${callback} ${index}`);
}

const five = (status: string): readonly string[] => Array<string>(5).fill(status);

/** What becomes of a family, in the order of ids: the root, a, its children, b. */
const COURSES: readonly { readonly name: string; readonly root: Kin; readonly cancelAt?: number; readonly ends: readonly string[]; readonly undone?: readonly string[] }[] = [
  { name: 'all goes well', root: family({ verb: 'copy', later: 'copy' }), ends: five('SUCCEEDED'), undone: [] },
  { name: 'a child fails', root: family({}, {}, { later: 'bad' }), ends: five('ROLLED_BACK') },
  { name: 'a grandchild fails', root: family({}, {}, {}, {}, { later: 'bad' }), ends: five('ROLLED_BACK') },
  {
    name: 'the root fails after its children are completed',
    root: family({ later: 'bad' }),
    ends: five('ROLLED_BACK'),
    undone: [
      'c1 endWithFailure 1',
      `${B} compensate 1`,
      `${B} compensate 0`,
      `${A} compensate 1`,
      `${AB} compensate 1`,
      `${AB} compensate 0`,
      `${AA} compensate 1`,
      `${AA} compensate 0`,
      `${A} compensate 0`,
      'c1 compensate 0',
    ],
  },
  { name: 'a task beside the children fails', root: family({ verb: 'bad' }, { later: 'endless' }), ends: five('ROLLED_BACK') },
  { name: 'it is cancelled', root: family({}, {}, { later: 'endless' }, {}, { later: 'endless' }), cancelAt: 25 * SECOND, ends: five('ROLLED_BACK') },
];

describe.each(COURSES)('a family of dependent children, when $name', ({ root, cancelAt, ends, undone }) => {
  /** @returns whether it came to the crash */
  const course = async (crash: { readonly at: 'before' | 'after'; readonly portOperation: number } | null): Promise<boolean> => {
    let crashed = false;
    await withRig({ commands: [KIN], host: byVerb }, async (rig) => {
      // What was asked to stop has stopped.
      rig.host.script = { status: (verb, taskId) => (verb === 'endless' && rig.host.stopped.includes(taskId) ? FAILED : byVerb.status(verb)) };
      if (crash !== null) {
        rig.engine.planCrash(crash, () => {
          crashed = true;
          rig.startAgain();
        });
      }
      for (const time of [0.2, 5, 20]) rig.submit('c1', 'Kin', root as never, time * SECOND);
      if (cancelAt !== undefined) for (const again of [0, 3 * SECOND, 20 * SECOND]) rig.ask({ op: 'cancelCommand', commandId: 'c1' }, cancelAt + again);
      await rig.run();
      expect([crash, await statuses(rig)]).toEqual([crash, ends]);
      if (undone !== undefined) expect([crash, await undoing(rig)]).toEqual([crash, undone]);
      expect([crash, (await rig.stored()).locks.size, (await rig.stored()).tasks.size]).toEqual([crash, 0, 0]);
      expect([crash, rig.memory?.commands.size]).toEqual([crash, 0]);
    });
    return crashed;
  };

  test('ends as it should, crashed before and after each port operation in turn', { timeout: 300_000 }, async () => {
    await course(null);
    let operation = 1;
    while ((await course({ at: 'before', portOperation: operation })) && (await course({ at: 'after', portOperation: operation }))) operation += 1;
    expect(operation).toBeGreaterThan(40);
  });
});

describe('a family', () => {
  test('is COMPLETED below, and keeps what it has locked, until its root ends: all in one batch', async () => {
    await withRig({ commands: [KIN], host: byVerb }, async (rig) => {
      rig.submit('c1', 'Kin', family({ locks: ['r'], later: 'endless' }, { locks: ['r', 'a'] }, { locks: ['b'] }) as never);
      await rig.runUntil((probe) => probe.type === 'taskPlaced' && probe.verb === 'endless');
      expect([await statuses(rig), [...(await rig.stored()).locks.values()].map(({ key, owner }) => `${key} ${owner}`)]).toEqual([
        ['RUNNING', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED'],
        ['a c1', 'b c1', 'r c1'],
      ]);
      rig.host.script = {};
      await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.commandId === 'c1' && probe.status === 'SUCCEEDED');
      expect([await statuses(rig), (await rig.stored()).locks.size]).toEqual([five('SUCCEEDED'), 0]);
    });
  });

  test('a completed child cannot be cancelled by itself; one that runs can, and then has failed', async () => {
    await withRig({ commands: [KIN], host: byVerb }, async (rig) => {
      rig.submit('c1', 'Kin', family({}, { later: 'endless' }) as never);
      await rig.runUntil((probe) => probe.type === 'taskPlaced' && probe.verb === 'endless');
      await rig.runFor(SECOND);
      const refused = rig.ask({ op: 'cancelCommand', commandId: B });
      await rig.runFor(SECOND);
      expect(rig.replies.get(refused)?.message).toContain('it is COMPLETED, and can be undone only with its parent');
      rig.host.script = { status: (verb, taskId) => (rig.host.stopped.includes(taskId) ? FAILED : byVerb.status(verb)) };
      rig.ask({ op: 'cancelCommand', commandId: A });
      await rig.run();
      expect([await statuses(rig), (await rig.command()).error]).toMatchObject([five('ROLLED_BACK'), { code: 'CHILD_FAILED', causes: ['it was cancelled'] }]);
    });
  });

  test('behind a point of no return no child can be cancelled by itself, to any depth; the family goes on', async () => {
    const parent = defineCommand({ type: 'Parent', params: z.strictObject({}) })
      .step({ name: 'cross', pointOfNoReturn: { part: 'beforeTask', hasPassed: () => 'passed' as const }, beforeTask: async ({ call }) => void (await call('host1', 'x', {})) })
      .step({ name: 'start', beforeTask: ({ startChild }) => void startChild({ type: 'Kin', params: { name: 'a', children: [{ name: 'aa', verb: 'endless' }] } }) })
      .build();
    await withRig({ commands: [KIN, parent], host: byVerb }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.runUntil((probe) => probe.type === 'taskSubmitted');
      const asked = ['c1!1.1.0', 'c1!1.1.0!0.1.0'].map((commandId) => rig.ask({ op: 'cancelCommand', commandId }));
      await rig.runFor(SECOND);
      for (const correlation of asked) {
        expect(rig.replies.get(correlation)?.result).toMatchObject({ code: 'CANCEL_REFUSED', message: expect.stringContaining('its ancestor c1 is past its point of no return') as string });
      }
      rig.host.script = {};
      await rig.run();
      expect(await statuses(rig)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    });
  });

  test('a child of another program holds its parents, and is held once it should be rolled back', async () => {
    const other = { ...KIN, type: 'Other' };
    const parent = defineCommand({ type: 'Parent', params: z.strictObject({}) })
      .step({ name: 'start', beforeTask: ({ startChild }) => void startChild({ type: 'Other', params: { name: 'x' } }), compensate: () => undefined })
      .step({ name: 'fail', createTask: () => ({ verb: 'endless', args: {}, pool: 'pool1' }), endWithFailure: () => undefined })
      .build();
    await withRig({ commands: [other, parent], host: byVerb }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.runUntil((probe) => probe.type === 'taskPlaced');
      await rig.runFor(SECOND);
      rig.restart([parent]);
      await rig.runFor(3 * SECOND);
      expect(await statuses(rig)).toEqual(['RUNNING', 'COMPLETED']);
      rig.host.script = { status: () => FAILED };
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'CHILD_HELD' }, phase: { at: 'held', from: { at: 'children' } } });
      expect((await rig.command()).heldBy?.message).toContain(`child ${A} (Other) is PARKED: there is no command type 'Other'`);
    });
  });
});

describe('startChild', () => {
  const recursive = (params: (depth: number) => number) =>
    defineCommand({ type: 'Deep', params: z.strictObject({ depth: z.number() }) })
      .step({ name: 'dig', effectFree: true, beforeTask: ({ params: { depth }, startChild }) => void startChild({ type: 'Deep', params: { depth: params(depth) } }) })
      .build();

  test.each([
    ['the same as itself', (depth: number) => depth, 'c1', 1],
    ['the same as one above', (depth: number) => (depth + 1) % 3, `c1${'!0.1.0'.repeat(2)}`, 3],
    ['deeper than 32', (depth: number) => depth + 1, `c1${'!0.1.0'.repeat(32)}`, 33],
  ])('of one that is %s fails the callback, and starts nothing', async (_, next, culprit, commands) => {
    await withRig({ commands: [recursive(next)] }, async (rig) => {
      rig.submit('c1', 'Deep', { depth: 0 });
      await rig.run();
      const store = await rig.stored();
      expect([store.commands.size, store.commands.get(culprit)?.error?.code]).toEqual([commands, 'CHILD_CYCLE']);
      expect(new Set([...store.commands.values()].map(({ status }) => status))).toEqual(new Set(['ROLLED_BACK']));
    });
  });
});
