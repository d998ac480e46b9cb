import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUncounted, isUncountedOutcome } from '../../../src/flow/retry.js';
import type { ErrorRecord } from '../../../src/model/errors.js';
import type { Failure, Outcome } from '../../../src/model/outcome.js';
import type { RetryIf } from '../../../src/model/retry.js';
import { badly, ERROR, Life, LOST, refusedWith, request, step, STOPPED, task, UNANSWERED, WELL } from './life.js';

const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_500 };
const SECOND = 1_000_000;

describe('a failed task', () => {
  const failing = (): Life => Life.of(step('one', { retry: THRICE })).started(task('copy'), task('other'));

  test('waits, and is then placed under a new id, without its callback', () => {
    const life = failing();
    life.now = 10 * SECOND;
    life.ended(badly(261));
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.0', `retryAt ${11 * SECOND} c1$0.w1.2.0`]);
    life.due();
    expect(life.asked).toEqual(['placeTask c1$0.w1.2.0']);
    expect(life.calls).toEqual(['start 0']);
    expect(life.effects[0]).toMatchObject({ item: { attempt: 2, past: [{ id: 'c1$0.w1.1.0', outcome: badly(261) }], verb: 'copy', args: { of: 'copy' } } });
  });

  test('gives up the sent attempt: the fence grows', () => {
    const life = failing();
    const { fence } = life.state;
    expect(life.ended(badly(261)).state.fence).toBe(fence + 1);
  });

  test('waits longer each time, up to the limit, and stretched by the draw', () => {
    const life = failing().ended(badly(261)).due();
    expect(life.ended(badly(261)).asked[1]).toBe(`retryAt ${life.now + 1.5 * SECOND} c1$0.w1.3.0`);
    const stretched = failing();
    stretched.jitter = 0.5;
    expect(stretched.ended(badly(261)).asked[1]).toBe(`retryAt ${stretched.now + 1.25 * SECOND} c1$0.w1.2.0`);
  });

  test('does not stop its siblings while it has attempts left, and does with the last', () => {
    const life = failing().ended(LOST).due().ended(LOST).due();
    expect(life.item(1)).toMatchObject({ stop: null, outcome: null });
    life.ended(LOST);
    expect(life.asked).toEqual(['consumeTask c1$0.w1.3.0', 'stopTask c1$0.w1.1.1']);
    expect(life.item(0)).toMatchObject({ past: [{ outcome: LOST }, { outcome: LOST }], outcome: LOST });
  });

  test('counts on its own: a sibling has all its attempts', () => {
    const life = failing().ended(LOST, 0).due(0).ended(LOST, 1).due(1).ended(LOST, 1).due(1).ended(WELL, 0).ended(WELL, 1);
    expect(life.calls.at(-1)).toBe('endSuccessfully 0');
  });

  test.each<Outcome>([STOPPED, { kind: 'unknown' }])('is not tried again after %j', (outcome) => {
    expect(failing().ended(outcome).asked).toContain('stopTask c1$0.w1.1.1');
  });

  test('that was asked to stop is not tried again, however it ends', () => {
    const life = Life.of(step('one', { retry: THRICE })).started(task('a'), task('b')).ended({ kind: 'unknown' }, 0).ended(badly(261), 1);
    expect(life.status).toBe('ROLLING_BACK');
  });

  test('waiting for its next attempt when a sibling fails for good, ends as its last attempt did', () => {
    const life = failing().ended(badly(7), 0).ended({ kind: 'unknown' }, 1);
    expect([life.status, life.stepAt(0).work[0]]).toMatchObject(['ROLLING_BACK', { outcome: badly(7), past: [] }]);
  });

  test('is nobody\'s concern under its old id, nor under the new one before that is placed', () => {
    const life = failing().ended(badly(261));
    expect(life.ignores({ type: 'workEnded', id: 'c1$0.w1.1.0', outcome: WELL })).toBe(true);
    expect(life.ignores({ type: 'workEnded', id: 'c1$0.w1.2.0', outcome: WELL })).toBe(true);
  });
});

describe('a callback that threw', () => {
  test.each(['start', 'endSuccessfully'] as const)('%s is run again, later, as the next attempt', (callback) => {
    const life = Life.of(step('one', { retry: THRICE }));
    if (callback === 'endSuccessfully') life.started();
    life.now = 5 * SECOND;
    const { fence } = life.state;
    life.throws();
    expect(life.effects).toEqual([{ do: 'runCallback', callback, index: 0, attempt: 2, notBefore: 6 * SECOND }]);
    expect(life.state.fence).toBe(fence + 1);
    life.throws().throws();
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', callback === 'start' ? 'endWithFailure 0' : 'compensate 0']);
  });

  test('that is run again may end well, and its tasks tell which run they are of', () => {
    const life = Life.of(step('one', { retry: THRICE })).throws().started(task('copy'));
    expect(life.asked).toEqual(['placeTask c1$0.w2.1.0']);
  });

  test('forward, a call without answer counts like any other error', () => {
    expect(Life.of(step('one')).throws(UNANSWERED).status).toBe('ROLLING_BACK');
  });

  test('an earlier run of it changes nothing any more', () => {
    const life = Life.of(step('one', { retry: THRICE }));
    const { run } = life;
    life.throws();
    expect(life.ignores({ type: 'started', run, work: [] })).toBe(true);
    expect(life.ignores({ type: 'threw', callback: 'start', run, error: ERROR, sent: false })).toBe(true);
  });
});

