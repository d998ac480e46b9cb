import { describe, expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import { recover } from '../../../src/flow/transition.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, ERROR, Life, request, step, STOPPED, task, WELL } from './life.js';

const TWICE = { attempts: 2, backoffMs: 0, maxBackoffMs: 0 };
const overdue = (id: string): FlowEvent => ({ type: 'taskOverdue', id });
const A = 'c1$0.w1.1.0';
const TIDY = 'c1$0.w1.2.0.r1.1.0';

/** A clean-up of two tasks runs before the second attempt of the step's task. */
const tidying = (): Life =>
  Life.of(step('one', { hasBeforeRetry: true, retry: TWICE }))
    .started(task('a'))
    .ended(badly(261))
    .due()
    .on({ type: 'prepared', run: { index: 0, attempt: 1, task: 'c1$0.w1.2.0' }, work: [request('tidy'), request('trim')], sent: false });

describe('a task that is too old', () => {
  test('is asked to stop, it alone; how it ends is its host\'s to say', () => {
    const life = Life.of(step('one')).started(task('a'), task('b')).on(overdue(A));
    expect([life.asked, life.item(0), life.item(1)]).toMatchObject([[`stopTask ${A}`], { stop: 'zombie' }, { stop: null }]);
    expect(life.ended(WELL, 0).ended(WELL, 1).calls.at(-1)).toBe('endSuccessfully 0');
  });

  test('is stopped too where it reverts, cleans up, or its command is held', () => {
    expect(Life.of(step('one')).throws().cleansUp(request('remove')).on(overdue('c1$0.f1.1.0')).asked).toEqual(['stopTask c1$0.f1.1.0']);
    expect(tidying().on(overdue(TIDY)).asked).toEqual([`stopTask ${TIDY}`]);
    expect(Life.of(step('one')).started(task('a')).on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } }).on(overdue(A)).asked).toEqual([`stopTask ${A}`]);
  });

  test.each<[string, Life, string]>([
    ['it was asked before', Life.of(step('one')).started(task('a')).on(overdue(A)), A],
    ['it has ended', Life.of(step('one')).started(task('a'), task('b')).ended(WELL, 0), A],
    ['it waits for its next attempt', Life.of(step('one', { retry: TWICE })).started(task('a')).ended(badly(261)), 'c1$0.w1.2.0'],
    ['it is cleaned up before that', tidying(), 'c1$0.w1.2.0'],
    ['nobody knows it', Life.of(step('one')).started(task('a')), 'x'],
    ['it is a child', Life.of(step('one')).started(child('C')), 'c1!0.1.0'],
    ['its store is an older copy', Life.of(step('one')).started(task('a')).on({ type: 'parked', error: { ...ERROR, code: 'STORE_ROLLED_BACK' } }), A],
  ])('changes nothing if %s', (_, life, id) => {
    expect(life.ignores(overdue(id))).toBe(true);
  });
});

describe('a task that was stopped because it is too old', () => {
  const ZOMBIE: Outcome = { kind: 'aborted', reason: 'zombie' };
  const over = (id: string): FlowEvent => ({ type: 'workEnded', id, outcome: ZOMBIE });
  const B = 'c1$0.w1.1.1';

  test('is asked again after a crash, is not tried again, and is the cause of the failure, not the siblings that are stopped for it', () => {
    const life = Life.of(step('one', { retry: TWICE })).started(task('a'), task('b')).on(overdue(B));
    expect(recover(life.state)).toEqual(life.effects);
    expect(life.on(over(B)).asked).toEqual([`consumeTask ${B}`, `stopTask ${A}`]);
    expect(life.ended(STOPPED, 0).calls.at(-1)).toBe('endWithFailure 0');
    expect(life.state.error?.message).toContain(`${B} (b) was aborted (zombie)`);
  });

  test('leaves a held command held', () => {
    const life = Life.of(step('one')).started(task('a')).on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } }).on(overdue(A)).on(over(A));
    expect([life.status, life.item().outcome]).toEqual(['PARKED', ZOMBIE]);
  });

  test('was to undo something: the undo has failed', () => {
    const id = 'c1$0.f1.1.0';
    const life = Life.of(step('one', { undoRetry: TWICE })).throws().cleansUp(request('remove')).on(overdue(id)).on(over(id));
    expect(life.status).toBe('ROLLBACK_INCOMPLETE');
  });

  test('was to clean up before a retry: there is no further attempt', () => {
    const life = tidying().on(overdue(TIDY)).on(over(TIDY));
    const other = TIDY.replace(/0$/, '1');
    expect(life.asked).toEqual([`consumeTask ${TIDY}`, `stopTask ${other}`]);
    expect(life.on({ type: 'workEnded', id: other, outcome: STOPPED }).calls.at(-1)).toBe('endWithFailure 0');
  });
});
