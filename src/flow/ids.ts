import type { Callback, TaskItem, WorkOf } from './state.js';

// Ids are functions of durable facts, so a recovered engine derives the same ones. `!` and `$` are not allowed in ids that callers choose.

const WORK_TAG: Record<WorkOf, string> = { step: 'w', endWithFailure: 'f', compensate: 'c' };

/** @param run the attempt of the callback that asked for the task @param attempt of the task itself, from 1 */
export function taskId(commandId: string, index: number, of: WorkOf, run: number, attempt: number, ordinal: number): string {
  return `${commandId}$${index}.${WORK_TAG[of]}${run}.${attempt}.${ordinal}`;
}

/** The id of another attempt of a task. */
export function idOfAttempt({ id, attempt, ordinal }: TaskItem, other: number): string {
  return `${id.slice(0, -`.${attempt}.${ordinal}`.length)}.${other}.${ordinal}`;
}

/** @param before the id of the attempt that the clean-up comes before @param run the attempt of `beforeRetry` that asked for the task */
export function cleanUpTaskId(before: string, run: number, attempt: number, ordinal: number): string {
  return `${before}.r${run}.${attempt}.${ordinal}`;
}

export function childId(commandId: string, index: number, run: number, ordinal: number): string {
  return `${commandId}!${index}.${run}.${ordinal}`;
}

/** The idempotency key of an HSM call. */
export function callKey(commandId: string, index: number, callback: Callback, attempt: number, ordinal: number): string {
  return `${commandId}/${index}/${callback}/${attempt}/${ordinal}`;
}

/** The same for `beforeRetry`. @param before the id of the attempt that the clean-up comes before */
export function cleanUpCallKey(commandId: string, index: number, before: string, attempt: number, ordinal: number): string {
  return `${commandId}/${index}/beforeRetry/${before.slice(commandId.length + 1)}/${attempt}/${ordinal}`;
}

/** Tells the key of a call from the id of a task: no id has a `/`. */
export function isCallKey(key: string): boolean {
  return key.includes('/');
}

/** What `ctx.newId(name)` gives. */
export function derivedId(commandId: string, index: number, name: string): string {
  return `${commandId}$${index}.${name}`;
}
