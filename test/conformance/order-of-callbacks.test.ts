import { describe, expect, it } from 'vitest';
import { isHeld } from '../../src/flow/state.js';
import { withRig, type EngineRig } from '../actors/engine-rig.js';
import { exists } from '../lint/named-test.js';
import { happened, rigOf } from './order-of-callbacks/drive.js';
import { FAILURE } from './order-of-callbacks/failure.js';
import { FORWARD } from './order-of-callbacks/forward.js';
import { HELD_ELSEWHERE } from './order-of-callbacks/held-elsewhere.js';
import type { DrivenRow } from './order-of-callbacks/row.js';

const ROWS: readonly DrivenRow[] = [...FORWARD, ...FAILURE];

const nameOf = ({ given, when, source }: DrivenRow): string => `given ${given}, when ${when} (${source})`;

describe('the order of callbacks', () => {
  for (const row of ROWS) {
    it(`${nameOf(row)}: ${row.differs === undefined ? 'as in oVirt' : `unlike oVirt, ${row.differs}`}`, () =>
      withRig(rigOf(row), async (rig) => {
        expect(await happened(row, rig)).toEqual(row.then);
        await ended(row, rig);
      }),
    );
  }
});

describe('wherever else the engine dies, once, the committed callbacks are the same', () => {
  for (const row of ROWS.filter(({ crash }) => crash === undefined)) it(nameOf(row), { timeout: 60_000 }, async () => {
    let expected: readonly string[] = [];
    await withRig(rigOf(row), async (rig) => {
      rig.submit('c1', 'Row');
      await rig.run();
      expected = await rig.history();
    });
    let crashed = true;
    for (let portOperation = 1; crashed; portOperation += 1) {
      crashed = false;
      await withRig(rigOf(row), async (rig) => {
        rig.submit('c1', 'Row');
        // Again and again: a submission that the engine has not on disk is lost, lawfully.
        rig.submit('c1', 'Row', {}, 5_000_000);
        rig.engine.planCrash({ at: 'after', portOperation }, () => {
          crashed = true;
          rig.startAgain();
        });
        await rig.run();
        expect([portOperation, await rig.history()]).toEqual([portOperation, expected]);
        await ended(row, rig);
      });
    }
  });
});

it.each(HELD_ELSEWHERE)('$source: there is a test of it', async ({ heldBy }) => {
  expect([heldBy, await exists(heldBy)]).toEqual([heldBy, true]);
});

async function ended(row: DrivenRow, rig: EngineRig): Promise<void> {
  const store = await rig.stored();
  const state = await rig.command();
  expect(state.status).toBe(row.status);
  // The lock is there until the very end, and no longer.
  expect(store.locks.size).toBe(isHeld(row.status) ? 1 : 0);
  const released = rig.probes.findIndex((probe) => probe.type === 'lockReleased' && probe.owner === 'c1');
  if (released >= 0) expect(rig.probes.slice(released).filter(({ type }) => type === 'callbackCommitted' || type === 'taskPlaced')).toEqual([]);
  expect([store.tasks.size, rig.host.tasks.size]).toEqual([0, 0]);
  const { recordChanged, tasksTaken, tasksStopped, residue } = row.afterwards ?? {};
  if (recordChanged !== undefined) expect(store.entities.get('record/r')).toMatchObject({ value: { changes: recordChanged } });
  if (tasksTaken !== undefined) expect(new Set(rig.host.submissions.map(({ taskId }) => taskId)).size).toBe(tasksTaken);
  if (tasksStopped !== undefined) expect(rig.host.stopped).toHaveLength(tasksStopped);
  expect(state.residue.map(({ verb, object }) => `${verb} ${object}`)).toEqual(residue ?? []);
}
