import type { StoredTask } from '../storage-port.js';
import type { TaskStatus } from '../wire.js';

/**
 * A task as the wire shows it. A task that was asked to stop goes on being `running` until its job returns, and `finished` alone does not mean
 * that it succeeded: an ordinary failure is rolled back and so ends `cleanSuccess`.
 */
export function statusOf(task: StoredTask): TaskStatus {
  const { id: taskId, code, message } = task;
  switch (task.state) {
    case 'queued':
    case 'running':
      return { taskId, taskState: 'running', taskResult: '', code, message };
    case 'finished':
    case 'recovered':
    case 'failed':
      return { taskId, taskState: 'finished', taskResult: TASK_RESULTS[task.state], code, message };
  }
}

export const TASK_RESULTS = { finished: 'success', recovered: 'cleanSuccess', failed: 'cleanFailure' } as const;

/** The states in which a task's job is over for good. */
export type EndState = keyof typeof TASK_RESULTS;

export function isOver(task: StoredTask): boolean {
  return task.state !== 'queued' && task.state !== 'running';
}
