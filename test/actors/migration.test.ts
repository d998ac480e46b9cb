import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand, type CommandDefinition } from '../../src/model/command.js';
import type { Data } from '../../src/model/data.js';
import type { Migration } from '../../src/model/migration.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

// Commands in flight when the program that runs them changes.

const copy = { verb: 'copy', args: {}, pool: 'pool1' };
type Step = { readonly name: string; readonly [callback: string]: unknown };

/** A command of these steps, each of which copies something, and can undo that. */
function version(n: number, steps: readonly (string | Step)[], migrations: { readonly [from: number]: Migration } = {}, params: z.ZodType = z.looseObject({})): CommandDefinition {
  const handlers = steps.map((step): Step => (typeof step === 'string' ? { name: step } : step));
  const builder = handlers.reduce(
    (built, step) => built.step({ createTask: () => copy, endSuccessfully: () => `${step.name} by ${n}`, endWithFailure: () => undefined, compensate: () => undefined, ...step } as never) as never,
    defineCommand({ type: 'T', version: n, migrations, params }),
  );
  return builder.build();
}

/** Lets a command of the first version come to its `nth` task and stop there, starts the engine with another program, and lets all tasks end well. */
async function upgraded(rig: EngineRig, to: CommandDefinition, nth: number): Promise<void> {
  rig.submit('c1', 'T');
  await rig.runUntil(({ type }) => type === 'taskSubmitted', nth);
  rig.restart([to]);
  await rig.runFor(3 * SECOND);
  rig.host.script = {};
  await rig.run();
}

/** The first `done` tasks end, the others run on. */
const untilTask = (done: number) => {
  const known = new Set<string>();
  return { status: (_verb: string, taskId: string) => (known.add(taskId), [...known].indexOf(taskId) < done ? {} : RUNNING) };
};

const from = (nth: number) => ({ commands: [version(1, ['a', 'b', 'c'])], host: untilTask(nth - 1) });

