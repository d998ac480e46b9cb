import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { QUEUE_FULL, RECOVERING, STALE } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { crashAtEachEvent } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { RUNNING, type HostScript } from './scripted-host.js';

// A task that is stopped before a host has taken it. Its submission may still be on its way.

const COPY = defineCommand({ type: 'Copy', params: z.strictObject({}) })
  .step(taskHandler<unknown>()({ name: 'copy', timeoutMs: 600_000, createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: () => undefined }))
  .build();

/** Takes no task before `from` (µs), and then any, which runs until it is stopped. */
const closedUntil = (rig: EngineRig, from: number, code: number): HostScript => ({
  submit: () => (rig.kernel.now < from ? code : 0),
  status: (_verb, taskId) => (rig.host.stopped.includes(taskId) ? { taskState: 'finished', taskResult: 'cleanSuccess', code: 411 } : RUNNING),
});

const cancel = (rig: EngineRig, at: number) => rig.ask({ op: 'cancelCommand', commandId: 'c1' }, at);

async function ending(rig: EngineRig) {
  const { status, steps } = await rig.command();
  const stored = await rig.stored();
  return { status, outcome: steps[0]?.work[0]?.outcome, left: [stored.tasks.size, rig.host.tasks.size] };
}

const NEVER_RAN = { status: 'ROLLED_BACK', outcome: { kind: 'notSent' }, left: [0, 0] };
const ABORTED = { ...NEVER_RAN, outcome: { kind: 'aborted', reason: 'cancelled' } };

describe('a cancelled task that no host has taken', () => {
  test.each([QUEUE_FULL, RECOVERING, STALE])('for %d, is not started when a host would take it', async (code) => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.host.script = closedUntil(rig, 30 * SECOND, code);
      rig.submit('c1', 'Copy');
      cancel(rig, 5 * SECOND);
      await rig.runFor(20 * SECOND);
      expect([await ending(rig), rig.told('taskSubmitted')]).toEqual([NEVER_RAN, []]);
      const tried = rig.host.submissions.length;
      await rig.run();
      expect(rig.host.submissions.length).toBe(tried);
    });
  });

  test('and was placed by an earlier incarnation, is not started either', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.host.script = closedUntil(rig, 5 * SECOND, QUEUE_FULL);
      rig.submit('c1', 'Copy');
      await rig.runFor(3 * SECOND);
      // The engine dies with the request on disk, and before it has told the host.
      cancel(rig, 3.5 * SECOND);
      while ((await rig.command()).cancel === null) await rig.kernel.step();
      rig.engine.crash();
      await rig.runFor(5 * SECOND);
      rig.startAgain();
      await rig.run();
      expect([await ending(rig), rig.told('taskSubmitted')]).toEqual([NEVER_RAN, []]);
    });
  });

  test('as far as anybody knows, but has: it is stopped, and waited for', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.host.script = { ...closedUntil(rig, 0, 0), submit: () => 'silence' };
      rig.submit('c1', 'Copy');
      cancel(rig, 5 * SECOND);
      await rig.run();
      expect([await ending(rig), rig.host.submissions.length]).toEqual([ABORTED, 1]);
    });
  });

  test('is stopped though its command waits for nothing else: no host has to take it first', async () => {
    await withRig({ commands: [COPY] }, async (rig) => {
      rig.host.script = closedUntil(rig, Number.POSITIVE_INFINITY, QUEUE_FULL);
      rig.submit('c1', 'Copy');
      cancel(rig, 5 * SECOND);
      // Not until nothing is left to do: an engine that went on offering would never come to that.
      await rig.runFor(30 * SECOND);
      expect(await ending(rig)).toEqual(NEVER_RAN);
    });
  });

  test('ends the same if the engine crashes at any event', async () => {
    const events = await crashAtEachEvent((run) =>
      withRig({ commands: [COPY] }, async (rig) => {
        rig.host.script = closedUntil(rig, 9 * SECOND, QUEUE_FULL);
        rig.submit('c1', 'Copy');
        cancel(rig, 5 * SECOND);
        await run(rig);
        // A submission or a cancel before its first sync may be lost with the engine.
        if ((await rig.stored()).commands.size === 0 || (await rig.command()).cancel === null) return;
        expect([await ending(rig), rig.told('taskSubmitted')]).toEqual([NEVER_RAN, []]);
      }),
    );
    expect(events).toBeGreaterThan(30);
  });
});
