import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { operateOffline } from '../../actors/engine/offline.js';
import type { OperatorAction } from '../../src/model/operator.js';
import type { DiskOp } from '../../src/store/disk.js';
import { crashAtEachEvent, type ToTheEnd } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig, type RigOptions } from './engine-rig.js';

// An operator ends, or goes on without, what a command has sent to a host, and nobody has answered.

const params = z.object({});
const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const TIMEOUT = 180 * SECOND;

/** Makes a call that is answered, and one that is not, and fails with something else than that. */
const callsInVain = async ({ call }: { call: (host: string, verb: string, args: Record<string, never>) => Promise<unknown> }): Promise<void> => {
  await call('host1', 'prepare', {});
  await call('host1', 'shrink', {}).catch(() => undefined);
  throw new Error('it is broken');
};

const COMMANDS = {
  Undo: defineCommand({ type: 'Undo', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({ name: 'one', undoRetry: once, compensate: callsInVain })
    .step({ name: 'two', beforeTask: () => { throw new Error('no'); } })
    .build(),
  // The step whose call has no answer is not the one that the rollback has stopped at.
  UndoBefore: defineCommand({ type: 'UndoBefore', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({ name: 'zero', undoRetry: once, compensate: () => { throw new Error('no'); } })
    .step({ name: 'one', undoRetry: once, onUndoFailed: 'continue', compensate: callsInVain })
    .step({ name: 'two', beforeTask: () => { throw new Error('no'); } })
    .build(),
  // The run that has made the call is over and done.
  Caught: defineCommand({ type: 'Caught', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({ name: 'cross', endSuccessfully: ({ call }) => call('host1', 'cross', {}).then(() => undefined), pointOfNoReturn: { part: 'endSuccessfully', hasPassed: () => 'passed' } })
    .step({ name: 'one', undoRetry: once, beforeTask: async ({ call }) => void (await call('host1', 'shrink', {}).catch(() => undefined)), endSuccessfully: () => { throw new Error('no'); }, compensate: () => undefined })
    .build(),
  Forward: defineCommand({ type: 'Forward', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({ name: 'cross', endSuccessfully: ({ call }) => call('host1', 'cross', {}).then(() => undefined), pointOfNoReturn: { part: 'endSuccessfully', hasPassed: () => 'passed' } })
    .step({ name: 'one', undoRetry: once, endSuccessfully: callsInVain, compensate: () => undefined })
    .build(),
  Forgetful: defineCommand({ type: 'Forgetful', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({
      name: 'one',
      retry: { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 },
      beforeTask: async ({ call, attempt }) => void (await call('host1', 'shrink', { attempt })),
      endWithFailure: () => undefined,
    })
    .build(),
};
type Type = keyof typeof COMMANDS;

const silentShrink = { call: ({ verb }: { verb: string }) => (verb === 'shrink' ? ('silence' as const) : { result: null }) };
const options = (type: Type, more: Partial<RigOptions> = {}): RigOptions => ({ commands: [COMMANDS[type]], host: silentShrink, ...more });

/** What comes late is refused by a host that has seen what a request to drain carries. */
function staleFromNowOn(rig: EngineRig): boolean {
  const sent = rig.host.calls.findLast(({ verb }) => verb === 'shrink')?.stamp?.fence?.number ?? 0;
  return rig.host.drains.every(({ stamp }) => (stamp?.fence?.number ?? 0) > sent);
}

const HELD: Readonly<Record<Type, string>> = { Undo: 'ROLLBACK_INCOMPLETE', UndoBefore: 'ROLLBACK_INCOMPLETE', Caught: 'STUCK', Forward: 'STUCK', Forgetful: 'PARKED' };

const CASES: readonly (readonly [Type, OperatorAction])[] = [
  ['Undo', 'abandon'],
  ['Undo', 'skip'],
  ['Undo', 'resolve'],
  ['UndoBefore', 'abandon'],
  ['UndoBefore', 'skip'],
  ['Caught', 'abandon'],
  ['Caught', 'skip'],
  ['Forward', 'abandon'],
  ['Forward', 'skip'],
  ['Forward', 'resolve'],
  ['Forgetful', 'abandon'],
];

const operation = (action: OperatorAction, requestId = 'r1') => ({ op: 'operateCommand', commandId: 'c1', requestId, action }) as const;

describe('an action on a command with a call that nobody has answered', () => {
  test.each(CASES)('%s, %s: is committed once the host has said that it is over, and that what comes late is refused', async (type, action) => {
    await withRig(options(type), async (rig) => {
      rig.submit('c1', type);
      await rig.run();
      expect((await rig.command()).status).toBe(HELD[type]);
      rig.host.script = { ...silentShrink, drain: () => 'silence' };
      rig.host.drains.length = 0;
      const asked = rig.ask(operation(action), rig.kernel.now + SECOND);
      await rig.runFor(TIMEOUT / 2);
      // The giving-up is durable, and nothing else.
      expect(await rig.command()).toMatchObject({ status: HELD[type], operator: [] });
      expect([rig.replies.has(asked), rig.host.drains.length, staleFromNowOn(rig)]).toEqual([false, 1, true]);
      await rig.run();
      expect(rig.replies.get(asked)).toMatchObject({ result: { code: 'OPERATOR_REFUSED', message: expect.stringContaining('shrink on host1 was not answered') as string } });
      expect(await rig.command()).toMatchObject({ status: HELD[type], operator: [] });
      expect((await rig.stored()).locks.size).toBe(1);

      rig.host.script = silentShrink;
      const again = rig.ask(operation(action), rig.kernel.now + SECOND);
      await rig.run();
      expect(rig.replies.get(again)?.code).toBe(0);
      const { status, operator, unsettled } = await rig.command();
      expect({ status, operator, unsettled }).toMatchObject({ status: type === 'UndoBefore' && action === 'skip' ? 'ROLLBACK_INCOMPLETE' : 'CLOSED_BY_OPERATOR', operator: [{ action }] });
      expect(unsettled).toBeUndefined();
    });
  });

  test.each(CASES)('%s, %s: is refused where no engine runs that could ask, and changes nothing; retry is not', async (type, action) => {
    await withRig(options(type), async (rig) => {
      rig.submit('c1', type);
      await rig.run();
      const disk = rig.copyOfDisk();
      const before = await disk.clone().scan('');
      const operate = (does: OperatorAction) => operateOffline(disk, { definitions: new Map([[type, COMMANDS[type]]]), commandId: 'c1', wish: { action: does }, now: rig.kernel.now });
      await expect(operate(action)).rejects.toMatchObject({ code: 'OPERATOR_REFUSED', message: expect.stringContaining('shrink on host1 was not answered') as string });
      expect(await disk.clone().scan('')).toEqual(before);
      expect((await operate('retry')).operator).toMatchObject([{ action: 'retry' }]);
    });
  });

  test('is not delayed by a host that has started again since: it knows nothing of the call', async () => {
    await withRig(options('Undo'), async (rig) => {
      rig.submit('c1', 'Undo');
      await rig.run();
      rig.host.incarnation = 2;
      rig.host.script = { drain: () => 'silence' };
      const asked = rig.ask(operation('abandon'), rig.kernel.now + SECOND);
      await rig.runFor(2 * SECOND);
      expect([rig.replies.get(asked)?.code, (await rig.command()).status]).toEqual([0, 'CLOSED_BY_OPERATOR']);
    });
  });

  test('is not carried out if the host says that it does not know: a newer number has been seen, or it is recovering', async () => {
    for (const code of [9001, 99]) {
      await withRig(options('Undo'), async (rig) => {
        rig.submit('c1', 'Undo');
        await rig.run();
        rig.host.script = { drain: () => ({ code }) };
        const asked = rig.ask(operation('abandon'), rig.kernel.now + SECOND);
        await rig.run();
        expect([rig.replies.get(asked)?.result, (await rig.command()).status]).toMatchObject([{ code: 'OPERATOR_REFUSED' }, 'ROLLBACK_INCOMPLETE']);
      });
    }
  });

  test('that is asked for again and again meanwhile asks the host once, and each is answered', async () => {
    await withRig(options('Undo'), async (rig) => {
      rig.submit('c1', 'Undo');
      await rig.run();
      let silent = true;
      rig.host.script = { drain: () => (silent ? 'silence' : { result: null }) };
      const now = rig.kernel.now;
      const asked = [rig.ask(operation('abandon'), now + SECOND), rig.ask(operation('abandon'), now + 6 * SECOND), rig.ask(operation('skip', 'r2'), now + 11 * SECOND)];
      await rig.runFor(TIMEOUT);
      expect(rig.host.drains).toHaveLength(1);
      silent = false;
      await rig.run();
      expect(asked.map((one) => rig.replies.get(one)?.code)).toEqual([9100, 9100, 9100]);
      const [once, twice] = [rig.ask(operation('abandon'), rig.kernel.now + SECOND), rig.ask(operation('abandon'), rig.kernel.now + SECOND)];
      await rig.run();
      expect([rig.replies.get(once)?.code, rig.replies.get(twice)?.code, (await rig.command()).operator.length, rig.host.drains.length]).toEqual([0, 0, 1, 2]);
    });
  });

  test('counts only what was sent before: one that an operator has tried again meanwhile is asked about anew', async () => {
    await withRig(options('Forgetful'), async (rig) => {
      rig.submit('c1', 'Forgetful');
      await rig.run();
      rig.host.script = { ...silentShrink, drain: () => 'silence' };
      const abandoned = rig.ask(operation('abandon'), rig.kernel.now + SECOND);
      await rig.runFor(10 * SECOND);
      // It runs, makes its call again, and is parked again, while the host has not said anything.
      rig.ask(operation('retry', 'r2'));
      await rig.runFor(TIMEOUT - 30 * SECOND);
      expect(await rig.command()).toMatchObject({ status: 'PARKED', operator: [{ action: 'retry' }] });
      rig.host.script = silentShrink;
      await rig.run();
      expect(rig.replies.get(abandoned)).toMatchObject({ code: 9100 });
      const again = rig.ask(operation('abandon', 'r3'), rig.kernel.now + SECOND);
      await rig.run();
      expect([rig.replies.get(again)?.code, (await rig.command()).status, rig.host.drains.length]).toEqual([0, 'CLOSED_BY_OPERATOR', 2]);
    });
  });

  test('retry waits for nobody: it makes the call again, under its key', async () => {
    for (const type of ['Undo', 'UndoBefore', 'Forward'] as const) {
      await withRig(options(type), async (rig) => {
        rig.submit('c1', type);
        await rig.run();
        rig.ask(operation('retry'), rig.kernel.now + SECOND);
        await rig.run();
        const keysOf = (verb: string): readonly string[] => rig.host.calls.flatMap((call) => (call.verb === verb ? [call.key] : []));
        // Another step's undo does wait, once the first has failed again.
        expect([type, type === 'UndoBefore' || rig.host.drains.length === 0, keysOf('prepare').length, keysOf('shrink').length, new Set(keysOf('shrink')).size]).toEqual([type, true, 1, 2, 1]);
      });
    }
  });
});

describe('a host that dies while it is asked', () => {
  const dies = (rig: EngineRig): void => {
    rig.at(rig.kernel.now, () => void (rig.host.incarnation = 2));
    rig.host.script = { drain: () => 'silence' };
  };

  test('says when it has started again that what it was asked about is over; the operator is told to ask again', async () => {
    await withRig(options('Undo'), async (rig) => {
      rig.submit('c1', 'Undo');
      await rig.run();
      rig.host.script = { ...silentShrink, drain: () => 'silence' };
      const asked = rig.ask(operation('abandon'), rig.kernel.now + SECOND);
      await rig.runFor(TIMEOUT / 2);
      dies(rig);
      await rig.run();
      expect([rig.replies.get(asked)?.code, (await rig.command()).status]).toEqual([9100, 'ROLLBACK_INCOMPLETE']);
      const again = rig.ask(operation('abandon'), rig.kernel.now + SECOND);
      await rig.run();
      expect([rig.replies.get(again)?.code, (await rig.command()).status]).toEqual([0, 'CLOSED_BY_OPERATOR']);
    });
  });

  test('is asked again, by an undo that waits for it', async () => {
    await withRig(options('UndoBefore', { host: { ...silentShrink, drain: () => 'silence' } }), async (rig) => {
      rig.submit('c1', 'UndoBefore');
      await rig.runUntil(() => rig.host.drains.length > 0);
      expect(await rig.command()).toMatchObject({ status: 'ROLLING_BACK', executionIndex: 0 });
      dies(rig);
      await rig.run();
      expect([(await rig.command()).status, rig.host.drains.map(({ hostIncarnation }) => hostIncarnation)]).toEqual(['ROLLBACK_INCOMPLETE', [1, 1]]);
    });
  });
});

describe('wherever the engine crashes, before or after any of its port operations, an action', () => {
  test.each<[Type, OperatorAction]>([
    ['UndoBefore', 'abandon'],
    ['UndoBefore', 'skip'],
    ['Caught', 'abandon'],
  ])('%s, %s: is carried out once, and after the host has said so', async (type, action) => {
    const crash = async (at: 'before' | 'after', offset: number): Promise<boolean> => {
      const seen = { crashed: false, answered: false, whenActed: false };
      const written = (ops: readonly DiskOp[]): void => {
        if (ops.some((op) => op.type === 'put' && Buffer.from(op.value).includes('requestId'))) seen.whenActed = seen.answered;
      };
      await withRig(options(type, { settings: { callTimeoutMs: 2_000 }, written, down: () => void (seen.crashed = true) }), async (rig) => {
        rig.submit('c1', type);
        await rig.run();
        rig.host.script = { ...silentShrink, drain: () => ((seen.answered = true), { result: null }) };
        for (let time = 1; time <= 4; time += 1) rig.ask(operation(action), rig.kernel.now + time * 3 * SECOND);
        rig.engine.planCrash({ at, portOperation: rig.engine.portOperations + offset }, () => rig.startAgain());
        await rig.run();
        const { status, operator } = await rig.command();
        const ends = type === 'UndoBefore' && action === 'skip' ? 'ROLLBACK_INCOMPLETE' : 'CLOSED_BY_OPERATOR';
        expect([at, offset, status, operator.length, staleFromNowOn(rig), seen.whenActed]).toEqual([at, offset, ends, 1, true, true]);
      });
      return seen.crashed;
    };
    let offset = 1;
    while ((await crash('before', offset)) && (await crash('after', offset))) offset += 1;
    expect(offset).toBeGreaterThan(5);
  });
});

describe('wherever the engine crashes, an action on a command with a call that nobody has answered', () => {
  test.each(CASES)('%s, %s: is carried out once, and after the host has said so', async (type, action) => {
    const play = async (run: ToTheEnd): Promise<void> => {
      const answered = { ever: false, whenActed: false };
      const written = (ops: readonly DiskOp[]): void => {
        if (ops.some((op) => op.type === 'put' && Buffer.from(op.value).includes('requestId'))) answered.whenActed = answered.ever;
      };
      await withRig(options(type, { settings: { callTimeoutMs: 2_000 }, written }), async (rig) => {
        rig.submit('c1', type);
        await rig.run();
        rig.host.script = { ...silentShrink, drain: () => ((answered.ever = true), { result: null }) };
        // The client says it again, until it is answered.
        for (let time = 1; time <= 4; time += 1) rig.ask(operation(action), rig.kernel.now + time * 3 * SECOND);
        await run(rig);
        const { status, operator } = await rig.command();
        expect({ status, operator }).toMatchObject({ status: type === 'UndoBefore' && action === 'skip' ? 'ROLLBACK_INCOMPLETE' : 'CLOSED_BY_OPERATOR', operator: [{ action, requestId: 'r1' }] });
        expect([staleFromNowOn(rig), answered.whenActed]).toEqual([true, true]);
      });
    };
    await crashAtEachEvent(play);
  });
});

test('an undo that waits for a host which never answers gives the call up once, and writes nothing more; the host is asked again and again', async () => {
  let batches = 0;
  const plain = defineCommand({ type: 'Plain', params }).step({ name: 'one', beforeTask: async ({ call }) => void (await call('host1', 'shrink', {})), endWithFailure: () => undefined }).build();
  await withRig({ commands: [plain], host: { call: () => 'silence', drain: () => 'silence' }, written: () => (batches += 1) }, async (rig) => {
    rig.submit('c1', 'Plain');
    await rig.runFor(10 * TIMEOUT);
    expect(rig.told('callAwaited')).toEqual([{ type: 'callAwaited', commandId: 'c1', host: 'host1', verb: 'shrink' }]);
    const [{ status, fence }, written, asked] = [await rig.command(), batches, rig.host.drains.length];
    expect(status).toBe('ROLLING_BACK');
    await rig.runFor(7 * 24 * 3600 * SECOND);
    expect([(await rig.command()).fence, batches, rig.told('callAwaited').length]).toEqual([fence, written, 1]);
    expect(rig.host.drains.length).toBeGreaterThan(asked + 100);
    rig.host.script = {};
    await rig.run();
    expect((await rig.command()).status).toBe('ROLLED_BACK');
  });
});