describe('a task of which nobody can tell whether it ran', () => {
  const UNKNOWN: Outcome = { kind: 'unknown' };

  test('is tried again if it may run twice', () => {
    const life = Life.of(step('one', { retry: THRICE })).started({ kind: 'task', request: request('copy', [], true) });
    expect(life.ended(UNKNOWN).due().asked).toEqual(['placeTask c1$0.w1.2.0']);
    expect(life.ended(UNKNOWN).due().ended(UNKNOWN).status).toBe('ROLLING_BACK');
  });

  test('has failed for good otherwise, however patient undo work is', () => {
    const undoing = (repeatable: boolean): Life => Life.of(step('one'), step('two')).passes().throws().cleansUp().compensates(request('remove', [], repeatable)).ended(UNKNOWN);
    expect(undoing(false).status).toBe('ROLLBACK_INCOMPLETE');
    expect(undoing(true).asked[1]).toContain('retryAt');
  });
});

describe('a policy that says which errors are tried again', () => {
  const failing = (retryIf: RetryIf): Life => Life.of(step('one', { retry: { ...THRICE, retryIf } }));
  const full: ErrorRecord = { ...ERROR, code: 'CALL_FAILED', hostCode: 2 };

  test.each<[retryIf: RetryIf, error: ErrorRecord, tried: boolean]>([
    [{ only: { hostCodes: [2, 3] } }, full, true],
    [{ only: { hostCodes: [3] } }, full, false],
    [{ only: { hostCodes: [3] } }, ERROR, false],
    [{ only: { codes: ['CALL_FAILED'] } }, full, true],
    [{ only: { codes: ['CALL_UNKNOWN'] } }, full, false],
    [{ only: { codes: ['CALL_UNKNOWN'], hostCodes: [2] } }, full, true],
    [{ except: { hostCodes: [2] } }, full, false],
    [{ except: { hostCodes: [3] } }, full, true],
    [{ except: { codes: ['CALLBACK_THREW'] } }, ERROR, false],
    [{ except: { codes: ['CALLBACK_THREW'] } }, full, true],
  ])('%j: a callback that threw %j: %s', (retryIf, error, tried) => {
    expect(failing(retryIf).throws(error).calls.at(-1)).toBe(tried ? 'start 0 #2' : 'endWithFailure 0');
  });

  test.each<[retryIf: RetryIf, outcome: Outcome, tried: boolean]>([
    [{ only: { hostCodes: [261] } }, badly(261), true],
    [{ only: { hostCodes: [261] } }, refusedWith(1000), false],
    [{ only: { codes: ['TASK_FAILED'] } }, LOST, true],
    [{ except: { hostCodes: [261] } }, badly(261), false],
    [{ except: { hostCodes: [261] } }, LOST, true],
    [{ only: { codes: ['TASK_FAILED'] } }, STOPPED, false],
  ])('%j: a task that ended as %j: %s', (retryIf, outcome, tried) => {
    expect(failing(retryIf).started(task('copy')).ended(outcome).status).toBe(tried ? 'RUNNING' : 'ROLLING_BACK');
  });

  test('does not end the patience of undo work with what says nothing about it', () => {
    const life = Life.of(step('one', { undoRetry: { ...THRICE, retryIf: { only: { hostCodes: [261] } } } }), step('two')).passes().throws().cleansUp();
    expect(life.throws(UNANSWERED).calls.at(-1)).toBe('compensate 0 #2');
    expect(life.throws({ ...ERROR, hostCode: 261 }).calls.at(-1)).toBe('compensate 0 #3');
    expect(life.throws().status).toBe('ROLLBACK_INCOMPLETE');
  });
});

describe('what does not count against undo work', () => {
  test.each([
    [UNANSWERED, true],
    [{ ...ERROR, hostCode: 654 }, true],
    [{ ...ERROR, hostCode: 99 }, true],
    [{ ...ERROR, hostCode: 261 }, false],
    [ERROR, false],
  ])('%j: %s', (error, uncounted) => {
    expect(isUncounted(error)).toBe(uncounted);
  });

  test.each<[Failure, boolean]>([
    [LOST, true],
    [badly(0, true), true],
    [badly(654), true],
    [refusedWith(99), true],
    [refusedWith(1000), false],
    [badly(261), false],
    [STOPPED, false],
    [{ kind: 'unknown' }, true],
    [{ kind: 'notSent' }, false],
    [{ kind: 'childFailed', error: ERROR }, false],
  ])('%j: %s', (outcome, uncounted) => {
    expect(isUncountedOutcome(outcome)).toBe(uncounted);
  });
});

test('no wait is shorter than the back-off, or longer than half as much again as its limit', () => {
  const policy = fc.record({
    attempts: fc.integer({ min: 2, max: 50 }),
    backoffMs: fc.integer({ min: 0, max: 10_000 }),
    maxBackoffMs: fc.integer({ min: 10_000, max: 99_999 }),
  });
  fc.assert(
    fc.property(policy, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retry, jitter) => {
      const life = Life.of(step('one', { retry }));
      life.jitter = jitter;
      for (let attempt = 2; attempt <= retry.attempts; attempt += 1) {
        life.throws();
        const wait = (life.state.phase.at === 'callback' ? (life.state.phase.notBefore ?? 0) : 0) - life.now;
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(retry.backoffMs * 1_000);
        expect(wait).toBeLessThanOrEqual(retry.maxBackoffMs * 1_500);
      }
      expect(life.throws().status).toBe('ROLLING_BACK');
    }),
    { numRuns: 50 },
  );
});
