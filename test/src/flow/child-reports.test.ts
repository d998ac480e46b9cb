import { describe, expect, test } from 'vitest';
import type { ChildReport } from '../../../src/flow/event.js';
import { familyRootId, succeededWithRoot } from '../../../src/flow/children.js';
import { isOver, submitted, type ParentRef } from '../../../src/flow/state.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { child, dependent, ERROR, Life, step, submittedChild, task, WELL } from './life.js';

// What a parent makes of each thing that a child can tell it, wherever the parent is.

const OTHER = { code: 'DEFINITION_CHANGED', message: 'another list', retryable: false, causes: [] };
const ILL: Outcome = { kind: 'childFailed', error: ERROR };
const HELD: ChildReport = { is: 'held', status: 'STUCK', error: ERROR };
const COMPLETED: ChildReport = { is: 'completed', past: false };
const CLOSED: ChildReport = { is: 'closed', completed: false, error: ERROR };
const UNDER_WAY: ChildReport = { is: 'underWay' };
const A = 'c1!0.1.0';

/** Waits for a dependent child, and for a task beside it. */
const waiting = (): Life => Life.of(step('kids'), step('bad')).started(dependent('A'), task('copy'));
/** The same, with the child held. */
const held = (): Life => waiting().reports(HELD);
/** Its completed child is being rolled back. */
const undoing = (): Life => Life.of(step('kids'), step('bad')).started(dependent('A')).ended(WELL).ends().throws().cleansUp();

describe('what changes nothing', () => {
  test.each<[string, () => Life, string, ChildReport]>([
    ['of a child that nobody knows', waiting, 'c1!0.1.7', COMPLETED],
    ['of a task', waiting, 'c1$0.w1.1.1', COMPLETED],
    ['of a child that has ended', () => waiting().reports(COMPLETED), A, COMPLETED],
    ['that a dependent child is under way', waiting, A, UNDER_WAY],
    ['that it is held, for the reason that is known', held, A, HELD],
    ['that an independent child is held: that is no concern of its parent', () => Life.of(step('kids')).started(child('A')), A, HELD],
    ['that the child that is rolled back is under way', undoing, A, UNDER_WAY],
    ['of a child whose turn to be rolled back it is not', undoing, 'c1!0.1.1', { is: 'ended', outcome: ILL }],
  ])('%s', (_, life, id, report) => {
    expect(life().ignores({ type: 'childReported', id, report })).toBe(true);
  });
});

describe('a child that is held', () => {
  test('for another reason, or in another way, than is known: that is told of its parent too', () => {
    const life = held().reports({ ...HELD, error: { ...ERROR, message: 'something else' } });
    expect(life.state.heldBy?.message).toBe(`child ${A} (A) is STUCK: something else`);
    expect(life.reports({ ...HELD, status: 'PARKED' }).status).toBe('PARKED');
  });

  test('and is asked to stop already is asked once, and again when it is held no more', () => {
    const life = waiting().on({ type: 'cancel' });
    expect(life.asked).toEqual([`cancelChild ${A}`, 'stopTask c1$0.w1.1.1']);
    expect(life.reports(HELD).asked).toEqual([]);
    expect(life.reports(UNDER_WAY).asked).toEqual([`cancelChild ${A}`]);
  });

  test('before it had begun to roll back is asked again to do so', () => {
    const life = undoing().reports(HELD);
    expect([life.status, life.asked]).toEqual(['STUCK', []]);
    expect(life.reports(COMPLETED)).toMatchObject({ status: 'ROLLING_BACK', asked: [`rollBackChild ${A}`] });
  });

  test('and is asked nothing while its parent is parked', () => {
    const life = undoing().on({ type: 'parked', error: OTHER });
    expect([life.reports(HELD).asked, life.reports(COMPLETED).asked, life.status]).toEqual([[], [], 'PARKED']);
    expect(life.on({ type: 'unparked' })).toMatchObject({ status: 'ROLLING_BACK', asked: [`rollBackChild ${A}`] });
  });
});

describe('a child that ends while its parent is parked', () => {
  test.each<[string, ChildReport, string]>([
    ['well', COMPLETED, 'endSuccessfully 0'],
    ['badly', { is: 'ended', outcome: ILL }, 'endWithFailure 0'],
  ])('%s: that is noted, and counts when the parent goes on', (_, report, next) => {
    const life = Life.of(step('kids')).started(dependent('A')).on({ type: 'parked', error: OTHER }).reports(report);
    expect([life.status, life.asked]).toEqual(['PARKED', []]);
    expect(life.on({ type: 'unparked' }).asked).toEqual([next]);
  });

  test('badly, beside a task that runs: that is stopped when the parent goes on', () => {
    const life = waiting().on({ type: 'parked', error: OTHER }).reports({ is: 'ended', outcome: ILL });
    expect(life.on({ type: 'unparked' })).toMatchObject({ status: 'RUNNING', asked: ['stopTask c1$0.w1.1.1'] });
  });

  test('rolled back: the parent\'s own undo is next', () => {
    const life = undoing().on({ type: 'parked', error: OTHER }).reports({ is: 'ended', outcome: ILL });
    expect([life.status, life.asked]).toEqual(['PARKED', []]);
    expect(life.on({ type: 'unparked' }).asked).toEqual(['compensate 0']);
  });
});

test('a child that an operator closes in the middle of its rollback is passed over, and then its parent can end only so', () => {
  const life = undoing().reports({ is: 'held', status: 'ROLLBACK_INCOMPLETE', error: ERROR }).reports(CLOSED);
  expect(life.asked).toEqual(['compensate 0']);
  expect(life.compensates().status).toBe('CLOSED_BY_OPERATOR');
});

test('a child that was stopped for a sibling is not asked again when the command is cancelled', () => {
  const life = Life.of(step('kids')).started(dependent('A'), dependent('B')).ended(ILL, 1);
  expect(life.asked).toEqual([`cancelChild ${A}`]);
  expect([life.on({ type: 'cancel' }).item(), life.asked]).toMatchObject([{ stop: 'sibling' }, [`cancelChild ${A}`]]);
});

describe('a family', () => {
  const of = (parent: ParentRef | null): string => familyRootId({ ...submitted({ ...new Life([step('one')]).state, id: 'me', parent }) });
  test.each<[string, ParentRef | null, string]>([
    ['a command of its own is the root of its family', null, 'me'],
    ['so is an independent child', { commandId: 'p', step: 0, independent: true }, 'me'],
    ['a dependent child is of the family that its parent is of', { commandId: 'p', step: 0, independent: false, familyRootId: 'g' }, 'g'],
  ])('%s', (_, parent, expected) => {
    expect(of(parent)).toBe(expected);
  });

  test('a completed child is over as far as that depends on itself, and has succeeded with the root', () => {
    const life = submittedChild(step('only'));
    expect(isOver(life.state)).toBe(false);
    const { state } = life.on({ type: 'locksGranted' }).passes();
    expect([isOver(state), isOver(succeededWithRoot(state, 9))]).toEqual([true, true]);
    expect(succeededWithRoot(state, 9)).toEqual({ ...state, status: 'SUCCEEDED', phase: { at: 'ended' }, endedAt: 9 });
  });
});
