import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, ERROR, Life, step, task, WELL } from './life.js';

const ILL: Outcome = { kind: 'childFailed', error: { ...ERROR, message: 'no space', causes: ['full'] } };

/** A step, behind a completed one, that waits for three independent children. */
const waiting = (): Life => Life.of(step('zero'), step('one'), step('two')).passes().started(child('A'), child('B'), child('C'));

describe('independent children', () => {
  test('are started in the commit of the callback, with their own ids', () => {
    expect(waiting().asked).toEqual(['startChild c1!1.1.0', 'startChild c1!1.1.1', 'startChild c1!1.1.2']);
  });

  test('one that succeeded is enough', () => {
    const life = waiting().ended(ILL, 0).ended(WELL, 2).ended(ILL, 1);
    expect([life.calls.at(-1), life.stepAt(1).work.map(({ outcome }) => outcome?.kind)]).toEqual([
      'endSuccessfully 1',
      ['childFailed', 'childFailed', 'succeeded'],
    ]);
  });

  test('none that succeeded fails the step, with the error of the first', () => {
    const life = waiting().ended(ILL, 2).ended(ILL, 0).ended(ILL, 1);
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'endWithFailure 1']);
    expect(life.state.error).toEqual({ code: 'CHILD_FAILED', message: 'child c1!1.1.0 (A) failed: no space', retryable: false, causes: ['no space', 'full'] });
  });

  test('are neither stopped nor tried again when one fails', () => {
    const retry = { attempts: 3, backoffMs: 0, maxBackoffMs: 0 };
    const life = Life.of(step('one', { retry })).started(child('A'), child('B')).ended(ILL, 0);
    expect(life.asked).toEqual([]);
    expect(life.ended(ILL, 1).status).toBe('ROLLING_BACK');
  });

  test('are not the step\'s own effects: it can fail without a way back', () => {
    const life = Life.of(step('zero'), step('one', { hasEndWithFailure: false })).passes().started(child('A')).ended(ILL);
    expect(life.calls.at(-1)).toBe('compensate 0');
  });

  test('go on when a task beside them has failed, and the step ends with the last', () => {
    const life = Life.of(step('one')).started(task('copy'), child('A')).ended(badly(261), 0);
    expect([life.status, life.asked]).toEqual(['RUNNING', ['consumeTask c1$0.w1.1.0']]);
    expect(life.ended(WELL, 1)).toMatchObject({ status: 'ROLLING_BACK', state: { error: { code: 'TASK_FAILED' } } });
  });
});
