import { describe, expect, test } from 'vitest';
import { recover } from '../../../src/flow/transition.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, dependent, ERROR, Life, step, STOPPED, submittedChild, task, WELL } from './life.js';

const ILL: Outcome = { kind: 'childFailed', error: { ...ERROR, message: 'no space' } };
const A = 'c1!1.1.0';
const B = 'c1!1.1.1';

/** A step, behind a completed one, that waits for two dependent children. */
const waiting = (traits: Partial<HandlerShape> = {}): Life => Life.of(step('zero'), step('one', traits), step('two')).passes().started(dependent('A'), dependent('B'));
/** The same, with the children completed and the last step begun. */
const behind = (traits: Partial<HandlerShape> = {}): Life => waiting(traits).ended(WELL, 0).ended(WELL, 1).ends();
const undone = (life: Life, ordinal: number): Life => life.reports({ is: 'ended', outcome: ILL }, ordinal);

/** A dependent child that has done its only step. */
function completed(): Life {
  return submittedChild(step('only')).on({ type: 'locksGranted' }).passes();
}

describe('a dependent child', () => {
  test('that has done all its steps is COMPLETED, and asks for nothing', () => {
    expect([completed().status, completed().state.phase, completed().asked, recover(completed().state)]).toEqual(['COMPLETED', { at: 'completed' }, [], []]);
  });

  test('is rolled back from its last step on, with its parent\'s failure as its error and a new fence number', () => {
    const life = completed();
    const { fence } = life.state;
    life.on({ type: 'rollBack', error: ERROR });
    expect([life.status, life.asked, life.state.error, life.state.fence]).toEqual(['ROLLING_BACK', ['compensate 0'], ERROR, fence + 1]);
    expect(life.compensates()).toMatchObject({ status: 'ROLLED_BACK', asked: ['end'] });
  });

  test('cannot be cancelled by itself once it is COMPLETED, and is rolled back once', () => {
    expect(completed().ignores({ type: 'cancel' })).toBe(true);
    expect(completed().on({ type: 'rollBack', error: ERROR }).ignores({ type: 'rollBack', error: ERROR })).toBe(true);
  });
});

