import type { ScheduledCallback, CommandState, TaskItem, WorkOf } from './state.js';

// Ids are functions of durable facts, so a recovered engine derives the same ones. `!` and `$` are not allowed in ids that callers choose.

const WORK_TAG: Record<WorkOf, string> = { step: 'w', endWithFailure: 'f', compensate: 'c' };

/** The command that an id is made for, and the epoch in which it is. */
export type Origin = Pick<CommandState, 'id' | 'epoch'>;

/** The store may have lost commits in which the same command had used the same number: then its epoch tells the ids apart. */
function inEpoch(number: number, epoch: number | undefined): string {
  return epoch === undefined ? `${number}` : `${number}e${epoch}`;
}

/** The epoch that the id of a task or the key of a call was made in. */
export function epochOf(idOrKey: string): number {
  return Number(/\de(\d+)[./]\d+$/.exec(idOrKey)?.[1] ?? 0);
}

/** @param run the attempt of the callback that asked for the task @param attempt of the task itself, from 1 */
export function taskId({ id, epoch }: Origin, index: number, of: WorkOf, run: number, attempt: number, ordinal: number): string {
  return `${id}$${index}.${WORK_TAG[of]}${run}.${inEpoch(attempt, epoch)}.${ordinal}`;
}

/** The id of a further attempt of a task. @param epoch in which it is made */
export function idOfAttempt({ id, ordinal }: Pick<TaskItem, 'id' | 'ordinal'>, attempt: number, epoch: number | undefined): string {
  const withoutOrdinal = id.slice(0, -`.${ordinal}`.length);
  return `${withoutOrdinal.slice(0, withoutOrdinal.lastIndexOf('.'))}.${inEpoch(attempt, epoch)}.${ordinal}`;
}

/** @param before the id of the attempt that the clean-up comes before @param run the attempt of `beforeRetry` that asked for the task @param epoch in which it is made */
export function cleanUpTaskId(before: string, run: number, attempt: number, ordinal: number, epoch: number | undefined): string {
  return `${before}.r${run}.${inEpoch(attempt, epoch)}.${ordinal}`;
}

export function childId({ id, epoch }: Origin, index: number, run: number, ordinal: number): string {
  return `${id}!${index}.${inEpoch(run, epoch)}.${ordinal}`;
}

/** The command whose locks a command uses: itself, if it is nobody's child. */
export function rootOf(commandId: string): string {
  return commandId.replace(/!.*/, '');
}

/** The idempotency key of an HSM call. */
export function callKey({ id, epoch }: Origin, index: number, callback: Exclude<ScheduledCallback, 'beforeRetry'>, attempt: number, ordinal: number): string {
  return `${id}/${index}/${callback}/${inEpoch(attempt, epoch)}/${ordinal}`;
}

/** The same for `beforeRetry`. @param before the id of the attempt that the clean-up comes before */
export function cleanUpCallKey({ id, epoch }: Origin, index: number, before: string, attempt: number, ordinal: number): string {
  return `${id}/${index}/beforeRetry/${before.slice(id.length + 1)}/${inEpoch(attempt, epoch)}/${ordinal}`;
}

/** Tells the key of a call from the id of a task: no id has a `/`. */
export function isCallKey(key: string): boolean {
  return key.includes('/');
}

/** What `ctx.newId(name)` gives: in every epoch the same, for it may be in what was committed before. */
export function derivedId(commandId: string, index: number, name: string): string {
  return `${commandId}$${index}.${name}`;
}
