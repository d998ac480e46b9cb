import { describe, expect, test } from 'vitest';
import { cancelRefusal, cancelRefusalAbove } from '../../../src/flow/cancel.js';
import { recover } from '../../../src/flow/transition.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, dependent, ERROR, Life, step, task, WELL } from './life.js';

const CANCELLED: Outcome = { kind: 'aborted', reason: 'cancelled' };
const TWICE = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };

const cancelled = (life: Life): Life => life.on({ type: 'cancel' });

describe('a cancel while the step waits for its work', () => {
  test('asks running tasks to stop, and the step fails when they are over', () => {
    const life = cancelled(Life.of(step('a'), step('b')).passes().started(task('x'), task('y')));
    expect(life.asked).toEqual(['stopTask c1$1.w1.1.0', 'stopTask c1$1.w1.1.1']);
    expect(life.status).toBe('RUNNING');
    life.ended(CANCELLED, 0);
    expect(life.status).toBe('RUNNING');
    life.ended(CANCELLED, 1).cleansUp().compensates();
    expect(life.calls).toEqual(['start 0', 'endSuccessfully 0', 'start 1', 'endWithFailure 1', 'compensate 0']);
    expect(life.state).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CANCELLED' } });
  });

  test('does not stop what ends well anyway: endSuccessfully runs, and then the step is compensated', () => {
    const life = cancelled(Life.of(step('a'), step('b')).started(task('x'))).ended(WELL);
    expect(life.calls.at(-1)).toBe('endSuccessfully 0');
    life.ends('made');
    expect(life.calls.at(-1)).toBe('compensate 0');
    expect(life.stepAt(0)).toMatchObject({ completed: true, output: 'made' });
    expect(life.compensates().state).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CANCELLED' } });
  });

  test('ends a task in back-off as its last attempt did; nothing is tried again', () => {
    const life = Life.of(step('a', { retry: TWICE })).started(task('x'), task('y')).ended(badly(261), 0);
    cancelled(life);
    expect(life.asked).toEqual(['stopTask c1$0.w1.1.1']);
    expect(life.item(0)).toMatchObject({ id: 'c1$0.w1.1.0', outcome: badly(261) });
    expect(life.ended(badly(262), 1).calls.at(-1)).toBe('endWithFailure 0');
  });

  test('is passed on to children, and asks them again after a crash', () => {
    const life = cancelled(Life.of(step('a')).started(child('Child'), child('Child')));
    expect(life.asked).toEqual(['cancelChild c1!0.1.0', 'cancelChild c1!0.1.1']);
    expect(recover(life.state)).toEqual(life.effects);
  });

  test('is passed to those independent children that still run; if none succeeds, the step fails as cancelled', () => {
    const life = Life.of(step('a'), step('b')).passes().started(child('Child'), child('Child')).ended({ kind: 'childFailed', error: ERROR }, 0);
    cancelled(life);
    expect([life.asked, life.status]).toEqual([['cancelChild c1!1.1.1'], 'RUNNING']);
    life.ended({ kind: 'childFailed', error: ERROR }, 1);
    expect([life.calls.at(-1), life.state.error?.code]).toEqual(['endWithFailure 1', 'CANCELLED']);
    expect(life.cleansUp().compensates().status).toBe('ROLLED_BACK');
  });

  test('comes too late for a step of whose independent children one has succeeded', () => {
    const life = cancelled(Life.of(step('a'), step('b')).started(child('Child'), child('Child')));
    life.ended(WELL, 0).ended({ kind: 'childFailed', error: ERROR }, 1).ends();
    expect(life.calls.at(-1)).toBe('start 1');
    expect(life.state.cancel).toBeNull();
  });

  test('so that what its endSuccessfully throws is tried again like ever', () => {
    const life = cancelled(Life.of(step('a', { retry: TWICE }), step('b')).started(child('Child'), child('Child')));
    life.ended(WELL, 0).ended({ kind: 'childFailed', error: ERROR }, 1).throws();
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'endSuccessfully 0 #2']);
    life.ends();
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'start 1']);
  });
});

describe('a cancel in the back-off of a callback', () => {
  test.each([
    ['start', 'endWithFailure 0'],
    ['endSuccessfully', 'compensate 0'],
  ] as const)('%s: there is nothing to wait for', (callback, next) => {
    const life = Life.of(step('a', { retry: TWICE }));
    if (callback === 'endSuccessfully') life.started();
    expect(cancelled(life.throws())).toMatchObject({ status: 'ROLLING_BACK', asked: [next], state: { error: { code: 'CANCELLED' } } });
  });
});

