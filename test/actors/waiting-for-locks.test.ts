import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import type { LockMode, LockWait } from '../../src/model/lock.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

const lockOf = z.strictObject({ key: z.string(), mode: z.enum(['shared', 'exclusive']).default('exclusive') });
const params = z.strictObject({ locks: z.array(lockOf).readonly().default([]), children: z.array(z.array(lockOf)).readonly().default([]) });
type Params = z.output<typeof params>;
type Wish = { readonly key: string; readonly mode?: LockMode };

/** Holds its locks while a host copies, and while its children do what they do. */
function working(type: string, lockWait: LockWait) {
  const step = taskHandler<Params>();
  return defineCommand({ type, params, locks: ({ locks }) => locks, lockWait })
    .step(step({
      name: 'copy',
      beforeTask: ({ params: { children }, startChild }) => {
        for (const locks of children) startChild({ type: 'Patient', params: { locks }, independent: true });
      },
      createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }),
      endWithFailure: () => undefined,
      compensate: () => undefined,
    }))
    .build();
}

const COMMANDS = [working('Hasty', 'refuse'), working('Patient', { limitMs: 365 * 24 * 3_600_000 }), working('Short', { limitMs: 10_000 })];

const x: Wish = { key: 'x' };
const y: Wish = { key: 'y' };
const sharedX: Wish = { key: 'x', mode: 'shared' };

/** Submits it, and waits until that is on disk. */
async function submit(rig: EngineRig, id: string, type: string, locks: readonly Wish[], children: readonly (readonly Wish[])[] = []): Promise<void> {
  rig.submit(id, type, { locks, children } as never);
  await rig.runUntil((probe) => probe.type === 'commandSubmitted' && probe.commandId === id);
  await rig.runFor(10_000);
}

/** The ids of the commands in the order in which they were admitted. */
const admitted = (rig: EngineRig): readonly string[] => rig.told('statusChanged').flatMap(({ commandId, status }) => (status === 'RUNNING' ? [commandId] : []));
const statuses = async (rig: EngineRig): Promise<Record<string, string>> => Object.fromEntries([...(await rig.stored()).commands].map(([id, { status }]) => [id, status]));
const letWork = (rig: EngineRig): void => void (rig.host.script = {});

describe('a command that waits for its locks', () => {
  test('begins when they are free: readers together, writers alone, each in his turn', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 'r2', 'Patient', [sharedX]);
      await submit(rig, 'w3', 'Patient', [x, y]);
      await submit(rig, 'r4', 'Patient', [sharedX]);
      await submit(rig, 'other', 'Patient', [{ key: 'z' }]);
      expect(await statuses(rig)).toEqual({ w1: 'RUNNING', r2: 'SUBMITTED', w3: 'SUBMITTED', r4: 'SUBMITTED', other: 'RUNNING' });
      expect(rig.told('lockAwaited').map(({ commandId, holder, held }) => [commandId, holder, held])).toEqual([['r2', 'w1', true], ['w3', 'w1', true], ['r4', 'w1', true]]);
      letWork(rig);
      await rig.run();
      expect(admitted(rig)).toEqual(['w1', 'other', 'r2', 'w3', 'r4']);
      expect([new Set(Object.values(await statuses(rig))), (await rig.stored()).locks.size]).toEqual([new Set(['SUCCEEDED']), 0]);
    });
  });

  test('shares what it may, and each holder is on disk', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'r1', 'Patient', [sharedX]);
      await submit(rig, 'r2', 'Hasty', [sharedX]);
      expect([...(await rig.stored()).locks.values()]).toEqual([{ key: 'x', mode: 'shared', owner: 'r1' }, { key: 'x', mode: 'shared', owner: 'r2' }]);
      expect([...(rig.memory?.locks.records() ?? [])]).toEqual([...(await rig.stored()).locks.values()]);
    });
  });

  test('is rejected when its time is over, to the microsecond, and can be submitted again', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 's2', 'Short', [y, x]);
      const { submittedAt } = await rig.command('s2');
      await rig.kernel.runUntil(submittedAt + 10 * SECOND - 1);
      expect(rig.told('lockRefused')).toEqual([]);
      await rig.runFor(2);
      expect(rig.told('lockRefused')).toEqual([{ type: 'lockRefused', owner: 's2', key: 'x', holder: 'w1', held: true }]);
      await rig.runFor(SECOND);
      expect(await rig.command('s2')).toMatchObject({
        status: 'REJECTED',
        error: { code: 'LOCK_TIMEOUT', message: 'x is locked by command w1, still after 10000 ms', retryable: true },
      });
      expect([await rig.history('s2'), [...(await rig.stored()).locks.values()].map(({ key }) => key)]).toEqual([[], ['x']]);
    });
  });

  test('keeps a hasty one that came later from what it waits for', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'r1', 'Patient', [sharedX]);
      await submit(rig, 'w2', 'Patient', [x]);
      await submit(rig, 'r3', 'Hasty', [sharedX]);
      expect((await rig.command('r3')).error).toMatchObject({ code: 'LOCK_CONFLICT', message: 'x is promised to command w2, which comes first' });
    });
  });
});

