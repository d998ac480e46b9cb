import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../actors/task-outcome.js';
import type { TaskStatus } from '../../actors/wire.js';
import type { Outcome } from '../../src/model/outcome.js';

function status(taskState: TaskStatus['taskState'], taskResult: TaskStatus['taskResult'] = '', code = 0): TaskStatus {
  return { taskId: 't', taskState, taskResult, code, message: 'm' };
}

const failed = (code: number, takeOver: boolean): Outcome => ({ kind: 'failed', code, message: 'm', takeOver });

describe("what a host's status says", () => {
  test.each<[TaskStatus, stop: 'sibling' | null, Outcome | null]>([
    [status('init'), null, null],
    [status('running'), null, null],
    [status('aborting'), 'sibling', null],
    [status('cleaning'), null, null],
    [status('unknown'), null, null],
    [status('finished', 'success'), null, { kind: 'succeeded' }],
    // It was over before the request to stop reached it.
    [status('finished', 'success'), 'sibling', { kind: 'succeeded' }],
    // With an error it is none, whatever the result is called.
    [status('finished', 'success', 261), null, failed(261, false)],
    [status('finished', 'cleanSuccess', 261), null, failed(261, false)],
    [status('finished', 'cleanFailure', 261), null, failed(261, false)],
    [status('finished', 'cleanSuccess', 0), null, failed(0, true)],
    [status('finished', 'cleanSuccess', 411), 'sibling', { kind: 'aborted', reason: 'sibling' }],
    [status('finished', 'cleanFailure', 261), 'sibling', { kind: 'aborted', reason: 'sibling' }],
    [status('finished', '', 100), null, failed(100, false)],
  ])('%j, stopped: %j', (said, stop, outcome) => {
    expect(outcomeOf(said, stop)).toEqual(outcome);
  });
});
