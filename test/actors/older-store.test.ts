import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { SeenStores } from '../../actors/host/seen-stores.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';

// An engine whose store is an older copy of what hosts have seen.

const params = z.looseObject({});
const step = taskHandler<z.output<typeof params>>();
const copy = { verb: 'copy', args: {}, pool: 'pool1' };
const TWO = defineCommand({ type: 'Two', params })
  .step(step({ name: 'one', beforeTask: async ({ call }) => void (await call('host1', 'one', {})), createTask: () => copy, endWithFailure: () => undefined, compensate: () => undefined }))
  .step(step({ name: 'two', createTask: () => copy, endWithFailure: () => undefined, compensate: () => undefined }))
  .build();

/** What the host was asked to do. */
const asked = ({ host }: EngineRig) => [host.calls.length, host.submissions.length];

/** Runs a command to its end, and puts back a copy of the disk that was made at this moment of it. */
async function putBack(rig: EngineRig, moment: 'taskSubmitted' | 'commandSubmitted' | 'engineStarted'): Promise<void> {
  rig.submit('c1', 'Two');
  await rig.runUntil(({ type }) => type === moment);
  const older = rig.copyOfDisk();
  await rig.run();
  rig.restartWith(older);
}

describe.each(['engineStarted', 'commandSubmitted', 'taskSubmitted'] as const)('a copy of the time of %s', (moment) => {
  test('is refused: the engine does nothing outside, and says why to whoever asks, also after its next start', async () => {
    await withRig({ commands: [TWO] }, async (rig) => {
      await putBack(rig, moment);
      const before = asked(rig);
      for (const again of [false, true]) {
        if (again) rig.restart();
        await rig.run();
        for (const body of [{ op: 'commandStatus', commandId: 'c1' }, { op: 'submitCommand', commandId: 'c2', type: 'Two', params: {} }] as const) {
          const question = rig.ask(body);
          await rig.run();
          expect(rig.replies.get(question)).toMatchObject({ result: { code: 'STORE_ROLLED_BACK', message: expect.stringMatching(/commit \d+ of incarnation 1/) as string } });
        }
      }
      expect([asked(rig), rig.told('storeRolledBack').length]).toEqual([before, 2]);
    });
  });
});

// A copy that waits for a task waits for what may be gone from its host.
test.each(['engineStarted', 'commandSubmitted'] as const)('a copy of the time of %s goes on when an operator accepts it, for good: later starts need no word of his', async (moment) => {
  await withRig({ commands: [TWO] }, async (rig) => {
    await putBack(rig, moment);
    await rig.run();
    const seen = { commitSeq: rig.told('storeRolledBack')[0]?.seen ?? 0, incarnation: 1 };
    rig.restartWith(rig.copyOfDisk(), seen);
    await rig.runFor(3 * SECOND);
    rig.restartWith(rig.copyOfDisk());
    await rig.run();
    rig.submit('c2', 'Two');
    await rig.run();
    expect([(await rig.command('c2')).status, rig.told('storeRolledBack').length]).toEqual(['SUCCEEDED', 1]);
    expect((await rig.stored()).heads.get('head')?.commitSeq).toBeGreaterThan(seen.commitSeq);
  });
});

test('a store that is not older is not refused, wherever its engine crashes, and acceptance does not touch it', async () => {
  await withRig({ commands: [TWO] }, async (rig) => {
    rig.submit('c1', 'Two');
    for (let commit = 1; commit < 6; commit += 1) {
      await rig.runUntil(({ type }) => type === 'callbackCommitted', commit);
      if (rig.engine.up) rig.restartWith(rig.copyOfDisk(), { commitSeq: 1, incarnation: 1 });
    }
    await rig.run();
    expect([(await rig.command()).status, rig.told('storeRolledBack')]).toEqual(['SUCCEEDED', []]);
  });
});

test('hosts tell an older store by where its engine began, whatever overtakes what', () => {
  const seen = new SeenStores();
  const stamp = (life: string, incarnation: number, beganAt: number, commitSeq: number, id = 's') => ({ incarnation, commitSeq, store: { id, life, beganAt }, fence: null });
  expect(seen.witness(stamp('a', 1, 1, 9))).toBeNull();
  expect(seen.witness(stamp('a', 1, 1, 5))).toBeNull();
  expect(seen.witness(stamp('b', 2, 9, 20))).toEqual({ commitSeq: 9, incarnation: 1 });
  expect(seen.witness(stamp('c', 1, 1, 1))).toEqual({ commitSeq: 9, incarnation: 1 });
  expect(seen.witness(stamp('x', 1, 1, 1, 'another'))).toBeNull();
  expect(seen.witness(stamp('d', 2, 10, 10))).toBeNull();
  expect(seen.witness(stamp('a', 1, 1, 9))).toEqual({ commitSeq: 10, incarnation: 2 });
  expect(seen.witness({ incarnation: 1, commitSeq: 1, fence: null })).toBeNull();
});