describe('cancelled', () => {
  const cancelled = { status: 'REJECTED', error: { code: 'CANCELLED' }, steps: [] };

  test('while it waits, a command is rejected, and keeps nobody waiting', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'r1', 'Patient', [sharedX]);
      await submit(rig, 'w2', 'Patient', [x]);
      await submit(rig, 'r3', 'Patient', [sharedX]);
      const asked = [rig.ask({ op: 'cancelCommand', commandId: 'w2' }), rig.ask({ op: 'cancelCommand', commandId: 'w2' })];
      await rig.runFor(SECOND);
      expect(asked.map((correlation) => rig.replies.get(correlation)?.code)).toEqual([0, 0]);
      expect([await rig.command('w2'), (await rig.command('r3')).status]).toMatchObject([cancelled, 'RUNNING']);
      letWork(rig);
      await rig.run();
      expect([(await rig.stored()).locks.size, [...(rig.memory?.locks.records() ?? [])]]).toEqual([0, []]);
    });
  });

  test('while a child of it waits, both come to an end', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [y]);
      await submit(rig, 'p', 'Patient', [x], [[y]]);
      expect((await rig.command('p!0.1.0')).status).toBe('SUBMITTED');
      rig.ask({ op: 'cancelCommand', commandId: 'p' });
      await rig.runFor(SECOND);
      expect(await rig.command('p!0.1.0')).toMatchObject(cancelled);
      letWork(rig);
      await rig.run();
      expect([(await rig.command('w1')).status, (await rig.stored()).locks.size]).toEqual(['SUCCEEDED', 0]);
    });
  });

  test.each([1, 2, 3])('about the instant at which a child gets its locks, leaves disk and memory agreed on them, and all free in the end (seed %i)', async (seed) => {
    /** @returns when the child may have its locks, µs, and how it ended */
    const course = async (cancelAt: number | null) => {
      let ended = { freedAt: 0, child: '' };
      await withRig({ commands: COMMANDS, seed, host: { status: (_, taskId) => (taskId.startsWith('w1') ? {} : RUNNING) } }, async (rig) => {
        await submit(rig, 'w1', 'Patient', [y]);
        await submit(rig, 'p', 'Patient', [x], [[y]]);
        if (cancelAt !== null) rig.ask({ op: 'cancelCommand', commandId: 'p' }, cancelAt);
        await rig.runUntil(({ type }) => type === 'lockReleased');
        const freedAt = rig.kernel.now;
        await rig.runFor(30 * SECOND);
        expect([cancelAt, [...(rig.memory?.locks.records() ?? [])]]).toEqual([cancelAt, [...(await rig.stored()).locks.values()]]);
        letWork(rig);
        await rig.run();
        expect([cancelAt, (await rig.stored()).locks.size]).toEqual([cancelAt, 0]);
        ended = { freedAt, child: (await rig.command('p!0.1.0')).status };
      });
      return ended;
    };
    const { freedAt } = await course(null);
    const ends: string[] = [];
    for (let at = freedAt - 8_000; at <= freedAt + 4_000; at += 200) ends.push((await course(at)).child);
    expect(new Set(ends)).toEqual(new Set(['REJECTED', 'ROLLED_BACK']));
  });
});