describe('a step with dependent children', () => {
  test('ends well when all are completed', () => {
    const life = waiting().ended(WELL, 1);
    expect(life.asked).toEqual([]);
    expect(life.ended(WELL, 0).calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('one fails: the other is cancelled and awaited, then the step has failed for the cause', () => {
    const life = waiting().ended(ILL, 1);
    expect([life.status, life.asked, recover(life.state)]).toEqual(['RUNNING', [`cancelChild ${A}`], [{ do: 'cancelChild', id: A }]]);
    life.ended({ kind: 'childFailed', error: { ...ERROR, code: 'CANCELLED', message: 'it was cancelled' } }, 0);
    expect([life.calls.at(-1), life.state.error]).toMatchObject(['endWithFailure 1', { code: 'CHILD_FAILED', message: `child ${B} (B) failed: no space` }]);
  });

  test('one fails, and the other completes all the same: that is rolled back before the step\'s own clean-up', () => {
    const life = waiting().ended(ILL, 1).ended(WELL, 0);
    expect([life.status, life.asked, life.calls.at(-1)]).toEqual(['ROLLING_BACK', [`rollBackChild ${A}`], 'start 1']);
    expect(undone(life, 0).calls.slice(-1)).toEqual(['endWithFailure 1']);
    expect(life.cleansUp().asked).toEqual(['compensate 0']);
  });

  test('a task fails: the children are cancelled, and what was independent goes on', () => {
    const life = Life.of(step('one')).started(task('copy'), dependent('A'), child('B')).ended(badly(261), 0);
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.0', 'cancelChild c1!0.1.1']);
  });

  test('a child fails: tasks are stopped', () => {
    const life = Life.of(step('one')).started(task('copy'), dependent('A')).ended(ILL, 1);
    expect(life.asked).toEqual(['stopTask c1$0.w1.1.0']);
    expect(life.ended(STOPPED, 0).state.error?.code).toBe('CHILD_FAILED');
  });

  test('it is cancelled: all are, and what completes all the same is rolled back before compensate', () => {
    const life = waiting().on({ type: 'cancel' });
    expect(life.asked).toEqual([`cancelChild ${A}`, `cancelChild ${B}`]);
    life.ended(WELL, 0).ended(WELL, 1);
    expect(life.calls.at(-1)).toBe('endSuccessfully 1');
    expect([life.ends().asked, life.state.error?.code]).toEqual([[`rollBackChild ${B}`], 'CANCELLED']);
  });
});

describe('the children of a completed step', () => {
  test('are rolled back one at a time, the last one first, before it is compensated', () => {
    const life = behind().throws().cleansUp();
    expect([life.state.executionIndex, life.state.phase, life.asked]).toEqual([1, { at: 'children' }, [`rollBackChild ${B}`]]);
    expect(life.ignores({ type: 'childReported', id: A, report: { is: 'ended', outcome: ILL } })).toBe(true);
    expect(recover(life.state)).toMatchObject([{ do: 'rollBackChild', id: B, error: { code: 'PARENT_FAILED', causes: ['it threw'] } }]);
    expect(undone(life, 1).asked).toEqual([`rollBackChild ${A}`]);
    expect(undone(life, 0).asked).toEqual(['compensate 1']);
  });

  test('are rolled back though the step itself has nothing to undo', () => {
    const life = behind({ hasCompensate: false, effectFree: true }).throws().cleansUp();
    expect(undone(undone(life, 1), 0)).toMatchObject({ asked: ['compensate 0'], undos: [undefined, 'nothingToUndo', undefined] });
  });

  test('stay if it declares what it leaves', () => {
    expect(behind({ hasLeaves: true }).throws().cleansUp().asked).toEqual(['compensate 1']);
  });

  describe('one that is past its point of no return', () => {
    const past = (traits: Partial<HandlerShape> = {}): Life =>
      waiting(traits).ended(WELL, 0).reports({ is: 'completed', past: true }, 1).ends().throws().cleansUp();

    test('stays, is named, and stops the rollback', () => {
      const life = past();
      expect([life.status, life.undos, life.asked]).toEqual(['ROLLBACK_INCOMPLETE', ['blocked', 'notUndoable', undefined], []]);
      expect(life.state.heldBy).toMatchObject({ code: 'CHILD_STAYS', message: `child ${B} (B) is past its point of no return, and stays` });
    });

    test('stays, and the rest is undone, where the handler continues', () => {
      const life = past({ onUndoFailed: 'continue' });
      expect(life.asked).toEqual([`rollBackChild ${A}`]);
      expect(undone(life, 0).asked).toEqual(['compensate 1']);
      expect(life.compensates().asked).toEqual(['compensate 0']);
      expect(life.compensates()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', state: { heldBy: { code: 'CHILD_STAYS' } } });
    });

    test('stays without a word, where the step leaves its effects on purpose', () => {
      const snapshot = { verb: 'snapshot', object: 'snapshot:vm1/s' };
      const life = past({ hasLeaves: true });
      expect([life.status, life.asked]).toEqual(['ROLLING_BACK', ['compensate 1']]);
      life.leaves(snapshot).compensates();
      expect([life.status, life.state.residue]).toEqual(['ROLLED_BACK', [snapshot]]);
    });

    test('is all that an operator gives up who skips it', () => {
      const life = past().on({ type: 'operate', request: { requestId: 'r', action: 'skip' }, unfit: null, called: [] });
      expect(life.asked).toEqual([`rollBackChild ${A}`]);
      expect(undone(life, 0).compensates().compensates().status).toBe('CLOSED_BY_OPERATOR');
    });
  });
});

describe('a held child', () => {
  const held = (): Life => waiting().reports({ is: 'held', status: 'STUCK', error: ERROR }, 0);

  test('holds its parent, which names it', () => {
    expect([held().status, held().state.heldBy]).toMatchObject(['STUCK', { code: 'CHILD_HELD', message: `child ${A} (A) is STUCK: it threw` }]);
  });

  test('does not keep its siblings from going on, and lets its parent go on by itself', () => {
    const life = held().on({ type: 'childReported', id: B, report: { is: 'completed', past: false } });
    expect(life.status).toBe('STUCK');
    expect(life.on({ type: 'childReported', id: A, report: { is: 'underWay' } }).status).toBe('RUNNING');
    expect(life.ended(WELL, 0).calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('is told again to stop once it is held no more', () => {
    const life = held().on({ type: 'childReported', id: B, report: { is: 'ended', outcome: ILL } });
    expect([life.status, life.asked]).toEqual(['STUCK', [`cancelChild ${A}`]]);
    expect(life.on({ type: 'childReported', id: A, report: { is: 'underWay' } }).asked).toEqual([`cancelChild ${A}`]);
  });

  test('in a rollback holds its parent where it is', () => {
    const life = behind().throws().cleansUp().reports({ is: 'held', status: 'ROLLBACK_INCOMPLETE', error: ERROR }, 1);
    expect([life.status, life.state.phase]).toEqual(['ROLLBACK_INCOMPLETE', { at: 'held', from: { at: 'children' } }]);
    expect(life.reports({ is: 'underWay' }, 1).status).toBe('ROLLING_BACK');
    expect(undone(life, 1).asked).toEqual([`rollBackChild ${A}`]);
  });

  test('that an operator closes has failed, and its parent can end only so', () => {
    const life = held().on({ type: 'childReported', id: A, report: { is: 'closed', completed: false, error: ERROR } }).ended(ILL, 1);
    expect(life.calls.at(-1)).toBe('endWithFailure 1');
    expect(life.cleansUp().compensates().status).toBe('CLOSED_BY_OPERATOR');
  });
});
