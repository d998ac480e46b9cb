import { describe, expect, test } from 'vitest';
import { callKey, childId, cleanUpCallKey, cleanUpTaskId, derivedId, idOfAttempt, isCallKey, taskId } from '../../../src/flow/ids.js';
import { Life, step, task } from './life.js';

describe('an id tells where it is from', () => {
  test.each([
    ['a task', taskId('c1', 2, 'step', 1, 3, 4), 'c1$2.w1.3.4'],
    ['a revert task of a failed step', taskId('c1', 2, 'endWithFailure', 1, 1, 0), 'c1$2.f1.1.0'],
    ['a revert task of a completed step', taskId('c1', 2, 'compensate', 5, 1, 0), 'c1$2.c5.1.0'],
    ['a clean-up task', cleanUpTaskId('c1$2.w1.2.0', 3, 1, 0), 'c1$2.w1.2.0.r3.1.0'],
    ['a child', childId('c1', 2, 1, 0), 'c1!2.1.0'],
    ['what a callback derived', derivedId('c1', 2, 'volume'), 'c1$2.volume'],
  ])('%s', (_, id, expected) => {
    expect([id, isCallKey(id)]).toEqual([expected, false]);
  });

  test.each([
    ['a call', callKey('c1', 2, 'compensate', 3, 0), 'c1/2/compensate/3/0'],
    ['a call of a clean-up', cleanUpCallKey('c1', 2, 'c1$2.w1.2.0', 3, 0), 'c1/2/beforeRetry/2.w1.2.0/3/0'],
  ])('the key of %s, which no task has', (_, key, expected) => {
    expect([key, isCallKey(key)]).toEqual([expected, true]);
  });

  test('another attempt of a task has the same id but for the attempt', () => {
    const item = Life.of(step('one')).started(task('a'), task('b')).item(1);
    expect(item.kind === 'task' && idOfAttempt(item, 12)).toBe('c1$0.w1.12.1');
  });
});