describe('a cancel during a callback', () => {
  test.each(['start', 'endSuccessfully'] as const)('%s: its commit is refused, as if it threw', (callback) => {
    const life = Life.of(step('a'), step('b', { retry: TWICE })).passes();
    if (callback === 'endSuccessfully') life.started();
    cancelled(life);
    const run = { index: 1, attempt: 1 };
    expect(life.ignores(callback === 'start' ? { type: 'started', run, work: [] } : { type: 'endedSuccessfully', run })).toBe(true);
    life.throws({ ...ERROR, code: 'CANCELLED' });
    // There is an attempt left, and it is not used.
    expect(life.calls.at(-1)).toBe(callback === 'start' ? 'endWithFailure 1' : 'compensate 1');
    expect(life.state.error).toMatchObject({ code: 'CANCELLED' });
  });

  test('in back-off does not wait for it', () => {
    const life = cancelled(Life.of(step('a', { retry: TWICE })).throws());
    expect(life.calls.at(-1)).toBe('endWithFailure 0');
  });
});

describe('a cancel about the point of no return', () => {
  const pivoting = (): Life => Life.of(step('a'), step('b', { pivotPart: 'beforeTask', retry: TWICE }), step('c')).passes().crosses();

  test('in maybe waits for the answer: not passed, and it takes effect', () => {
    const life = cancelled(pivoting()).throws();
    expect(life.calls.at(-1)).toBe('hasPassed 1');
    expect(life.answers('notPassed').calls.at(-1)).toBe('endWithFailure 1');
  });

  test('in maybe comes too late if it is passed', () => {
    const life = cancelled(pivoting()).throws().answers('passed');
    expect(life.state.cancel).toBeNull();
    expect(life.calls.at(-1)).toBe('start 1 #2');
    expect(cancelRefusal(life.state)).toBe('it is past its point of no return');
    expect(life.ignores({ type: 'cancel' })).toBe(true);
  });
});

describe('a cancel that changes nothing', () => {
  test.each([
    ['of a command that has ended', () => Life.of(step('a')).passes(), 'it is SUCCEEDED'],
    ['of one that is rolling back', () => Life.of(step('a')).throws(), 'it is rolling back already'],
    ['of one whose step an independent child has completed', () => Life.of(step('a')).started(child('Child')).ended(WELL), 'an independent child of its current step has succeeded, and the step is about to end well'],
    ['of one that is held', () => Life.of(step('a')).on({ type: 'parked', error: ERROR }), 'it is held (PARKED)'],
  ])('%s', (_, lived, why) => {
    const life = lived();
    expect(life.ignores({ type: 'cancel' })).toBe(true);
    expect(cancelRefusal(life.state)).toBe(why);
  });

  test('a second one', () => {
    expect(cancelled(Life.of(step('a')).started(task('x'))).ignores({ type: 'cancel' })).toBe(true);
  });
});

test('a cancel before the locks are granted rejects the command', () => {
  const life = cancelled(new Life([step('a')]));
  expect(life.state).toMatchObject({ status: 'REJECTED', error: { code: 'CANCELLED' }, steps: [] });
  expect(life.asked).toEqual(['end']);
});

describe('a child, cancelled by itself', () => {
  const below = (parent: Life, independent: boolean): Life['state'] => {
    const life = Life.of(step('only'));
    const of = { commandId: parent.state.id, step: 0 };
    return { ...life.state, id: 'child', parent: independent ? { ...of, independent } : { ...of, independent, familyRootId: parent.state.id } };
  };
  const crossed = (): Life => Life.of(step('zero', { pivotPart: 'beforeTask' }), step('one')).crosses().passes();
  const plain = (): Life => Life.of(step('zero')).started(dependent('A'));

  test('is refused where its parent, or one above that depends on nobody but it, is past the point of no return, or may be', () => {
    const past = crossed().started(dependent('A'));
    const maybe = Life.of(step('zero', { pivotPart: 'task' })).started(task('x'), dependent('A'));
    const middle = below(past, false);
    expect(cancelRefusalAbove(below(past, false), [past.state])).toBe('its ancestor c1 is past its point of no return');
    expect(cancelRefusalAbove(below(maybe, false), [maybe.state])).toBe('its ancestor c1 may be past its point of no return');
    expect(cancelRefusalAbove(below(plain(), false), [middle, past.state])).toBe('its ancestor c1 is past its point of no return');
  });

  test('is allowed where they are not, and where it is independent of them', () => {
    const past = crossed().started(child('A'));
    expect(cancelRefusalAbove(below(plain(), false), [plain().state])).toBe(null);
    expect(cancelRefusalAbove(below(past, true), [past.state])).toBe(null);
    expect(cancelRefusalAbove(below(plain(), false), [below(past, true), past.state])).toBe(null);
    expect(cancelRefusalAbove(plain().state, [])).toBe(null);
  });
});
