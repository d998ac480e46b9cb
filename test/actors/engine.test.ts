import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ENGINE_REFUSED } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler, type AnyHandler } from '../../src/model/handler.js';
import { crashAtEachEvent } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

const params = z.strictObject({ disk: z.string().default('d1') });
const step = taskHandler<{ readonly disk: string }>();
const task = { verb: 'copy', args: {}, pool: 'pool1' };

/** Holds a lock while a host copies. */
const COPY = defineCommand({ type: 'Copy', params, locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }] })
  .step(step({ name: 'copy', createTask: () => task, endWithFailure: () => undefined, compensate: () => undefined }))
  .build();

const answerTo = (rig: EngineRig, correlation: string) => {
  const reply = rig.replies.get(correlation);
  if (reply === undefined) throw new Error(`${correlation} was not answered`);
  return { code: reply.code, message: reply.message, result: reply.result };
};

describe('a submission', () => {
  test('is answered when it is on disk, and not before', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      const asked = rig.submit('c1', 'Copy');
      while (!rig.replies.has(asked)) {
        if ((await rig.kernel.step()) === 0) throw new Error('it was never answered');
      }
      expect((await rig.stored()).commands.has('c1')).toBe(true);
      expect(answerTo(rig, asked)).toMatchObject({ code: 0, result: { commandId: 'c1', type: 'Copy', error: null } });
    });
  });

  test('repeated, gives the same command, also when it is over, and in whatever order the params are', async () => {
    const wide = defineCommand({ type: 'Wide', params: z.strictObject({ a: z.int(), b: z.int().default(2) }) }).step({ name: 'one' }).build();
    await withRig({ commands: [wide] }, async (rig) => {
      const first = [rig.submit('c1', 'Wide', { a: 1, b: 2 }), rig.submit('c1', 'Wide', { b: 2, a: 1 })];
      await rig.run();
      const later = rig.submit('c1', 'Wide', { a: 1 });
      await rig.run();
      for (const asked of [...first, later]) expect(answerTo(rig, asked).code).toBe(0);
      expect(answerTo(rig, later).result).toMatchObject({ status: 'SUCCEEDED' });
      expect(rig.told('commandSubmitted')).toHaveLength(1);
      expect((await rig.history()).length).toBe(3);
    });
  });

  test('repeated while the first is on its way to the disk, is answered once that is there', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      const both = [rig.submit('c1', 'Copy'), rig.submit('c1', 'Copy')];
      await rig.run();
      for (const asked of both) expect(answerTo(rig, asked).code).toBe(0);
      expect([rig.told('commandSubmitted').length, (await rig.command()).status]).toEqual([1, 'SUCCEEDED']);
    });
  });

  test.each<[string, () => { readonly type: string; readonly id?: string; readonly params?: Record<string, string | number> }, code: string, says: RegExp]>([
    ['the same id with other params', () => ({ type: 'Copy', params: { disk: 'd2' } }), 'DUPLICATE_COMMAND', /'c1' was submitted before/],
    ['the same id for another type', () => ({ type: 'Other' }), 'DUPLICATE_COMMAND', /another type/],
    ['an unknown type', () => ({ type: 'Nothing', id: 'c2' }), 'UNKNOWN_COMMAND_TYPE', /'Nothing'/],
    ['params that do not fit', () => ({ type: 'Copy', id: 'c2', params: { disk: 7 } }), 'BAD_PARAMS', /params\.disk/],
    ['params that nobody knows', () => ({ type: 'Copy', id: 'c2', params: { dsik: 'd1' } }), 'BAD_PARAMS', /params\.dsik/],
    ['an id that is none', () => ({ type: 'Copy', id: 'c 2' }), 'BAD_COMMAND_ID', /"c 2"/],
    ["a child's id", () => ({ type: 'Copy', id: 'c1!0.1.0' }), 'BAD_COMMAND_ID', /c1!0/],
  ])('of %s is refused, and changes nothing', async (_, bad, code, says) => {
    const other = defineCommand({ type: 'Other', params }).step({ name: 'one' }).build();
    await withRig({ commands: [COPY, other] }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.run();
      const before = (await rig.stored()).heads;
      const { type, id = 'c1', params: given = {} } = bad();
      const asked = rig.submit(id, type, given);
      await rig.run();
      expect(answerTo(rig, asked)).toMatchObject({ code: ENGINE_REFUSED, message: expect.stringMatching(says) as string, result: { code } });
      expect([(await rig.stored()).heads, (await rig.stored()).commands.size]).toEqual([before, 1]);
    });
  });

  test('cut off by a crash may be lost or kept, and is done once when it comes again', async () => {
    const kept = new Set<boolean>();
    for (let seed = 1; seed <= 8; seed += 1) {
      await withRig({ commands: [COPY], seed }, async (rig) => {
        const cutOff = rig.submit('c1', 'Copy', {}, 100_000);
        // It has arrived, nothing is known of its id, and it is on its way to the disk.
        await rig.kernel.runUntil(102_500);
        rig.restart();
        await rig.run();
        expect(rig.replies.has(cutOff)).toBe(false);
        kept.add((await rig.stored()).commands.has('c1'));
        const again = rig.submit('c1', 'Copy');
        await rig.run();
        expect([answerTo(rig, again).code, (await rig.command()).status, (await rig.history()).length]).toEqual([0, 'SUCCEEDED', 3]);
      });
    }
    expect(kept).toEqual(new Set([true, false]));
  });
});

