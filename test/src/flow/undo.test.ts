import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, ERROR, Life, LOST, refusedWith, request, step, task, UNANSWERED, WELL } from './life.js';

const TWICE = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };

/** Steps zero and one are completed, step two has failed and cleaned up: `compensate 1` is to run. */
const rollingBack = (...traits: Parameters<typeof step>[1][]): Life =>
  Life.of(step('zero', traits[0]), step('one', traits[1]), step('two')).passes().passes().throws().cleansUp();

describe('revert tasks', () => {
  test('of endWithFailure and of compensate are placed in the commit of their callback, and awaited', () => {
    const life = Life.of(step('zero'), step('one')).passes().started(task('copy')).ended(LOST);
    life.cleansUp(request('remove'), request('remove'));
    expect(life.asked).toEqual(['placeTask c1$1.f1.1.0', 'placeTask c1$1.f1.1.1']);
    expect(life.ended(WELL, 1).asked).toEqual(['consumeTask c1$1.f1.1.1']);
    expect(life.ended(WELL, 0).asked).toEqual(['consumeTask c1$1.f1.1.0', 'compensate 0']);
    expect(life.compensates(request('remove')).asked).toEqual(['placeTask c1$0.c1.1.0']);
    expect(life.ended(WELL).asked).toEqual(['consumeTask c1$0.c1.1.0', 'end']);
  });

  test.each<[Outcome, counted: boolean]>([
    [badly(261), true],
    [refusedWith(1000), true],
    [LOST, false],
    [badly(0, true), false],
    [refusedWith(654), false],
  ])('are submitted again after %j, and compensate is not run again', (outcome) => {
    const life = rollingBack({}, { undoRetry: TWICE }).compensates(request('remove'));
    const { fence } = life.state;
    life.ended(outcome).due();
    expect(life.asked).toEqual(['placeTask c1$1.c1.2.0']);
    expect(life.state.fence).toBeGreaterThan(fence);
    expect(life.ended(WELL).calls.slice(-2)).toEqual(['compensate 1', 'compensate 0']);
  });

  test('are lost without limit, and fail for as long as the policy says', () => {
    const life = rollingBack({}, { undoRetry: TWICE }).compensates(request('remove'));
    for (let i = 0; i < 20; i += 1) life.ended(LOST).due();
    life.ended(badly(261)).due().ended(badly(261));
    expect([life.status, life.stepAt(1).undo, life.state.heldBy?.hostCode]).toEqual(['ROLLBACK_INCOMPLETE', 'failed', 261]);
  });

  test('do not stop each other: what one does is needed in any case', () => {
    const life = rollingBack({}, { undoRetry: { ...TWICE, attempts: 1 } }).compensates(request('a'), request('b')).ended(badly(261), 0);
    expect(life.asked).toEqual(['consumeTask c1$1.c1.1.0']);
    expect(life.item(1)).toMatchObject({ stop: null, outcome: null });
    expect(life.ended(WELL, 1).status).toBe('ROLLBACK_INCOMPLETE');
  });

  test('have the run of their callback in their id', () => {
    const life = rollingBack().throws().compensates(request('remove'));
    expect(life.asked).toEqual(['placeTask c1$1.c2.1.0']);
  });
});

test('steps that cannot be undone, one after the other in one commit, use up one fence number', () => {
  const noWayBack = { hasCompensate: false, onUndoFailed: 'continue' } as const;
  const life = Life.of(step('zero', noWayBack), step('one', noWayBack), step('two')).passes().passes().throws();
  const { fence } = life.state;
  life.cleansUp();
  expect([life.status, life.stepAt(1).undo, life.stepAt(0).undo, life.state.fence]).toEqual(['ROLLBACK_INCOMPLETE', 'notUndoable', 'notUndoable', fence + 1]);
});

