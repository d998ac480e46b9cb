import { describe, expect, test } from 'vitest';
import { callKey, childId, cleanUpCallKey, cleanUpTaskId, derivedId, epochOf, idOfAttempt, isCallKey, rootOf, taskId } from '../../../src/flow/ids.js';
import { Life, step, task } from './life.js';

const COMMAND = { id: 'c1' };
/** The same once an older store was accepted of which commit 41 was the last that hosts had seen. */
const LATER = { id: 'c1', epoch: 42 };

describe('an id tells where it is from', () => {
  test.each([
    ['a task', taskId(COMMAND, 2, 'step', 1, 3, 4), 'c1$2.w1.3.4'],
    ['a revert task of a failed step', taskId(COMMAND, 2, 'endWithFailure', 1, 1, 0), 'c1$2.f1.1.0'],
    ['a revert task of a completed step', taskId(COMMAND, 2, 'compensate', 5, 1, 0), 'c1$2.c5.1.0'],
    ['a clean-up task', cleanUpTaskId('c1$2.w1.2.0', 3, 1, 0, undefined), 'c1$2.w1.2.0.r3.1.0'],
    ['a child', childId(COMMAND, 2, 1, 0), 'c1!2.1.0'],
    ['what a callback derived', derivedId('c1', 2, 'volume'), 'c1$2.volume'],
  ])('%s', (_, id, expected) => {
    expect([id, isCallKey(id), epochOf(id)]).toEqual([expected, false, 0]);
  });

  test.each([
    ['a call', callKey(COMMAND, 2, 'compensate', 3, 0), 'c1/2/compensate/3/0'],
    ['a call of a clean-up', cleanUpCallKey(COMMAND, 2, 'c1$2.w1.2.0', 3, 0), 'c1/2/beforeRetry/2.w1.2.0/3/0'],
  ])('the key of %s, which no task has', (_, key, expected) => {
    expect([key, isCallKey(key), epochOf(key)]).toEqual([expected, true, 0]);
  });

  test('another attempt of a task has the same id but for the attempt', () => {
    const item = Life.of(step('one')).started(task('a'), task('b')).item(1);
    expect(item.kind === 'task' && idOfAttempt(item, 12, undefined)).toBe('c1$0.w1.12.1');
  });
});

test.each([
  ['a task', taskId(LATER, 2, 'step', 1, 3, 4), 'c1$2.w1.3e42.4'],
  ['a further attempt of a task of before', idOfAttempt({ id: 'c1$2.w1.3.4', ordinal: 4 }, 4, 42), 'c1$2.w1.4e42.4'],
  ['the attempt after that', idOfAttempt({ id: 'c1$2.w1.4e42.4', ordinal: 4 }, 5, 42), 'c1$2.w1.5e42.4'],
  ['a clean-up task', cleanUpTaskId('c1$2.w1.2.0', 3, 1, 0, 42), 'c1$2.w1.2.0.r3.1e42.0'],
  ['a call', callKey(LATER, 2, 'compensate', 3, 0), 'c1/2/compensate/3e42/0'],
  ['a call of a clean-up', cleanUpCallKey(LATER, 2, 'c1$2.w1.2.0', 3, 0), 'c1/2/beforeRetry/2.w1.2.0/3e42/0'],
])('what is made after an older store was accepted is not taken for what the lost commits had made: %s', (_, id, expected) => {
  expect([id, epochOf(id)]).toEqual([expected, 42]);
});

test.each(['c1', 'c1!2.1.0', 'c1!2.1e42.0!0.1.3'])('the locks of %s are those of c1', (id) => {
  expect(rootOf(id)).toBe('c1');
});

test('nor is a child, whose tasks and calls are of its own', () => {
  expect(childId(LATER, 2, 1, 0)).toBe('c1!2.1e42.0');
  expect(epochOf(taskId({ id: 'c1!2.1e42.0' }, 0, 'step', 1, 1, 0))).toBe(0);
});
