import { describe, expect, test } from 'vitest';
import { timeoutDue } from '../../../src/flow/timeout.js';
import { recover } from '../../../src/flow/transition.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, dependent, ERROR, Life, step, task, WELL } from './life.js';

const TIMED_OUT: Outcome = { kind: 'aborted', reason: 'timeout' };
const TWICE = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };
const LIMIT = { timeoutMs: 5_000 } as const;

const timesOut = (life: Life): Life => life.on({ type: 'stepTimedOut', index: life.state.executionIndex });

/** Step one, which has a limit, has been reached. */
const limited = (traits: Parameters<typeof step>[1] = {}): Life => Life.of(step('zero'), step('one', { ...LIMIT, ...traits }), step('two')).passes();

describe('a step whose time is up while it waits for its work', () => {
  test('has it stopped, and fails when it is over', () => {
    const life = timesOut(limited().started(task('x'), task('y')));
    expect(life.asked).toEqual(['stopTask c1$1.w1.1.0', 'stopTask c1$1.w1.1.1']);
    expect(life.ended(TIMED_OUT, 0).status).toBe('RUNNING');
    life.ended(TIMED_OUT, 1);
    expect(life.calls.at(-1)).toBe('endWithFailure 1');
    expect(life.state.error).toMatchObject({ code: 'STEP_TIMEOUT', message: 'step 1 (one) was not over after 5000 ms' });
    expect(life.state.error?.causes[0]).toContain('was aborted (timeout)');
  });

  test('goes on as if nothing had been if all of it ends well anyway', () => {
    const life = timesOut(limited().started(task('x'))).ended(WELL).ends();
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'start 2']);
  });

  test('has no more of it because a child is held meanwhile', () => {
    const life = limited().started(dependent('A'), task('x'));
    const shape = [step('zero'), step('one', LIMIT), step('two')];
    const due = timeoutDue(shape, life.state);
    life.reports({ is: 'held', status: 'PARKED', error: ERROR });
    expect([life.state.phase.at, timeoutDue(shape, life.state), due]).toEqual(['held', due, 5_001_000]);
    timesOut(life);
    expect([life.state.phase.at, life.asked]).toEqual(['held', ['cancelChild c1!1.1.0', 'stopTask c1$1.w1.1.1']]);
    expect(timeoutDue(shape, life.state)).toBe(null);
  });

  test('tries nothing again, and what is in back-off ends as its last attempt did', () => {
    const life = timesOut(limited({ retry: TWICE }).started(task('x'), task('y')).ended(badly(261), 0));
    expect(life.asked).toEqual(['stopTask c1$1.w1.1.1']);
    expect(life.item(0)).toMatchObject({ id: 'c1$1.w1.1.0', outcome: badly(261) });
    expect(life.ended(badly(262), 1).calls.at(-1)).toBe('endWithFailure 1');
    expect(life.state.error?.code).toBe('STEP_TIMEOUT');
  });

  test('has its children cancelled, again after a crash; of independent ones, one that succeeded is enough', () => {
    const life = timesOut(limited().started(child('Child'), child('Child')));
    expect(life.asked).toEqual(['cancelChild c1!1.1.0', 'cancelChild c1!1.1.1']);
    expect(recover(life.state)).toEqual(life.effects);
    life.ended(WELL, 0).ended({ kind: 'childFailed', error: ERROR }, 1);
    expect(life.calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('that is cancelled besides has been cancelled', () => {
    const life = timesOut(limited().started(task('x'))).on({ type: 'cancel' }).ended(TIMED_OUT);
    expect(life.state.error?.code).toBe('CANCELLED');
  });
});

describe('a step whose time is up about a callback', () => {
  test('beforeTask and createTask are not committed, and not run again', () => {
    const life = timesOut(limited({ retry: TWICE }));
    expect(life.ignores({ type: 'started', run: life.run, work: [] })).toBe(true);
    life.throws({ ...ERROR, code: 'STEP_TIMEOUT', message: 'time is up' });
    expect([life.calls.at(-1), life.state.error]).toMatchObject(['endWithFailure 1', { code: 'STEP_TIMEOUT', causes: [] }]);
  });

  test('in the back-off of beforeTask it fails at once', () => {
    expect(timesOut(limited({ retry: TWICE }).throws()).calls.at(-1)).toBe('endWithFailure 1');
  });

  test('endSuccessfully is not bound by it: the work is over', () => {
    const life = limited({ retry: TWICE }).started(task('x')).ended(WELL);
    expect([timeoutDue(life.shape, life.state), life.ignores({ type: 'stepTimedOut', index: 1 })]).toEqual([null, true]);
    const late = timesOut(limited({ retry: TWICE }).started(task('x'))).ended(WELL).throws();
    expect(late.calls.at(-1)).toBe('endSuccessfully 1 #2');
  });
});

describe('a step whose time is up about its point of no return', () => {
  const pivoting = (part: 'beforeTask' | 'task'): Life => limited({ pivotPart: part, retry: TWICE });

  test.each([
    ['notPassed', 'endWithFailure 1', 'ROLLING_BACK'],
    ['passed', 'start 1 #2', 'RUNNING'],
  ] as const)('in beforeTask: hasPassed answers %s, so %s', (answer, call, status) => {
    const life = timesOut(pivoting('beforeTask').crosses()).throws().answers(answer);
    expect([life.calls.at(-1), life.status]).toEqual([call, status]);
  });

  test('in its tasks: they are stopped, and hasPassed is asked', () => {
    const life = timesOut(pivoting('task').started(task('x'))).ended(TIMED_OUT);
    expect(life.calls.at(-1)).toBe('hasPassed 1');
    life.answers('notPassed');
    expect([life.calls.at(-1), life.state.error?.code]).toEqual(['endWithFailure 1', 'STEP_TIMEOUT']);
  });

  test('while hasPassed is asked: the answer decides', () => {
    const asked = (): Life => timesOut(pivoting('task').started(task('x')).ended(badly(261)));
    expect(asked().answers('notPassed').calls.at(-1)).toBe('endWithFailure 1');
    expect(asked().answers('passed').status).toBe('RUNNING');
  });

  test('behind it there is no limit', () => {
    const life = pivoting('beforeTask').crosses().started(task('x'));
    expect(timeoutDue(life.shape, life.state)).toBeNull();
    expect(life.ignores({ type: 'stepTimedOut', index: 1 })).toBe(true);
    expect(timeoutDue(life.shape, life.ended(WELL).ends().state)).toBeNull();
  });
});

describe('a limit', () => {
  test('counts from when the step was reached, whatever happened since', () => {
    const life = Life.of(step('zero', { ...LIMIT, retry: TWICE }));
    life.now += 3_000_000;
    life.throws();
    expect(timeoutDue(life.shape, life.state)).toBe(1_000 + 5_000_000);
  });

  test('of another step, of one that has none, and one that comes twice change nothing', () => {
    expect(limited().ignores({ type: 'stepTimedOut', index: 0 })).toBe(true);
    expect(Life.of(step('zero')).ignores({ type: 'stepTimedOut', index: 0 })).toBe(true);
    expect(timesOut(limited()).ignores({ type: 'stepTimedOut', index: 1 })).toBe(true);
    expect(limited().throws().ignores({ type: 'stepTimedOut', index: 1 })).toBe(true);
  });
});
