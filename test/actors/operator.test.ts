import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { defineCommand } from '../../src/model/command.js';
import type { OperatorAction } from '../../src/model/operator.js';
import { SECOND, withRig } from './engine-rig.js';

const params = z.object({});
const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };

/** Step two fails, the undo of step one fails while `broken`, and step zero can be undone. */
function undoable(calls: string[], broken: { is: boolean }) {
  return defineCommand({ type: 'Undoable', params, locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
    .step({ name: 'zero', compensate: () => { calls.push('zero'); } })
    .step({ name: 'one', undoRetry: once, compensate: () => {
      calls.push('one');
      if (broken.is) throw new Error('it is broken');
    } })
    .step({ name: 'two', beforeTask: () => { throw new Error('no'); } })
    .build();
}

describe('a command whose undo has failed for good', () => {
  test.each<[OperatorAction, mended: boolean, status: string, calls: string[], exists: string[]]>([
    ['retry', true, 'ROLLED_BACK', ['one', 'one', 'zero'], []],
    ['retry', false, 'ROLLBACK_INCOMPLETE', ['one', 'one'], []],
    ['skip', false, 'CLOSED_BY_OPERATOR', ['one', 'zero'], ['one skipped']],
    ['resolve', false, 'CLOSED_BY_OPERATOR', ['one', 'zero'], []],
    ['abandon', false, 'CLOSED_BY_OPERATOR', ['one'], ['zero blocked', 'one failed']],
  ])('%s (mended: %s) leads to %s, and once only, also across a crash', async (action, mended, status, calls, exists) => {
    const ran: string[] = [];
    const broken = { is: true };
    await withRig({ commands: [undoable(ran, broken)] }, async (rig) => {
      rig.submit('c1', 'Undoable');
      await rig.run();
      expect((await rig.command()).status).toBe('ROLLBACK_INCOMPLETE');
      broken.is = !mended;
      const operate = { op: 'operateCommand', commandId: 'c1', requestId: 'r1', action, reason: 'because' } as const;
      const asked = rig.ask(operate, rig.kernel.now + SECOND);
      await rig.run();
      expect(rig.replies.get(asked)?.code).toBe(0);
      rig.restart();
      const again = rig.ask(operate, rig.kernel.now + 2 * SECOND);
      await rig.run();
      expect(rig.replies.get(again)?.code).toBe(0);
      const { result } = rig.replies.get(again) ?? {};
      expect(result).toMatchObject({ status, operator: [{ action, requestId: 'r1', reason: 'because', status: 'ROLLBACK_INCOMPLETE' }] });
      expect(ran).toEqual(calls);
      if (status === 'CLOSED_BY_OPERATOR') {
        expect((result as unknown as { exists: { handler: string; why: string }[] }).exists.map(({ handler, why }) => `${handler} ${why}`)).toEqual(exists);
      }
      expect((await rig.stored()).locks.size).toBe(status === 'ROLLBACK_INCOMPLETE' ? 1 : 0);
    });
  });

  test('refuses what does not fit, and unknown ids, and changes nothing', async () => {
    await withRig({ commands: [undoable([], { is: true })] }, async (rig) => {
      rig.submit('c1', 'Undoable');
      await rig.run();
      const ask = async (commandId: string, action: string, output?: string) => {
        const asked = rig.ask({ op: 'operateCommand', commandId, requestId: 'r1', action: action as OperatorAction, ...(output === undefined ? {} : { output }) }, rig.kernel.now + SECOND);
        await rig.run();
        return (rig.replies.get(asked)?.result as unknown as { code: string }).code;
      };
      expect([await ask('c9', 'retry'), await ask('c1', 'undo'), await ask('c1', 'resolve', 'x')]).toEqual(['UNKNOWN_COMMAND', 'BAD_REQUEST', 'OPERATOR_REFUSED']);
      expect((await rig.command()).operator).toEqual([]);
    });
  });
});

test('a command whose every step has had its turn is operated on, whatever calls a run that was cancelled in its back-off has left', async () => {
  const cancelled = defineCommand({ type: 'Cancelled', params, locks: () => [] })
    .step({
      name: 'one',
      retry: { attempts: 2, backoffMs: 10_000, maxBackoffMs: 10_000 },
      onUndoFailed: 'continue',
      beforeTask: async (ctx) => {
        await ctx.call('host1', 'touch', {});
        throw new Error('no');
      },
    })
    .build();
  for (const [action, status] of [['retry', 'ROLLBACK_INCOMPLETE'], ['skip', 'CLOSED_BY_OPERATOR'], ['abandon', 'CLOSED_BY_OPERATOR']] as const) {
    await withRig({ commands: [cancelled] }, async (rig) => {
      rig.submit('c1', 'Cancelled');
      rig.ask({ op: 'cancelCommand', commandId: 'c1' }, 5 * SECOND);
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', executionIndex: -1, steps: [{ called: [{ host: 'host1', verb: 'touch' }] }] });
      rig.ask({ op: 'operateCommand', commandId: 'c1', requestId: 'r1', action }, rig.kernel.now + SECOND);
      await rig.run();
      expect(await rig.command()).toMatchObject({ status, operator: [{ action }], steps: [{ called: [{ host: 'host1', verb: 'touch' }] }] });
    });
  }
});
