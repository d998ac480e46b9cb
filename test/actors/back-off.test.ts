import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED } from './scripted-host.js';

// The wait before a further attempt.

const step = taskHandler<unknown>();
const retry = { attempts: 2, backoffMs: 10_000 };
const COPY = { verb: 'copy', args: {}, pool: 'pool1' };

const command = () => defineCommand({ type: 'T', params: z.strictObject({}) });
const DEFINITIONS = {
  'a callback': command().step(step({
    name: 'one',
    retry,
    beforeTask: ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    },
  })).build(),
  'a task': command().step(step({ name: 'one', retry, createTask: () => COPY, endWithFailure: () => undefined })).build(),
};

type What = keyof typeof DEFINITIONS;
const ALL = Object.keys(DEFINITIONS) as What[];

const host = { status: (_verb: string, taskId: string) => (taskId === 'c1$0.w1.1.0' ? FAILED : {}) };

/** Which attempt is waited for, and when it is due, µs, as the disk has it. */
async function waitedFor(rig: EngineRig): Promise<{ readonly attempt: number; readonly due: number | null }> {
  const { phase, steps } = await rig.command();
  if (phase.at === 'callback') return { attempt: phase.attempt, due: phase.notBefore };
  const item = steps[0]?.work[0];
  return item?.kind === 'task' ? { attempt: item.attempt, due: item.notBefore } : { attempt: 0, due: null };
}

/** When the second attempt began, µs: to run, or to be offered to the host. */
const began = (rig: EngineRig, what: What): boolean =>
  what === 'a callback' ? rig.told('callbackRuns').some(({ attempt }) => attempt === 2) : rig.told('taskPlaced').some(({ attempt }) => attempt === 2);

async function begins(rig: EngineRig, what: What): Promise<number> {
  while (!began(rig, what)) if ((await rig.kernel.step()) === 0) throw new Error('it never began');
  return rig.kernel.now;
}

/** Until the wait has just been committed. */
async function failOnce(rig: EngineRig): Promise<{ readonly attempt: number; readonly due: number }> {
  rig.submit('c1', 'T');
  for (;;) {
    await rig.kernel.step();
    const { attempt, due } = (await rig.stored()).commands.has('c1') ? await waitedFor(rig) : { attempt: 0, due: null };
    if (due !== null) return { attempt, due };
  }
}

test.each(ALL)('of %s is on disk before it begins: attempt and due time; a crash does not prolong it, nor begin it anew', async (what) => {
  await withRig({ commands: [DEFINITIONS[what]], host }, async (rig) => {
    const { attempt, due } = await failOnce(rig);
    expect([attempt, due - rig.kernel.now > 9 * SECOND]).toEqual([2, true]);
    await rig.runFor(4 * SECOND);
    rig.restart();
    expect(await begins(rig, what) - due).toBeLessThan(5_000);
    expect(rig.kernel.now).toBeGreaterThanOrEqual(due);
    await rig.run();
    expect((await rig.command()).status).toBe('SUCCEEDED');
  });
});

test.each(ALL)('of %s that was over while the engine was down is over', async (what) => {
  await withRig({ commands: [DEFINITIONS[what]], host }, async (rig) => {
    const { due } = await failOnce(rig);
    rig.engine.crash();
    await rig.kernel.runUntil(due + 60 * SECOND);
    rig.startAgain();
    const startedAt = rig.kernel.now + SECOND;
    expect(await begins(rig, what) - startedAt).toBeLessThan(100_000);
  });
});

test.each(ALL)('of %s is stretched by the seed alone: the same again, and another with another seed', async (what) => {
  const waits: number[] = [];
  for (const seed of [1, 1, 2, 3, 4]) {
    await withRig({ commands: [DEFINITIONS[what]], host, seed }, async (rig) => {
      const { due } = await failOnce(rig);
      const wait = due - rig.kernel.now;
      expect(wait).toBeLessThanOrEqual(15 * SECOND);
      waits.push(wait);
    });
  }
  expect(waits[0]).toBe(waits[1]);
  expect(new Set(waits).size).toBe(4);
});
