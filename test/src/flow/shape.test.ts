import { expect, test } from 'vitest';
import { shapeOf } from '../../../src/flow/shape.js';
import { NO_RETRY, UNDO_RETRY } from '../../../src/model/retry.js';

const nothing = (): undefined => undefined;

test('a handler that says nothing is tried once, undone patiently, and has no limit and no point of no return', () => {
  expect(shapeOf([{ name: 'bare' }])).toEqual([
    {
      name: 'bare',
      hasCreateTask: false,
      hasBeforeRetry: false,
      hasProbe: false,
      hasEndWithFailure: false,
      hasCompensate: false,
      hasCompensationEnded: false,
      hasLeaves: false,
      effectFree: false,
      timeoutMs: null,
      retry: NO_RETRY,
      undoRetry: UNDO_RETRY,
      pivotPart: null,
      onUndoFailed: 'stop',
    },
  ]);
});

test('what a handler declares is in its shape, and its policies are completed by the defaults', () => {
  const [shape] = shapeOf([
    {
      name: 'full',
      createTask: nothing,
      beforeRetry: nothing,
      probe: () => 'cannotTell',
      endWithFailure: nothing,
      compensate: nothing,
      compensationEnded: nothing,
      leaves: () => [],
      effectFree: true,
      timeoutMs: 5,
      retry: { attempts: 3 },
      undoRetry: { attempts: 7 },
      pointOfNoReturn: { part: 'task', hasPassed: () => Promise.resolve('cannotTell') },
      onUndoFailed: 'continue',
    },
  ]);
  expect(shape).toEqual({
    name: 'full',
    hasCreateTask: true,
    hasBeforeRetry: true,
    hasProbe: true,
    hasEndWithFailure: true,
    hasCompensate: true,
    hasCompensationEnded: true,
    hasLeaves: true,
    effectFree: true,
    timeoutMs: 5,
    retry: { ...NO_RETRY, attempts: 3 },
    undoRetry: { ...UNDO_RETRY, attempts: 7 },
    pivotPart: 'task',
    onUndoFailed: 'continue',
  });
});