describe('children', () => {
  test('lock besides their root\'s locks, as strongly as they need, and all of it until the root ends', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'p', 'Patient', [sharedX], [[x], [sharedX, y]]);
      const held = [{ key: 'x', mode: 'exclusive', owner: 'p' }, { key: 'y', mode: 'exclusive', owner: 'p' }];
      expect([...(await rig.stored()).locks.values()]).toEqual(held);
      rig.restart();
      await rig.runFor(2 * SECOND);
      expect([...(rig.memory?.locks.records() ?? [])]).toEqual(held);
      await submit(rig, 'r', 'Hasty', [sharedX]);
      expect((await rig.command('r')).status).toBe('REJECTED');
      letWork(rig);
      await rig.run();
      expect([(await rig.command('p')).status, (await rig.stored()).locks.size]).toEqual(['SUCCEEDED', 0]);
    });
  });

  test('that are over have their locks kept for as long as their root is not, however they ended and whether they depend on it or not', async () => {
    const statusOf = (_verb: string, taskId: string) => (taskId.startsWith('p!0.1.0') ? {} : taskId.startsWith('p!0.1.1') ? FAILED : RUNNING);
    await withRig({ commands: COMMANDS, host: { status: statusOf } }, async (rig) => {
      await submit(rig, 'p', 'Patient', [x], [[y], [{ key: 'z' }]]);
      await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.commandId === 'p!0.1.1' && probe.status === 'ROLLED_BACK');
      await rig.runFor(20 * SECOND);
      expect([(await rig.command('p!0.1.0')).status, (await rig.command('p')).status]).toEqual(['SUCCEEDED', 'RUNNING']);
      expect([...(await rig.stored()).locks.values()].map(({ key, owner }) => `${key} ${owner}`)).toEqual(['x p', 'y p', 'z p']);
      rig.restart();
      await rig.runFor(2 * SECOND);
      for (const key of ['y', 'z']) {
        await submit(rig, `h${key}`, 'Hasty', [{ key }]);
        expect((await rig.command(`h${key}`)).error?.code).toBe('LOCK_CONFLICT');
      }
      letWork(rig);
      await rig.run();
      expect([(await rig.command('p')).status, (await rig.stored()).locks.size]).toEqual(['SUCCEEDED', 0]);
    });
  });

  test('of two roots that would wait for each other: one is rejected, its root fails, the other goes on', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'a', 'Patient', [x], [[y]]);
      letWork(rig);
      await rig.run();
      expect((await rig.command('a')).status).toBe('SUCCEEDED');
    });
    await withRig({ commands: COMMANDS }, async (rig) => {
      // Both have their own locks when their children ask.
      rig.submit('a', 'Patient', { locks: [x], children: [[y]] } as never, 200_000);
      rig.submit('b', 'Patient', { locks: [y], children: [[x]] } as never, 200_000);
      await rig.run();
      const roots = await Promise.all(['a', 'b'].map((id) => rig.command(id)));
      const children = await Promise.all(['a!0.1.0', 'b!0.1.0'].map((id) => rig.command(id)));
      expect(roots.map(({ status }) => status).toSorted()).toEqual(['ROLLED_BACK', 'SUCCEEDED']);
      const loser = roots.findIndex(({ status }) => status === 'ROLLED_BACK');
      const [other, key] = loser === 0 ? ['b', 'y'] : ['a', 'x'];
      expect(children[loser]).toMatchObject({
        status: 'REJECTED',
        error: { code: 'DEADLOCK', retryable: true, message: `${key} is locked by command ${other}, which waits for locks that this command's root holds` },
      });
      expect(roots[loser]?.error?.code).toBe('CHILD_FAILED');
      expect((await rig.stored()).locks.size).toBe(0);
    });
  });
});