describe('a command in flight', () => {
  test('goes on in the same step under its new name and at its new place; what it is past counts as done, what is ahead runs', async () => {
    const seen: Data[] = [];
    const next = version(
      2,
      ['a', 'check', 'copyB', { name: 'report', createTask: ({ outputs, params }: { outputs: Data; params: Data }) => void seen.push(params, outputs) }],
      {
        1: {
          handlers: [{ name: 'a' }, { name: 'check' }, { name: 'copyB', from: 'b' }, { name: 'report' }],
          params: () => ({ fresh: true }),
          outputs: { check: () => 'checked', a: (output) => `was ${String(output)}` },
        },
      },
      z.strictObject({ fresh: z.boolean(), more: z.int().default(3) }),
    );
    await withRig(from(2), async (rig) => {
      await upgraded(rig, next, 2);
      expect(await rig.command()).toMatchObject({ status: 'SUCCEEDED', version: 2, handlers: ['a', 'check', 'copyB', 'report'] });
      expect(await rig.history()).toEqual(['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok', 'beforeTask 1 #1 ok', 'createTask 1 #1 ok', 'endSuccessfully 2 #1 ok', 'beforeTask 3 #1 ok', 'createTask 3 #1 ok', 'endSuccessfully 3 #1 ok']);
      expect(seen).toEqual([{ fresh: true, more: 3 }, { a: 'was a by 1', check: 'checked', copyB: 'copyB by 2' }]);
      expect(rig.told('commandMigrated')).toEqual([{ type: 'commandMigrated', commandId: 'c1', from: 1, to: 2 }]);
      expect(rig.told('completionIgnored')).toEqual([]);
    });
  });

  test('is undone as its new definition says, and what it never ran is not', async () => {
    const next = version(3, ['zero', 'a', 'x', 'b', 'c'], { 1: { handlers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }, { name: 'c' }] }, 2: { handlers: [{ name: 'zero', from: null }, { name: 'a' }, { name: 'x' }, { name: 'b' }, { name: 'c' }] } });
    await withRig(from(2), async (rig) => {
      rig.submit('c1', 'T');
      await rig.runUntil(({ type }) => type === 'taskSubmitted', 2);
      rig.restart([next]);
      rig.host.script = { status: () => FAILED };
      await rig.run();
      expect((await rig.command()).status).toBe('ROLLED_BACK');
      expect((await rig.history()).slice(5)).toEqual(['endWithFailure 3 #1 ok', 'compensate 1 #1 ok']);
    });
  });

  test('that waits for its locks, or has only reached a step, does what was put before it', async () => {
    const next = version(2, ['first', 'a', 'b', 'c'], { 1: { handlers: [{ name: 'first' }, { name: 'a' }, { name: 'b' }, { name: 'c' }] } });
    await withRig(from(1), async (rig) => {
      rig.submit('c1', 'T');
      await rig.runUntil(({ type }) => type === 'commandSubmitted');
      rig.restart([next]);
      rig.host.script = {};
      await rig.run();
      expect([(await rig.command()).status, (await rig.history())[0], (await rig.history()).length]).toEqual(['SUCCEEDED', 'beforeTask 0 #1 ok', 12]);
    });
  });

  const REFUSED: readonly [string, readonly string[], Migration, RegExp][] = [
    ['forgets what was done', ['b', 'c'], { handlers: [{ name: 'b' }, { name: 'c' }] }, /step a, which has begun and is not undone/],
    ['takes away the step that it is in', ['a', 'c'], { handlers: [{ name: 'a' }, { name: 'c' }], drops: ['b'] }, /step b/],
    ['changes the order', ['b', 'a', 'c'], { handlers: [{ name: 'b' }, { name: 'a' }, { name: 'c' }] }, /order/],
    ['goes on from a step that was never there', ['a', 'b', 'c'], { handlers: [{ name: 'a', from: 'z' }, { name: 'b' }, { name: 'c' }] }, /no step z/],
    ['goes on twice from one', ['a', 'b', 'c'], { handlers: [{ name: 'a' }, { name: 'b' }, { name: 'c', from: 'b' }] }, /same one/],
    ['throws', ['a', 'b', 'c'], { params: () => { throw new Error('not today'); } }, /not today/],
    ['makes no plain data', ['a', 'b', 'c'], { outputs: { a: () => () => 1 } }, /a\.output/],
    ['makes params that do not fit', ['a', 'b', 'c'], { params: () => 7 }, /params/],
  ];

  test.each(REFUSED)('is parked by a migration that %s, as it was, and goes on when that is mended', async (_what, steps, migration, says) => {
    await withRig(from(2), async (rig) => {
      rig.submit('c1', 'T');
      await rig.runUntil(({ type }) => type === 'taskSubmitted', 2);
      const before = await rig.command();
      rig.restart([version(2, steps, { 1: migration })]);
      await rig.runFor(30 * SECOND);
      const parked = await rig.command();
      expect(parked).toMatchObject({ status: 'PARKED', version: 1, heldBy: { code: 'MIGRATION_FAILED', message: expect.stringMatching(says) as string } });
      expect([parked.steps, parked.handlers, parked.executionIndex]).toEqual([before.steps, before.handlers, before.executionIndex]);
      rig.restart([version(2, ['a', 'b', 'c'], { 1: {} })]);
      rig.host.script = {};
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'SUCCEEDED', version: 2, heldBy: null });
    });
  });

  test('without a migration is parked while others run, and goes on by itself under a program that fits', async () => {
    await withRig(from(2), async (rig) => {
      await upgraded(rig, version(2, ['a', 'b', 'c']), 2);
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'DEFINITION_CHANGED' } });
      rig.submit('c2', 'T');
      await rig.run();
      expect((await rig.command('c2')).status).toBe('SUCCEEDED');
      rig.restart([version(1, ['a', 'b', 'c'])]);
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'SUCCEEDED', version: 1 });
      expect(await rig.history()).toHaveLength(9);
    });
  });

  test('with calls under way gives up that attempt, and what was answered well is not done twice', async () => {
    const calling = (n: number, names: readonly string[], migrations = {}) =>
      version(n, names.map((name) => ({ name, beforeTask: name === 'b' ? async ({ call }: { call: (host: string, verb: string, args: Data) => Promise<Data> }) => {
        await call('host1', 'one', {});
        await call('host1', 'two', {});
      } : undefined })), migrations);
    await withRig({ commands: [calling(1, ['a', 'b'])], host: { call: ({ verb }) => (verb === 'two' ? 'silence' : { result: null }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.runFor(60 * SECOND);
      const { fence } = await rig.command();
      rig.restart([calling(2, ['new', 'a', 'b'], { 1: { handlers: [{ name: 'new' }, { name: 'a' }, { name: 'b' }] } })]);
      rig.host.script = {};
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
      expect((await rig.command()).fence).toBeGreaterThan(fence);
      expect(rig.host.calls.map(({ key }) => key)).toEqual(['c1/1/start/1/0', 'c1/1/start/1/1', 'c1/1/start/1/1']);
      expect((await rig.history()).slice(3, 5)).toEqual(['beforeTask 2 #2 ok', 'createTask 2 #2 ok']);
    });
  });
});

test('crashed at each port operation while it migrates and after, it comes to the same end', { timeout: 60_000 }, async () => {
  const next = version(2, ['a', 'check', 'b', 'c'], { 1: { handlers: [{ name: 'a' }, { name: 'check' }, { name: 'b' }, { name: 'c' }] } });
  const crash = async (nth: number, at: 'before' | 'after'): Promise<boolean> => {
    let crashed = false;
    await withRig(from(2), async (rig) => {
      rig.submit('c1', 'T');
      await rig.runUntil(({ type }) => type === 'taskSubmitted', 2);
      rig.restart([next]);
      rig.engine.planCrash({ at, portOperation: rig.engine.portOperations + nth }, () => {
        crashed = true;
        rig.startAgain();
      });
      rig.host.script = {};
      await rig.run();
      expect([nth, at, (await rig.command()).status, (await rig.history()).length]).toEqual([nth, at, 'SUCCEEDED', 9]);
    });
    return crashed;
  };
  let operation = 1;
  while ((await crash(operation, 'before')) && (await crash(operation, 'after'))) operation += 1;
  expect(operation).toBeGreaterThan(20);
});
