import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { QUEUE_FULL, RECOVERING } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { crashAtEachEvent, type ToTheEnd } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

// One task of a step fails for good while others run, or wait for a host to take them.

const task = (verb: string) => ({ verb, args: {}, pool: 'pool1' });

const THREE = (told: unknown[]) =>
  defineCommand({ type: 'Three', params: z.strictObject({}) })
    .step(taskHandler<unknown>()({
      name: 'three',
      createTask: () => ['waits', 'runs', 'fails'].map(task),
      endWithFailure: ({ failure: { work } }) => void told.push(work.map(({ name, outcome }) => [name, outcome.kind === 'aborted' ? outcome.reason : outcome.kind])),
    }))
    .build();

/** Takes no `waits` before the first minute is over. */
function host(rig: EngineRig, code: number): void {
  rig.host.script = {
    submit: (verb) => (verb === 'waits' && rig.kernel.now < 60 * SECOND ? code : 0),
    status: (verb, taskId) => (verb === 'fails' ? FAILED : rig.host.stopped.includes(taskId) ? { taskResult: 'cleanSuccess', code: 411 } : RUNNING),
  };
}

async function failed(code: number, run: ToTheEnd): Promise<void> {
  const told: unknown[] = [];
  await withRig({ commands: [THREE(told)] }, async (rig) => {
    host(rig, code);
    rig.submit('c1', 'Three', {}, 100_000);
    // A submission that the engine has not on disk is lost, lawfully.
    rig.submit('c1', 'Three', {}, 5 * SECOND);
    await run(rig);
    expect([(await rig.command()).status, told.at(-1)]).toEqual(['ROLLED_BACK', [['waits', 'notSent'], ['runs', 'sibling'], ['fails', 'failed']]]);
    expect([rig.told('taskSubmitted').some(({ taskId }) => taskId.endsWith('.0')), rig.host.tasks.size, (await rig.stored()).tasks.size]).toEqual([false, 0, 0]);
  });
}

describe('when one of several tasks has failed for good, a running one is stopped, and one that was not sent is not,', () => {
  test.each([QUEUE_FULL, RECOVERING])('though a host that said %d would take it later', async (code) => {
    await failed(code, async (rig) => void (await rig.run()));
  });

  test('wherever the engine crashes', { timeout: 60_000 }, async () => {
    await crashAtEachEvent((run) => failed(QUEUE_FULL, run));
  });
});
