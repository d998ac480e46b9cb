import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { withRig } from './engine-rig.js';

/** Fails at first, and is tried again a second later; then it calls a host. Nobody can undo what it might have done. */
function trying(part: 'beforeTask' | null) {
  return defineCommand({ type: 'T', params: z.strictObject({}) })
    .step({ name: 'zero', endSuccessfully: () => 'done' })
    .step({
      name: 'one',
      retry: { attempts: 2, backoffMs: 1_000 },
      ...(part === null ? {} : { pointOfNoReturn: { part, hasPassed: () => 'notPassed' as const } }),
      beforeTask: async ({ attempt, call }) => {
        if (attempt === 1) throw new Error('no');
        await call('host1', 'touch', {});
      },
    })
    .build();
}

// The second attempt is due when the random stretch of its back-off is over, between 1 and 1.5 s after the first. The cancel's commit takes a millisecond, in which
// it may come due.
const offsets = Array.from({ length: 30 }, (_, i) => i * 100);

test.each([null, 'beforeTask'] as const)('an attempt that is due while a cancel ends the wait for it sends nothing (point of no return: %s)', async (part) => {
  let dueAt = 0;
  await withRig({ commands: [trying(part)] }, async (rig) => {
    rig.submit('c1', 'T');
    await rig.runUntil((probe) => probe.type === 'callbackRuns' && probe.attempt === 2);
    dueAt = rig.kernel.now;
  });
  let met = 0;
  for (const offset of offsets) {
    await withRig({ commands: [trying(part)] }, async (rig) => {
      rig.submit('c1', 'T');
      rig.ask({ op: 'cancelCommand', commandId: 'c1' }, dueAt - 2_500 + offset);
      await rig.run();
      const ran = rig.told('callbackRuns').some(({ attempt }) => attempt === 2);
      const { status, heldBy } = await rig.command();
      // Either the cancel came while the attempt was waited for, or while it ran, and then what it had sent counts.
      expect(status).toBe('ROLLBACK_INCOMPLETE');
      if (heldBy?.message.startsWith('step 0') === true) expect(rig.host.calls).toEqual([]);
      if (ran && rig.host.calls.length === 0) met += 1;
    });
  }
  expect(met).toBeGreaterThan(0);
});

test('an attempt that a cancel has done away with is not run when its time comes', async () => {
  await withRig({ commands: [trying(null)] }, async (rig) => {
    rig.submit('c1', 'T');
    rig.ask({ op: 'cancelCommand', commandId: 'c1' }, 600_000);
    await rig.run();
    expect((await rig.command()).status).toBe('ROLLBACK_INCOMPLETE');
    expect(rig.told('callbackRuns').map(({ index, attempt }) => `${index} #${attempt}`)).not.toContain('1 #2');
  });
});
