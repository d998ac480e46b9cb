import { describe, expect, test } from 'vitest';
import { badly, ERROR, Life, request, step, UNANSWERED, WELL } from './life.js';

const ONCE = { attempts: 1, backoffMs: 1_000, maxBackoffMs: 1_000 };
const TWICE = { ...ONCE, attempts: 2 };
const TOLD = { hasCompensationEnded: true } as const;

/** Step zero is completed, step one has failed: `endWithFailure 1` is to run. */
const failed = (traits: Parameters<typeof step>[1] = {}): Life => Life.of(step('zero', { ...TOLD, ...traits }), step('one', { ...TOLD, ...traits })).passes().throws();

describe('compensationEnded', () => {
  test('follows the revert tasks of endWithFailure and of compensate, before the undo goes on', () => {
    const life = failed().cleansUp(request('a'), request('b')).ended(WELL, 0);
    expect(life.calls.at(-1)).toBe('endWithFailure 1');
    life.ended(WELL, 1).isTold().compensates(request('c')).ended(WELL).isTold();
    expect(life.calls.slice(2)).toEqual(['start 1', 'endWithFailure 1', 'compensationEnded 1', 'compensate 0', 'compensationEnded 0']);
    expect([life.status, life.undos]).toEqual(['ROLLED_BACK', ['compensated', undefined]]);
  });

  test('is not called without revert tasks, nor of a handler that has none', () => {
    expect(failed().cleansUp().compensates().calls).not.toContain('compensationEnded 1');
    expect(failed({ hasCompensationEnded: false }).cleansUp(request('a')).ended(WELL).calls.at(-1)).toBe('compensate 0');
  });

  test('is called if they failed for good, and does not make that good', () => {
    const life = failed({ undoRetry: ONCE }).cleansUp(request('a')).ended(badly(261));
    expect(life.calls.at(-1)).toBe('compensationEnded 1');
    life.isTold();
    expect(life.state).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: { hostCode: 261 }, phase: { from: { at: 'work', of: 'endWithFailure' } } });
    expect(life.undos).toEqual(['blocked', 'failed']);
  });

  test('that throws is tried again as undo work is, under a higher fence, and then the undo has failed', () => {
    const life = failed({ undoRetry: TWICE }).cleansUp(request('a')).ended(WELL);
    const { fence } = life.state;
    life.throws(UNANSWERED).throws();
    expect([life.calls.at(-1), life.state.fence]).toEqual(['compensationEnded 1 #3', fence + 2]);
    expect(life.throws().state).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: ERROR, phase: { from: { callback: 'compensationEnded' } } });
  });

  test('that throws when the reverts had failed leaves their error in place', () => {
    const life = failed({ undoRetry: ONCE }).cleansUp(request('a')).ended(badly(261)).throws();
    expect(life.state.heldBy).toMatchObject({ code: 'TASK_FAILED', hostCode: 261 });
  });

  test('with onUndoFailed continue, the earlier steps are undone after it', () => {
    const life = failed({ undoRetry: ONCE, onUndoFailed: 'continue' }).cleansUp(request('a')).ended(badly(261)).isTold();
    expect(life.calls.at(-1)).toBe('compensate 0');
    expect(life.compensates().status).toBe('ROLLBACK_INCOMPLETE');
  });

  test('after an operator\'s retry it is told again, under a new number, and compensate is not run again', () => {
    const retry = { type: 'operate', request: { requestId: 'r1', action: 'retry' }, unfit: null, called: [] } as const;
    const reverted = failed({ undoRetry: ONCE }).cleansUp(request('a'));
    const life = Object.assign(reverted.ended(badly(261)).isTold(), { calls: [] as string[] }).on(retry);
    life.ended(WELL);
    expect(life.calls).toEqual(['compensationEnded 1 #2']);
    life.throws().on({ ...retry, request: { ...retry.request, requestId: 'r2' } });
    expect(life.calls.at(-1)).toBe('compensationEnded 1 #3');
    expect(life.isTold().calls.at(-1)).toBe('compensate 0');
  });
});