describe('after a crash', () => {
  test.each([1, 2, 3, 4, 5, 6])('those that waited wait again in the order of submission, before anybody new (seed %i)', async (seed) => {
    await withRig({ commands: COMMANDS, seed, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'holder', 'Patient', [x]);
      for (const id of ['z1', 'm2', 'a3', 'k4']) await submit(rig, id, 'Patient', [x]);
      rig.restart();
      rig.submit('b5', 'Patient', { locks: [x] } as never, rig.kernel.now + SECOND + 10_000);
      await rig.runFor(3 * SECOND);
      letWork(rig);
      await rig.run();
      expect(admitted(rig)).toEqual(['holder', 'z1', 'm2', 'a3', 'k4', 'b5']);
    });
  });

  test.each([1, 2, 3, 4, 5, 6])('what nobody holds any more goes to the one that was submitted first (seed %i)', async (seed) => {
    await withRig({ commands: COMMANDS, seed, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'holder', 'Patient', [x]);
      for (const id of ['z1', 'm2', 'a3']) await submit(rig, id, 'Patient', [x]);
      letWork(rig);
      await rig.runUntil(({ type }) => type === 'lockReleased');
      rig.restart();
      await rig.run();
      expect(admitted(rig)).toEqual(['holder', 'z1', 'm2', 'a3']);
    });
  });

  test('the wait goes on where it was: it ends when it would have ended', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 's2', 'Short', [x]);
      const { submittedAt } = await rig.command('s2');
      await rig.runFor(6 * SECOND);
      rig.restart();
      await rig.kernel.runUntil(submittedAt + 10 * SECOND - 1);
      expect((await rig.command('s2')).status).toBe('SUBMITTED');
      await rig.runFor(100_000);
      expect((await rig.command('s2')).error?.code).toBe('LOCK_TIMEOUT');
    });
  });

  test('a wait that ended while the engine was down is one try more', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 's2', 'Short', [x]);
      await submit(rig, 's3', 'Short', [y, x]);
      await submit(rig, 'w4', 'Patient', [y]);
      expect((await rig.command('w4')).status).toBe('SUBMITTED');
      rig.engine.crash();
      await rig.runFor(11 * SECOND);
      rig.startAgain();
      await rig.runFor(3 * SECOND);
      expect(await statuses(rig)).toEqual({ w1: 'RUNNING', s2: 'REJECTED', s3: 'REJECTED', w4: 'RUNNING' });
    });
  });

  test('a command that this program cannot continue waits no more, and keeps nobody waiting', async () => {
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 's2', 'Short', [x]);
      await submit(rig, 'w3', 'Patient', [x]);
      rig.restart(COMMANDS.filter(({ type }) => type !== 'Short'));
      await rig.runFor(2 * SECOND);
      letWork(rig);
      await rig.run();
      expect(await statuses(rig)).toEqual({ w1: 'SUCCEEDED', s2: 'PARKED', w3: 'SUCCEEDED' });
    });
  });

  test('asks for what its definition said at submission, whatever a later program would ask for, or that throws', async () => {
    const rewritten = (locks: () => readonly { readonly key: string; readonly mode: LockMode }[]) => COMMANDS.map((definition) => ({ ...definition, locks, lockWait: 'refuse' as const }));
    await withRig({ commands: COMMANDS, host: { status: () => RUNNING } }, async (rig) => {
      await submit(rig, 'w1', 'Patient', [x]);
      await submit(rig, 'w2', 'Patient', [x]);
      rig.restart(rewritten(() => [{ key: 'elsewhere', mode: 'exclusive' }]));
      await rig.runFor(2 * SECOND);
      expect([await statuses(rig), [...(await rig.stored()).locks.keys()]]).toEqual([{ w1: 'RUNNING', w2: 'SUBMITTED' }, ['lock/x/w1']]);
      rig.restart(rewritten(() => {
        throw new Error('no locks today');
      }));
      letWork(rig);
      await rig.run();
      expect([await statuses(rig), (await rig.stored()).locks.size]).toEqual([{ w1: 'SUCCEEDED', w2: 'SUCCEEDED' }, 0]);
    });
  });
});

describe('crashed at each of its port operations in turn', () => {
  /** Those that worked at the same time, from their first committed callback to their last, and should not have. */
  async function clashes(rig: EngineRig, ids: readonly string[]): Promise<readonly string[]> {
    const store = await rig.stored();
    const spans = ids.map((id) => ({ id, from: store.historyOf(id).at(0)?.t ?? 0, to: store.historyOf(id).at(-1)?.t ?? 0 }));
    const together = spans.flatMap((one) => spans.filter((other) => one.id < other.id && one.from < other.to && other.from < one.to).map((other) => [one.id, other.id]));
    return together.filter((pair) => pair.some((id) => id.startsWith('w'))).map((pair) => pair.join(' beside '));
  }

  /** @returns whether it came to that operation */
  const crash = async (at: 'before' | 'after', portOperation: number, seed: number): Promise<boolean> => {
    let crashed = false;
    await withRig({ commands: COMMANDS, seed }, async (rig) => {
      rig.engine.planCrash({ at, portOperation }, () => {
        crashed = true;
        rig.startAgain();
      });
      const wishes: readonly [string, readonly Wish[]][] = [['w1', [x, y]], ['r2', [sharedX]], ['r3', [sharedX, y]], ['w4', [x]]];
      for (const time of [0.2, 3, 20, 60]) {
        for (const [i, [id, locks]] of wishes.entries()) rig.submit(id, 'Patient', { locks } as never, Math.round(time * SECOND) + i * 20_000);
      }
      await rig.run();
      expect([at, portOperation, await statuses(rig)]).toEqual([at, portOperation, { w1: 'SUCCEEDED', r2: 'SUCCEEDED', r3: 'SUCCEEDED', w4: 'SUCCEEDED' }]);
      expect([at, portOperation, await clashes(rig, wishes.map(([id]) => id))]).toEqual([at, portOperation, []]);
      for (const [id] of wishes) expect(await rig.history(id)).toEqual(['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok']);
      expect([(await rig.stored()).locks.size, [...(rig.memory?.locks.records() ?? [])]]).toEqual([0, []]);
    });
    return crashed;
  };

  test.each([1, 2])('the engine never lets two work that exclude each other, and loses nobody (seed %i)', { timeout: 60_000 }, async (seed) => {
    let operation = 1;
    while ((await crash('before', operation, seed)) && (await crash('after', operation, seed))) operation += 1;
    expect(operation).toBeGreaterThan(40);
  });
});
