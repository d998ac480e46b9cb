import type { StoredTask } from '../storage-port.js';
import type { TaskStatus } from '../wire.js';
import { isEnd, WIRE_VALUES } from './task-states.js';

/** A task in its host's memory. Code and message do not survive the host. */
export interface HostTask extends StoredTask {
  /** 0 until the job has ended. */
  readonly code: number;
  readonly message: string;
}

export const INITIALIZING = 'Task is initializing';
export const RUNNING_JOB = 'running job 1 of 1';
export const JOBS_COMPLETED = '1 jobs completed successfully';

/** As an SPM finds it that has loaded it: with the result of one that finished, and without the code of any other. */
export function loaded(task: StoredTask): HostTask {
  return { ...task, code: 0, message: task.state === 'finished' ? JOBS_COMPLETED : INITIALIZING };
}

/**
 * A task as the wire shows it. A task that was asked to stop goes on being `running` until its job returns, and `finished` alone does not mean
 * that it succeeded: an ordinary failure is rolled back and so ends `cleanSuccess`.
 */
export function statusOf({ id: taskId, state, code, message }: HostTask): TaskStatus {
  return { taskId, ...WIRE_VALUES[state], code: isEnd(state) ? code : 0, message };
}

export function isOver({ state }: StoredTask): boolean {
  return isEnd(state);
}
