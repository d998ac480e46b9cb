import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHeld, isTerminal, type CommandState } from '../../../src/flow/state.js';
import { recover, transition } from '../../../src/flow/transition.js';
import { outstandingWork } from '../../../src/flow/work.js';
import { decodeValue, encodeValue } from '../../../src/store/codec.js';
import type { Data } from '../../../src/model/data.js';
import { anyChoices, anyShape, strayEvents, walk, type Walk } from './walk.js';

const RUNS = { numRuns: 600 };

/** Checks every walk of every shape. */
function always(check: (walked: Walk) => void): void {
  fc.assert(fc.property(anyShape, anyChoices, (shape, choices) => check(walk(shape, choices))), RUNS);
}

describe('whatever happens to a command', () => {
  test('no event that can occur is illegal, and none leads to a dead end', () => {
    fc.assert(
      fc.property(anyShape, anyChoices, (shape, choices) => {
        walk(shape, choices, (state, lawful) => {
          const waits = outstandingWork(state).items.some(({ outcome }) => outcome === null);
          const owes = recover(state).length > 0;
          const rests = isHeld(state.status) || isTerminal(state.status) || state.status === 'COMPLETED';
          expect(owes || waits || rests).toBe(true);
          expect(lawful.length > 0 || rests).toBe(true);
        });
      }),
      RUNS,
    );
  });

  test('its status fits its phase', () => {
    const fits = ({ status, phase, error, heldBy, executionReason }: CommandState): void => {
      expect(isTerminal(status)).toBe(phase.at === 'ended');
      expect(isHeld(status)).toBe(phase.at === 'held');
      expect(status === 'COMPLETED').toBe(phase.at === 'completed');
      expect(heldBy !== null).toBe(isHeld(status));
      // A child that cannot be undone holds its parent on the way back; one that is held in any way, on the way forward.
      // Whom an operator closed a child of may have been on either way.
      if (heldBy?.code !== 'CHILD_HELD' && status !== 'CLOSED_BY_OPERATOR') expect(error !== null).toBe(['ROLLING_BACK', 'ROLLED_BACK', 'ROLLBACK_INCOMPLETE', 'REJECTED'].includes(status));
      if (status !== 'REJECTED') expect(executionReason === 'ROLLBACK_FLOW').toBe(error !== null);
    };
    always(({ moves }) => moves.forEach(({ after }) => fits(after)));
  });

  test('its fence never falls, grows by one at most, and whenever an attempt is given up', () => {
    always(({ moves }) => {
      for (const { before, after, effects } of moves) {
        expect(after.fence).toBeGreaterThanOrEqual(before.fence);
        expect(after.fence).toBeLessThanOrEqual(before.fence + 1);
        // What hasPassed was asked about had been given up before.
        if (before.phase.at === 'callback' && before.phase.callback === 'hasPassed') continue;
        const triesAgain = effects.some((effect) => effect.do === 'retryAt' || (effect.do === 'runCallback' && effect.attempt > 1));
        if (triesAgain || after.executionReason !== before.executionReason) expect(after.fence).toBeGreaterThan(before.fence);
      }
    });
  });

  test('its fence grows only where something that was sent is given up', () => {
    always(({ moves }) => {
      for (const { before, event, after, effects } of moves) {
        if (after.fence === before.fence) continue;
        const triesAgain = effects.some((effect) => effect.do === 'retryAt' || effect.do === 'runBeforeRetry' || (effect.do === 'runCallback' && effect.attempt > 1));
        const asks = effects.some((effect) => effect.do === 'runCallback' && effect.callback === 'hasPassed');
        const turnsBack = after.executionReason !== before.executionReason;
        const undoFails = after.steps.some(({ undo }, i) => (undo === 'failed' || undo === 'notUndoable') && before.steps[i]?.undo !== undo);
        const cleanUpFails = event.type === 'beforeRetryThrew';
        expect([event.type, triesAgain || asks || turnsBack || undoFails || cleanUpFails]).toEqual([event.type, true]);
      }
    });
  });

  test('before anybody asks whether the point of no return has passed, what was sent is given up', () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        const asks = after.phase.at === 'callback' && after.phase.callback === 'hasPassed';
        const asked = before.phase.at === 'callback' && before.phase.callback === 'hasPassed';
        if (asks && !asked) expect(after.fence).toBeGreaterThan(before.fence);
      }
    });
  });

  test('its snapshot survives the disk', () => {
    always(({ moves }) => {
      for (const { after } of moves) expect(decodeValue('k', encodeValue(1, after as unknown as Data)).value).toEqual(after);
    });
  });

  test('its executionIndex moves by one, over nothing but what has no undo of its own', () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        const step = after.executionIndex - before.executionIndex;
        expect(step).toBeLessThanOrEqual(1);
        if (after.executionReason === 'REGULAR_FLOW') expect(step).toBeGreaterThanOrEqual(0);
        for (let passed = before.executionIndex - 1; passed > after.executionIndex; passed -= 1) {
          expect(['nothingToUndo', 'notUndoable']).toContain(after.steps[passed]?.undo);
        }
      }
    });
  });

  test('no task, child or run of a callback has an id that was there before', () => {
    always(({ moves }) => {
      const seen = new Set<string>();
      for (const { effects } of moves) {
        for (const effect of effects) {
          // What hasPassed asks has no key, and it may be asked anew.
          if (effect.do === 'runBeforeRetry' && effect.item.cleanUp?.at === 'callback') {
            const run = `${effect.item.id}/${effect.item.cleanUp.attempt}`;
            expect(seen).not.toContain(run);
            seen.add(run);
          }
          if (effect.do !== 'placeTask' && effect.do !== 'startChild' && (effect.do !== 'runCallback' || effect.callback === 'hasPassed')) continue;
          const id = effect.do === 'runCallback' ? `${effect.index}/${effect.callback}/${effect.attempt}` : effect.item.id;
          expect(seen).not.toContain(id);
          seen.add(id);
        }
      }
    });
  });

  test('each task that was placed is consumed once, at most', () => {
    always(({ moves }) => {
      const placed = new Set<string>();
      for (const { effects } of moves) {
        for (const effect of effects) {
          if (effect.do === 'placeTask') placed.add(effect.item.id);
          if (effect.do === 'consumeTask') expect(placed.delete(effect.id)).toBe(true);
          if (effect.do === 'stopTask') expect(placed).toContain(effect.id);
        }
      }
    });
  });

  test('ROLLED_BACK means that every completed step has been undone or has nothing to undo', () => {
    always(({ last }) => {
      if (last.status !== 'ROLLED_BACK') return;
      expect(last.executionIndex).toBe(-1);
      for (const step of last.steps) {
        expect([undefined, 'compensated', 'left', 'nothingToUndo']).toContain(step.undo);
        if (step.completed) expect(step.undo).toBeDefined();
      }
    });
  });

  test('ROLLBACK_INCOMPLETE names a step that is not undone, and what is blocked lies before it', () => {
    always(({ last }) => {
      if (last.status !== 'ROLLBACK_INCOMPLETE') return;
      if (last.heldBy?.code === 'CHILD_HELD') return;
      const culprit = last.steps.findIndex(({ undo }) => undo === 'failed' || undo === 'notUndoable');
      expect(last.steps[culprit]?.undoError).toBeDefined();
      last.steps.forEach(({ undo }, i) => undo === 'blocked' && expect(i).toBeLessThan(last.executionIndex));
    });
  });

  test('behind a point of no return it never rolls back', () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        if (before.steps.some(({ pivot }) => pivot === 'passed')) expect(after.executionReason).toBe('REGULAR_FLOW');
      }
    });
  });

  test('callbacks come in the order of the flow: forward by one, then backward, each step completed before it is compensated', () => {
    always(({ moves }) => {
      for (const { after, effects } of moves) {
        for (const effect of effects) {
          if (effect.do !== 'runCallback') continue;
          const step = after.steps[effect.index];
          if (effect.callback === 'compensate') expect(step?.completed).toBe(true);
          if (effect.callback === 'endWithFailure') expect(step?.completed).toBe(false);
          if (effect.callback === 'endSuccessfully') expect(step?.begun).toBe(true);
          if (effect.callback === 'start') expect(after.steps.map(({ completed }) => completed)).toEqual([...Array<boolean>(effect.index).fill(true), false]);
        }
      }
    });
  });

  test('what comes late, twice or from nowhere changes nothing', () => {
    fc.assert(
      fc.property(anyShape, anyChoices, fc.nat(), (shape, choices, cut) => {
        const walked = walk(shape, choices.slice(0, 1 + (cut % choices.length)));
        for (const event of strayEvents(walked, walked.last)) {
          expect(transition(shape, walked.last, event, { now: 0, jitter: 0 })).toBeNull();
        }
      }),
      RUNS,
    );
  });
});

test('the walks get everywhere', () => {
  const reached = new Set<string>();
  for (const choices of fc.sample(fc.tuple(anyShape, anyChoices), { numRuns: 2_000, seed: 1 })) {
    const { moves, last } = walk(...choices);
    reached.add(last.status);
    for (const { after, event } of moves) {
      reached.add(after.phase.at === 'callback' ? after.phase.callback : after.phase.at);
      if (event.type === 'prepared') reached.add(`prepared with ${event.work.length} tasks`);
    }
  }
  const expected = ['SUCCEEDED', 'COMPLETED', 'ROLLED_BACK', 'REJECTED', 'STUCK', 'ROLLBACK_INCOMPLETE', 'start', 'endSuccessfully', 'endWithFailure', 'compensate', 'compensationEnded', 'hasPassed', 'work', 'children', 'prepared with 0 tasks', 'prepared with 2 tasks'];
  expect([...reached]).toEqual(expect.arrayContaining(expected));
});
