import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NOT_SPM, RECOVERING, TASK_UNKNOWN } from '../../actors/wire.js';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { crashAtEachEvent } from './crash-at-each-event.js';
import { SECOND, withRig, type EngineRig, type RigOptions } from './engine-rig.js';
import { RUNNING } from './scripted-host.js';

// A task that its host forgets after it has acknowledged it, and one that runs for too long.

const COPY = defineCommand({ type: 'Copy', params: z.strictObject({}) })
  .step(taskHandler<unknown>()({ name: 'copy', createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: () => undefined }))
  .build();

const SETTINGS = { pollingRateMs: 5_000, unknownGraceMs: 10_000, zombieAfterMs: 60_000 };
const RIG: RigOptions = { commands: [COPY], settings: SETTINGS, host: { status: () => RUNNING } };

/** Forgets the task as soon as the engine knows for certain that the host has it. */
async function forgotten(rig: EngineRig): Promise<void> {
  rig.submit('c1', 'Copy');
  await rig.runUntil(({ type }) => type === 'taskSubmitted');
  rig.host.tasks.clear();
}

async function ending(rig: EngineRig) {
  const { status, steps } = await rig.command();
  return { status, outcome: steps[0]?.work[0]?.outcome, left: [(await rig.stored()).tasks.size, rig.host.tasks.size] };
}

const LOST = { status: 'ROLLED_BACK', outcome: { kind: 'lost' }, left: [0, 0] };

describe('a task that its host has forgotten', () => {
  test('is lost when the host has fenced its id', async () => {
    await withRig(RIG, async (rig) => {
      await forgotten(rig);
      await rig.run();
      expect([await ending(rig), rig.host.fences.length, rig.host.submissions.length]).toEqual([LOST, 1, 1]);
    });
  });

  test.each([
    ['lost', 'silence'],
    ['that it is not the SPM', NOT_SPM],
    ['that it is recovering', RECOVERING],
    ['one that says nothing', 309],
  ] as const)('is not lost as long as the answer is %s, however often the engine dies meanwhile', async (_, answer) => {
    await withRig(RIG, async (rig) => {
      await forgotten(rig);
      rig.host.script = { ...RIG.host, fence: () => answer };
      for (let i = 0; i < 3; i += 1) {
        await rig.runFor(400 * SECOND);
        expect([(await ending(rig)).outcome, rig.told('taskEnded')]).toEqual([null, []]);
        rig.restart();
      }
      expect(rig.host.fences.length).toBeGreaterThan(3);
      rig.host.script = { ...RIG.host, fence: () => TASK_UNKNOWN };
      await rig.run();
      expect(await ending(rig)).toEqual(LOST);
    });
  });

  test('by one SPM, and not by the next, goes on', async () => {
    await withRig(RIG, async (rig) => {
      await forgotten(rig);
      let generation = 1;
      rig.host.script = { ...RIG.host, term: () => ({ generation, settled: true }) };
      await rig.runFor(8 * SECOND);
      generation = 2;
      // Its tasks are not loaded yet: that says nothing.
      rig.host.script = { ...RIG.host, term: () => ({ generation, settled: false }) };
      await rig.runFor(300 * SECOND);
      expect([rig.host.fences, (await ending(rig)).outcome]).toEqual([[], null]);
      rig.host.tasks.set(rig.host.submissions[0]?.taskId ?? 'none', 'copy');
      rig.host.script = {};
      await rig.run();
      expect(await ending(rig)).toEqual({ status: 'SUCCEEDED', outcome: { kind: 'succeeded' }, left: [0, 0] });
    });
  });

  test('ends the same if the engine crashes at any event', async () => {
    await crashAtEachEvent((toTheEnd) =>
      withRig(RIG, async (rig) => {
        // From where nothing of its acknowledgement can be lost any more.
        await forgotten(rig);
        await toTheEnd(rig);
        expect([await ending(rig), rig.host.submissions.length]).toEqual([LOST, 1]);
      }),
    );
  });

  test('ends the same if the engine crashes before or after any of its port operations', async () => {
    const crash = async (at: 'before' | 'after', offset: number): Promise<boolean> => {
      let crashed = false;
      const down = (): void => void (crashed = true);
      await withRig({ ...RIG, down }, async (rig) => {
        await forgotten(rig);
        rig.engine.planCrash({ at, portOperation: rig.engine.portOperations + offset }, () => rig.startAgain());
        await rig.run();
        expect([at, offset, await ending(rig), rig.host.submissions.length]).toEqual([at, offset, LOST, 1]);
      });
      return crashed;
    };
    let offset = 1;
    while ((await crash('before', offset)) && (await crash('after', offset))) offset += 1;
    expect(offset).toBeGreaterThan(8);
  });
});

describe('a task that runs for too long', () => {
  const ZOMBIE = { status: 'ROLLED_BACK', outcome: { kind: 'aborted', reason: 'zombie' }, left: [0, 0] };
  const untilStopped = (rig: EngineRig) => (_verb: string, taskId: string) =>
    rig.host.stopped.includes(taskId) ? ({ taskState: 'finished', taskResult: 'cleanSuccess', code: 411 } as const) : RUNNING;

  test('is stopped, wherever the engine crashes', async () => {
    const events = await crashAtEachEvent((toTheEnd) =>
      withRig(RIG, async (rig) => {
        rig.host.script = { status: untilStopped(rig) };
        rig.submit('c1', 'Copy');
        await toTheEnd(rig);
        if ((await rig.stored()).commands.size > 0) expect([await ending(rig), rig.host.submissions.length > 0]).toEqual([ZOMBIE, true]);
      }),
    );
    expect(events).toBeGreaterThan(40);
  });
});

test('what nobody knows is cleared though the SPM had not loaded its tasks when it was first asked', async () => {
  await withRig(RIG, async (rig) => {
    let loaded = false;
    rig.host.script = { term: () => ({ generation: 1, settled: loaded }) };
    await rig.runFor(2 * SECOND);
    loaded = true;
    rig.host.tasks.set('stranger', 'copy');
    await rig.runFor(20 * SECOND);
    expect(rig.host.cleared).toEqual(['stranger']);
  });
});
