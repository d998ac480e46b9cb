import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { crashAtEachEvent, type ToTheEnd } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { RUNNING, type HostScript } from './scripted-host.js';

const step = taskHandler<unknown>();
const nothing = (): undefined => undefined;

/** Its second step takes for ever, and has a limit. */
const Slow = defineCommand({ type: 'Slow', params: z.record(z.string(), z.unknown()) })
  .step(step({ name: 'first', effectFree: true }))
  .step(step({ name: 'slow', timeoutMs: 30_000, createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: nothing }))
  .build();

/** A host on which `copy` runs until it is stopped. */
const patient = (rig: () => EngineRig): HostScript => ({
  status: (_verb, taskId) => (rig().host.stopped.includes(taskId) ? { taskState: 'finished', taskResult: 'cleanSuccess', code: 411 } : RUNNING),
});

const ORDER = ['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok', 'beforeTask 1 #1 ok', 'createTask 1 #1 ok', 'endWithFailure 1 #1 ok'];

describe('a step with a time limit', () => {
  test('has its task stopped when that is over, and is undone', async () => {
    await withRig({ commands: [Slow] }, async (rig) => {
      rig.host.script = patient(() => rig);
      rig.submit('c1', 'Slow');
      await rig.run();
      const state = await rig.command();
      expect(await rig.history()).toEqual(ORDER);
      expect(state).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'STEP_TIMEOUT' } });
      expect(state.steps[1]?.work[0]?.outcome).toEqual({ kind: 'aborted', reason: 'timeout' });
      expect(state.steps[1]?.timedOut?.requestedAt).toBe((state.steps[1]?.reachedAt ?? 0) + 30 * SECOND);
    });
  });

  test('does not outlive its step: the timer of a step that is over is gone', async () => {
    await withRig({ commands: [Slow] }, async (rig) => {
      rig.submit('c1', 'Slow');
      await rig.run();
      expect([(await rig.command()).status, rig.kernel.now < 30 * SECOND]).toEqual(['SUCCEEDED', true]);
    });
  });

  test('counts on while the engine is down', async () => {
    await withRig({ commands: [Slow] }, async (rig) => {
      rig.host.script = patient(() => rig);
      rig.submit('c1', 'Slow');
      await rig.runFor(20 * SECOND);
      rig.engine.crash();
      await rig.runFor(60 * SECOND);
      rig.startAgain();
      await rig.run();
      const { steps, status } = await rig.command();
      expect([status, (steps[1]?.timedOut?.requestedAt ?? 0) < 83 * SECOND]).toEqual(['ROLLED_BACK', true]);
    });
  });

  test('is over at its time while a child is held, not when that is released', async () => {
    const kid = defineCommand({ type: 'Kid', params: z.strictObject({}) }).step(step({ name: 'wait', createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: nothing })).build();
    const limited = defineCommand({ type: 'Limited', params: z.strictObject({}) })
      .step(step({ name: 'both', timeoutMs: 60_000, beforeTask: ({ startChild }) => void startChild({ type: 'Kid', params: {} }), createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: nothing }))
      .build();
    await withRig({ commands: [kid, limited] }, async (rig) => {
      rig.host.script = patient(() => rig);
      rig.submit('c1', 'Limited');
      await rig.runUntil((probe) => probe.type === 'taskSubmitted', 2);
      rig.restart([limited]);
      await rig.runFor(100 * SECOND);
      const held = await rig.command();
      const { timedOut, reachedAt = 0 } = held.steps[0] ?? {};
      expect([held.heldBy?.code, timedOut?.requestedAt]).toEqual(['CHILD_HELD', reachedAt + 60 * SECOND]);
      expect(rig.host.stopped).toHaveLength(1);
      rig.restart([kid, limited]);
      await rig.run();
      expect([(await rig.command()).status, (await rig.command()).error?.code]).toEqual(['ROLLED_BACK', 'STEP_TIMEOUT']);
    });
  });

  test('ends a task that no SPM ever took, without anybody having to answer', async () => {
    await withRig({ commands: [Slow], host: { isSpm: () => false } }, async (rig) => {
      rig.submit('c1', 'Slow');
      await rig.runFor(60 * SECOND);
      const { status, steps } = await rig.command();
      expect([status, steps[1]?.work[0]?.outcome]).toEqual(['ROLLED_BACK', { kind: 'notSent' }]);
      expect(rig.host.submissions).toEqual([]);
    });
  });

  test('ends as it would have if the engine crashes at any event', async () => {
    await crashAtEachEvent(slowly);
  });
});

async function slowly(run: ToTheEnd): Promise<void> {
  await withRig({ commands: [Slow] }, async (rig) => {
    rig.host.script = patient(() => rig);
    rig.submit('c1', 'Slow', {}, 100_000);
    await run(rig);
    const stored = await rig.stored();
    // A submission before its first sync may be lost.
    if (stored.commands.size === 0) return;
    expect([await rig.history(), (await rig.command()).status]).toEqual([ORDER, 'ROLLED_BACK']);
    expect([stored.tasks.size, stored.calls.size, rig.host.tasks.size]).toEqual([0, 0, 0]);
  });
}