describe('a question', () => {
  test('after a command tells where it is', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.run();
      const asked = rig.ask({ op: 'commandStatus', commandId: 'c1' });
      const other = rig.ask({ op: 'commandStatus', commandId: 'c2' });
      await rig.run();
      const where = { commandId: 'c1', type: 'Copy', status: 'SUCCEEDED', executionIndex: 1, executionReason: 'REGULAR_FLOW', error: null, residue: [] };
      expect(answerTo(rig, asked).result).toMatchObject(where);
      expect(answerTo(rig, other)).toMatchObject({ code: ENGINE_REFUSED, result: { code: 'UNKNOWN_COMMAND' } });
    });
  });

  test('that is none is refused', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      const asked = rig.ask({ op: 'format' } as unknown as Parameters<EngineRig['ask']>[0]);
      await rig.run();
      expect(answerTo(rig, asked)).toMatchObject({ code: ENGINE_REFUSED, result: { code: 'BAD_REQUEST' } });
    });
  });
});

describe('locks', () => {
  test('who wants what is taken is rejected, with the holder; nothing of it was run', async () => {
    await withRig({ commands: [COPY], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.submit('c2', 'Copy');
      rig.submit('c3', 'Copy', { disk: 'd3' });
      await rig.runFor(SECOND);
      expect(await rig.command('c2')).toMatchObject({ status: 'REJECTED', error: { code: 'LOCK_CONFLICT', message: 'disk/d1 is locked by command c1', retryable: true } });
      expect([await rig.history('c2'), (await rig.command('c3')).status]).toEqual([[], 'RUNNING']);
      rig.host.script = {};
      await rig.run();
      expect((await rig.stored()).locks.size).toBe(0);
    });
  });

  test('are held again after a crash before anything is accepted, and go with the command', async () => {
    await withRig({ commands: [COPY], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.restart();
      rig.submit('c2', 'Copy', {}, rig.kernel.now + SECOND + 10_000);
      await rig.runFor(2 * SECOND);
      expect((await rig.command('c2')).status).toBe('REJECTED');
      rig.host.script = {};
      await rig.run();
      rig.submit('c3', 'Copy');
      await rig.run();
      expect([(await rig.command()).status, (await rig.command('c3')).status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    });
  });
});

describe('a recovered engine', () => {
  test('goes on where its disk says, and submits the same task to the host, not another', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskPlaced');
      rig.restart();
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
      expect(new Set(rig.host.submissions.map(({ taskId }) => taskId))).toEqual(new Set(['c1$0.w1.1.0']));
      expect(await rig.history()).toEqual(['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok']);
      expect(rig.host.submissions.at(-1)?.stamp).toMatchObject({ incarnation: 2, fence: { commandId: 'c1', number: 1 } });
    });
  });

  test('has in memory what is on disk', async () => {
    await withRig({ commands: [COPY], host: { status: () => RUNNING }, entities: { 'disk/d1': { size: 1 } } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.restart();
      await rig.runUntil(({ type }) => type === 'engineRecovered', 2);
      const { commands, entities, locks } = await rig.stored();
      expect(new Map(rig.memory?.commands)).toEqual(new Map([['c1', commands.get('c1')]]));
      expect(new Map(rig.memory?.entities.entries())).toEqual(entities);
      expect([...(rig.memory?.locks.records() ?? [])]).toEqual([...locks.values()]);
    });
  });

  test('crashed at each of its port operations in turn, comes to the same end', async () => {
    /** @returns whether it came to that operation */
    const crash = async (at: 'before' | 'after', portOperation: number): Promise<boolean> => {
      let crashed = false;
      await withRig({ commands: [COPY] }, async (rig) => {
        rig.engine.planCrash({ at, portOperation }, () => {
          crashed = true;
          rig.startAgain();
        });
        for (const time of [1, 3, 5, 7]) rig.submit('c1', 'Copy', {}, time * SECOND);
        await rig.run();
        expect([at, portOperation, (await rig.command()).status]).toEqual([at, portOperation, 'SUCCEEDED']);
        expect(await rig.history()).toEqual(['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok']);
        expect([rig.host.tasks.size, (await rig.stored()).tasks.size, (await rig.stored()).locks.size]).toEqual([0, 0, 0]);
      });
      return crashed;
    };
    let operation = 1;
    while ((await crash('before', operation)) && (await crash('after', operation))) operation += 1;
    expect(operation).toBeGreaterThan(15);
  });
});