describe('an undo callback that throws', () => {
  test('is run again, later, under a higher fence', () => {
    const life = rollingBack({}, { undoRetry: TWICE });
    const { fence } = life.state;
    life.now = 7_000_000;
    life.throws();
    expect(life.effects).toEqual([{ do: 'runCallback', callback: 'compensate', index: 1, attempt: 2, notBefore: 8_000_000 }]);
    expect(life.state.fence).toBe(fence + 1);
  });

  test('without limit, when a call was not answered', () => {
    const life = rollingBack({}, { undoRetry: TWICE });
    for (let i = 0; i < 20; i += 1) life.throws(UNANSWERED);
    expect(life.run.attempt).toBe(21);
    life.throws().throws(UNANSWERED).throws();
    expect([life.status, life.stepAt(1).undoError]).toEqual(['ROLLBACK_INCOMPLETE', ERROR]);
  });

  test('also endWithFailure, under the same policy', () => {
    const life = Life.of(step('zero'), step('one', { undoRetry: TWICE })).passes().throws().throws().throws();
    expect([life.status, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', ['blocked', 'failed']]);
  });
});

describe('an undo that has failed for good', () => {
  const once = { undoRetry: { ...TWICE, attempts: 1 } };

  test('stop: the earlier steps are blocked, but for those that changed nothing', () => {
    const life = Life.of(step('a'), step('b', { effectFree: true, hasCompensate: false }), step('c', once), step('d')).passes().passes().passes();
    life.throws().cleansUp().throws();
    expect([life.status, life.state.phase.at, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', 'held', ['blocked', undefined, 'failed', undefined]]);
    expect([life.asked, life.state.executionIndex]).toEqual([[], 2]);
  });

  test('continue: the earlier steps are undone, and the command is incomplete all the same', () => {
    const life = rollingBack({}, { ...once, onUndoFailed: 'continue' }).throws();
    expect(life.calls.at(-1)).toBe('compensate 0');
    life.compensates();
    expect([life.status, life.undos, life.state.heldBy]).toEqual(['ROLLBACK_INCOMPLETE', ['compensated', 'failed', undefined], ERROR]);
    expect([life.state.executionIndex, life.asked]).toEqual([-1, []]);
  });

  test('tells apart why it is held from why it failed', () => {
    const why = { ...ERROR, message: 'the undo' };
    const life = rollingBack({}, once).throws(why);
    expect([life.state.error, life.state.heldBy]).toEqual([ERROR, why]);
  });

  test('gives up what it sent: the fence grows', () => {
    const life = rollingBack({}, once);
    const { fence } = life.state;
    expect(life.throws().state.fence).toBeGreaterThan(fence);
  });
});

describe('a completed step', () => {
  test('that is effect-free has nothing to undo, and is passed over', () => {
    const life = Life.of(step('zero'), step('one', { effectFree: true, hasCompensate: false }), step('two')).passes().passes().throws().cleansUp();
    expect([life.calls.at(-1), life.stepAt(1).undo]).toEqual(['compensate 0', 'nothingToUndo']);
  });

  test('without compensate that does not declare so is not undone', () => {
    const life = rollingBack({}, { hasCompensate: false });
    expect([life.status, life.state.heldBy?.code, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', 'NOT_UNDOABLE', ['blocked', 'notUndoable', undefined]]);
    expect(life.calls).not.toContain('compensate 1');
  });

  test('that leaves its effects on purpose is asked which, and they become residue', () => {
    const snapshot = { verb: 'snapshot', object: 'snapshot:vm1/s' };
    const life = rollingBack({}, { hasCompensate: false, hasLeaves: true }).leaves(snapshot).compensates();
    expect([life.status, life.undos, life.state.residue]).toEqual(['ROLLED_BACK', ['compensated', 'left', undefined], [snapshot]]);
  });

  test('may undo a part and leave a part', () => {
    const snapshot = { verb: 'snapshot', object: 'snapshot:vm1/s' };
    const life = rollingBack({}, { hasLeaves: true }).leaves(snapshot).compensates();
    expect([life.undos, life.state.residue]).toEqual([['compensated', 'compensated', undefined], [snapshot]]);
  });
});

test('the error is kept however many undos fail after it', () => {
  const life = Life.of(step('zero', { onUndoFailed: 'continue', undoRetry: { ...TWICE, attempts: 1 } }), step('one')).passes();
  life.started(task('copy')).ended(badly(261)).cleansUp().throws();
  expect([life.status, life.state.error?.hostCode, life.state.heldBy]).toEqual(['ROLLBACK_INCOMPLETE', 261, ERROR]);
});
