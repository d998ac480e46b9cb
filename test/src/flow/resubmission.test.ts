import { describe, expect, test } from 'vitest';
import type { FlowEvent, StagedWork } from '../../../src/flow/event.js';
import { operatorRefusal } from '../../../src/flow/operator-rules.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, dependent, Life, LOST, request, step, WELL } from './life.js';

// Which tasks that ended badly may be submitted again, by whom (semantics §2: "`aborted` is never retried; `unknown` only where the verb is declared repeatable").

const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const UNKNOWN: Outcome = { kind: 'unknown' };
const STOPPED: Outcome = { kind: 'aborted', reason: 'zombie' };
const RETRY: FlowEvent = { type: 'operate', request: { requestId: 'r', action: 'retry' }, unfit: null, called: [] };

const task = (verb: string, repeatable: boolean): StagedWork => ({ kind: 'task', request: request(verb, [], repeatable) });

/** Behind a point of no return, a step with a task that failed for good and one that ended like this: it is STUCK. */
const stuck = (outcome: Outcome, repeatable: boolean): Life =>
  Life.of(step('zero', { pivotPart: 'beforeTask' }), step('one', { undoRetry: ONCE })).crosses().passes().started(task('x', false), task('y', repeatable)).ended(badly(261), 0).ended(outcome, 1);

/** The last step has failed, and so have two revert tasks of the one before it, one of them like this. */
const notUndone = (outcome: Outcome, repeatable: boolean): Life =>
  Life.of(step('zero', { undoRetry: ONCE }), step('one')).passes().throws().cleansUp().compensates(request('u'), request('v', [], repeatable)).ended(badly(261), 0).ended(outcome, 1);

/** `hasPassed` says yes of a step whose tasks were started by beforeTask alone. */
const passed = (outcome: Outcome, repeatable: boolean): Life =>
  Life.of(step('zero', { pivotPart: 'task', hasCreateTask: false, undoRetry: ONCE })).started(task('x', false), task('y', repeatable)).ended(badly(261), 0).ended(outcome, 1).answers('passed');

/** By an operator, and by the engine itself. */
const TABLE: readonly (readonly [string, Outcome, boolean, byOperator: boolean, byItself: boolean])[] = [
  ['failed', badly(262), false, true, true],
  ['stopped on purpose', STOPPED, false, true, false],
  ['stopped on purpose, of a verb that may be repeated', STOPPED, true, true, false],
  ['unknown', UNKNOWN, false, false, false],
];

describe.each(TABLE)('a task that ended as %s', (_, outcome, repeatable, byOperator, byItself) => {
  test(`past the point of no return ${byOperator ? 'is' : 'is not'} submitted again when an operator retries`, () => {
    const life = stuck(outcome, repeatable);
    expect(life.status).toBe('STUCK');
    life.on(RETRY);
    expect(life.asked).toEqual(['placeTask c1$1.w1.2.0', ...(byOperator ? ['placeTask c1$1.w1.2.1'] : [])]);
    life.ended(WELL, 0);
    if (byOperator) life.ended(WELL, 1);
    expect(life.status).toBe(byOperator ? 'RUNNING' : 'STUCK');
  });

  test(`${byOperator ? 'is' : 'is not'} submitted again as a revert task when an operator retries the undo`, () => {
    const life = notUndone(outcome, repeatable);
    expect(life.status).toBe('ROLLBACK_INCOMPLETE');
    life.on(RETRY);
    expect(life.asked).toEqual(['placeTask c1$0.c1.2.0', ...(byOperator ? ['placeTask c1$0.c1.2.1'] : [])]);
    life.ended(WELL, 0);
    if (byOperator) life.ended(WELL, 1);
    expect(life.status).toBe(byOperator ? 'ROLLED_BACK' : 'ROLLBACK_INCOMPLETE');
  });

  test(`${byItself ? 'is' : 'is not'} submitted again because the point of no return turns out to be behind`, () => {
    const life = passed(outcome, repeatable);
    expect(life.asked.map((effect) => effect.split(' ').at(-1))).toEqual(['c1$0.w1.2.0', ...(byItself ? ['c1$0.w1.2.1'] : [])]);
    life.due(0).ended(WELL, 0);
    if (byItself) life.due(1).ended(WELL, 1);
    expect(life.status).toBe(byItself ? 'RUNNING' : 'STUCK');
  });
});

test('a task of which nobody can tell, but which may be repeated, is patiently repeated by itself: nobody has to ask', () => {
  for (const life of [stuck(UNKNOWN, true), notUndone(UNKNOWN, true)]) {
    expect([life.ignores(RETRY), life.asked.at(-1)]).toEqual([true, expect.stringMatching(/^retryAt .*\.2\.1$/)]);
  }
  expect(passed(UNKNOWN, true).asked).toHaveLength(2);
});

describe('where nothing may be submitted again', () => {
  test('an operator\'s retry past the point of no return is refused, and says what is possible', () => {
    const life = Life.of(step('zero', { pivotPart: 'beforeTask' }), step('one', { undoRetry: ONCE })).crosses().passes().started(task('x', false)).ended(UNKNOWN);
    expect(life.ignores(RETRY)).toBe(true);
    expect(operatorRefusal(life.state, { requestId: 'r', action: 'retry' }, null)).toMatch(/nothing of the step can be tried again.*possible: skip, resolve, abandon/);
  });

  test('an undo that is retried has failed again at once, for the same reason', () => {
    const life = Life.of(step('zero', { undoRetry: ONCE })).started(task('x', false)).ended(LOST).cleansUp(request('u')).ended(UNKNOWN);
    const { heldBy } = life.state;
    life.on(RETRY);
    expect([life.status, life.state.heldBy, life.asked]).toEqual(['ROLLBACK_INCOMPLETE', heldBy, []]);
  });

  test('a step whose point of no return is behind is stuck', () => {
    const life = Life.of(step('zero', { pivotPart: 'task', hasCreateTask: false })).started(task('x', false)).ended(STOPPED).answers('passed');
    expect([life.status, life.state.heldBy?.code, life.asked]).toEqual(['STUCK', 'TASK_FAILED', []]);
    expect(life.on(RETRY).asked).toEqual(['placeTask c1$0.w1.2.0']);
  });

  test('nor can a child be started again: it has failed for good', () => {
    const life = Life.of(step('zero', { pivotPart: 'beforeTask' }), step('one')).crosses().passes().started(dependent('A'));
    life.ended({ kind: 'childFailed', error: { code: 'X', message: 'no', retryable: false, causes: [] } });
    expect([life.status, life.ignores(RETRY)]).toEqual(['STUCK', true]);
  });
});