describe('a task for a pool that there is not', () => {
  const elsewhere = defineCommand({ type: 'Elsewhere', params, locks: COPY.locks })
    .step(step({ name: 'one', effectFree: true }))
    .step(step({ name: 'copy', createTask: () => ({ ...task, pool: 'elsewhere' }), endWithFailure: () => undefined }))
    .build();

  test('is never placed: its callback has failed, and the command is rolled back, wherever the engine crashes', async () => {
    const error = { code: 'BAD_TASK', message: "task.pool: there is no storage pool 'elsewhere'" };
    await crashAtEachEvent((toTheEnd) =>
      withRig({ commands: [elsewhere] }, async (rig) => {
        rig.submit('c1', 'Elsewhere');
        await toTheEnd(rig);
        const { commands, tasks, locks } = await rig.stored();
        // A submission before its first sync may be lost with the engine.
        if (commands.size > 0) expect([await rig.command(), tasks.size, locks.size]).toMatchObject([{ status: 'ROLLED_BACK', error }, 0, 0]);
        expect([rig.host.submissions, rig.host.cleared, rig.told('taskPlaced')]).toEqual([[], [], []]);
      }),
    );
  });

  test('but was when the task was placed: its command is parked, since the task may run; a program that knows the pool goes on with it', async () => {
    await withRig({ commands: [COPY], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.pools = [];
      rig.restart();
      await rig.run();
      const heldBy = { code: 'UNKNOWN_POOL', message: expect.stringMatching(/^task c1\$.* is for storage pool 'pool1', which this program does not know$/) as string };
      expect([await rig.command(), (await rig.stored()).tasks.size]).toMatchObject([{ status: 'PARKED', heldBy }, 1]);
      const retried = rig.ask({ op: 'operateCommand', commandId: 'c1', requestId: 'r1', action: 'retry' }, rig.kernel.now + SECOND);
      const abandoned = rig.ask({ op: 'operateCommand', commandId: 'c1', requestId: 'r2', action: 'abandon' }, rig.kernel.now + 2 * SECOND);
      await rig.run();
      expect([retried, abandoned].map((asked) => rig.replies.get(asked)?.code)).toEqual([ENGINE_REFUSED, ENGINE_REFUSED]);
      rig.pools = ['pool1'];
      rig.host.script = {};
      rig.restart();
      await rig.run();
      expect([(await rig.command()).status, (await rig.stored()).tasks.size, rig.host.submissions.length]).toEqual(['SUCCEEDED', 0, 1]);
    });
  });

  test('nor when a back-off ends: the next attempt waits for a program that knows it', async () => {
    const stubborn = defineCommand({ type: 'Copy', params, locks: COPY.locks })
      .step(step({ name: 'copy', createTask: () => task, retry: { attempts: 2, backoffMs: 60_000 }, endWithFailure: () => undefined }))
      .build();
    await withRig({ commands: [stubborn] }, async (rig) => {
      rig.host.script = { status: () => (rig.host.submissions.length < 2 ? FAILED : {}) };
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskEnded');
      rig.pools = [];
      rig.restart();
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'UNKNOWN_POOL' } });
      rig.pools = ['pool1'];
      rig.restart();
      await rig.run();
      expect([(await rig.command()).status, rig.host.submissions.length]).toEqual(['SUCCEEDED', 2]);
    });
  });
});

describe('a command that this program cannot continue', () => {
  const changed = defineCommand({ type: 'Copy', params, locks: COPY.locks }).step(step({ name: 'copy', createTask: () => task })).step(step({ name: 'verify' })).build();
  const newer = defineCommand({ type: 'Copy', version: 2, params, locks: COPY.locks }).step(step({ name: 'copy', createTask: () => task })).build();
  const other = defineCommand({ type: 'Other', params }).step(step({ name: 'one', createTask: () => task })).build();

  test.each([
    ['it has another list of handlers', [changed, other], /\[copy\], this program has version 1 \[copy, verify\]/],
    ['it has another version', [newer, other], /version 1 \[copy\], this program has version 2/],
    ['its type is gone', [other], /no command type 'Copy'/],
  ] as const)('is parked, and keeps its locks, when %s; the others run', async (_, definitions, why) => {
    await withRig({ commands: [COPY, other], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      rig.submit('o1', 'Other');
      await rig.runUntil(({ type }) => type === 'taskSubmitted', 2);
      rig.host.script = {};
      rig.restart(definitions);
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'DEFINITION_CHANGED', message: expect.stringMatching(why) as string }, error: null });
      expect([[...(await rig.stored()).locks.values()].map(({ key }) => key), (await rig.command('o1')).status]).toEqual([['disk/d1'], 'SUCCEEDED']);
    });
  });

  test.each([
    ['others', () => [step({ name: 'copy2' })], /version 1 \[copy1\], this program has version 1 \[copy2\]/],
    ['none that it can make', () => { throw new Error('no such disk'); }, /without handlers for these params: no such disk/],
  ])('is parked when its handlers, which follow from its params, are now %s', async (_, handlers, why) => {
    const made = (list: () => readonly AnyHandler<z.output<typeof params>>[]) => defineCommand({ type: 'Copy', params, handlers: list }).build();
    await withRig({ commands: [made(() => [step({ name: 'copy1', createTask: () => task })])], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.host.script = {};
      rig.restart([made(handlers)]);
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'DEFINITION_CHANGED', message: expect.stringMatching(why) as string }, error: null });
    });
  });

  test('is in memory as it is on disk: parked, once that is on disk', async () => {
    await withRig({ commands: [COPY, other], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.restart([other]);
      await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.status === 'PARKED');
      await rig.runFor(SECOND);
      const parked = await rig.command();
      expect([parked.status, new Map(rig.memory?.commands)]).toEqual(['PARKED', new Map([['c1', parked]])]);
      const asked = rig.ask({ op: 'commandStatus', commandId: 'c1' });
      await rig.runFor(SECOND);
      expect(answerTo(rig, asked).result).toMatchObject({ status: 'PARKED', heldBy: { code: 'DEFINITION_CHANGED' } });
      // Another crash finds it so, and changes nothing more.
      rig.restart([other]);
      await rig.runFor(5 * SECOND);
      expect([await rig.command(), new Map(rig.memory?.commands)]).toEqual([parked, new Map([['c1', parked]])]);
    });
  });

  test('hears how its task ends, and a program that can continue it goes on from there', async () => {
    await withRig({ commands: [COPY, other], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Copy');
      await rig.runUntil(({ type }) => type === 'taskSubmitted');
      rig.host.script = {};
      rig.restart([other]);
      await rig.run();
      expect([rig.host.tasks.size, (await rig.stored()).tasks.size]).toEqual([0, 0]);
      rig.restart([COPY, other]);
      await rig.run();
      const state = await rig.command();
      expect([state.status, state.steps[0]?.work.map(({ outcome }) => outcome?.kind)]).toEqual(['SUCCEEDED', ['succeeded']]);
      expect([rig.host.tasks.size, (await rig.stored()).tasks.size]).toEqual([0, 0]);
    });
  });
});

describe('children across a crash', () => {
  const parent = defineCommand({ type: 'Parent', params }).step(step({ name: 'one', beforeTask: ({ startChild }) => {
    startChild({ type: 'Copy', params: { disk: 'd1' }, independent: true });
    startChild({ type: 'Copy', params: { disk: 'd2' }, independent: true });
  } })).build();

  test('are started, if their parent\'s commit is there', async () => {
    await withRig({ commands: [parent, COPY] }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.runUntil(({ type }) => type === 'commandSubmitted', 3);
      rig.restart();
      await rig.run();
      expect([(await rig.command()).status, rig.told('commandSubmitted').length]).toEqual(['SUCCEEDED', 3]);
    });
  });

  test('that ended in the last batch tell their parent when the engine is back', async () => {
    await withRig({ commands: [parent, COPY] }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.status === 'SUCCEEDED', 2);
      // Both are over on disk; the parent has not heard of the second.
      expect((await rig.command()).phase.at).toBe('work');
      rig.restart();
      await rig.run();
      expect((await rig.command()).status).toBe('SUCCEEDED');
    });
  });
});
