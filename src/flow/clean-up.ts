import type { ErrorRecord } from '../model/errors.js';
import type { TaskRequest } from '../model/task.js';
import type { Instant } from './event.js';
import { cleanUpTaskId } from './ids.js';
import { firstAttempt, withoutNextAttempt } from './items.js';
import type { HandlerShape } from './shape.js';
import type { ChildItem, CleanUp, CommandState, StopReason, TaskItem, WorkItem } from './state.js';
import { taskFailure } from './work-failure.js';

// What a task goes through between its back-off and its next attempt (semantics §2, "Retry"): `beforeRetry`, and then the tasks that it returned.

/** A task whose back-off is over: its next attempt is placed, or what comes before that begins. */
export function dueAgain({ hasBeforeRetry }: HandlerShape, item: TaskItem): TaskItem {
  const due = { ...item, notBefore: null };
  return hasBeforeRetry ? { ...due, cleanUp: { at: 'callback', attempt: (item.givenUp?.run ?? 0) + 1, failures: 0, notBefore: null } } : due;
}

/** `beforeRetry` has returned these tasks. */
export function cleaningUp(item: TaskItem, run: number, requests: readonly TaskRequest[], { epoch }: Pick<CommandState, 'epoch'>): TaskItem {
  return cleanedSoFar(item, run, requests.map((request, ordinal) => firstAttempt(cleanUpTaskId(item.id, run, 1, ordinal, epoch), run, request, ordinal)));
}

/** The tasks of a clean-up have come so far: when all of them are over, the next attempt is placed, or given up. */
export function cleanedSoFar(item: TaskItem, run: number, work: readonly TaskItem[]): TaskItem {
  if (work.some(({ outcome }) => outcome === null)) return { ...item, cleanUp: { at: 'work', run, work } };
  const over = work.length === 0 ? item : { ...item, cleanedUp: [...(item.cleanedUp ?? []), ...work] };
  const error = taskFailure(work);
  // Even if they ended well: what was asked to stop is not tried again.
  if (error !== null || item.stop !== null) return withoutRetry({ ...over, cleanUp: { at: 'work', run, work } }, error);
  const { cleanUp: _over, givenUp: _before, ...placed } = over;
  return placed;
}

/** The item as its last attempt left it. @param error why its clean-up has failed for good; null: it was asked to stop */
export function withoutRetry({ cleanUp, ...item }: TaskItem & { readonly cleanUp: CleanUp }, error: ErrorRecord | null): TaskItem {
  return { ...withoutNextAttempt(item), givenUp: { run: runOf(cleanUp), error } };
}

function runOf(cleanUp: CleanUp): number {
  return cleanUp.at === 'callback' ? cleanUp.attempt : cleanUp.run;
}

/** Asks for it to stop; what has nothing under way, and waits for its next attempt, ends as its last one did. */
export function stopItem<I extends WorkItem>(item: I, reason: StopReason, at: Instant): I | TaskItem | ChildItem {
  if (item.outcome !== null) return item;
  if (item.kind === 'child') return item.stop === null ? { ...item, stop: reason } : item;
  return stopTask(item, reason, at);
}

export function stopTask(item: TaskItem, reason: StopReason, at: Instant): TaskItem {
  if (item.outcome !== null) return item;
  if (item.notBefore !== null) return withoutNextAttempt(item);
  const { cleanUp } = item;
  if (cleanUp?.at === 'callback' && cleanUp.notBefore !== null && cleanUp.notBefore > at.now) return withoutRetry({ ...item, cleanUp }, null);
  if (item.stop !== null) return item;
  const asked = { ...item, stop: reason };
  return cleanUp?.at === 'work' ? cleanedSoFar(asked, cleanUp.run, cleanUp.work.map((task) => stopTask(task, reason, at))) : asked;
}

/** What a mended program goes on with: the run of `beforeRetry` that was due is given up for a new one, if it is one of these. */
export function inNewRun(item: WorkItem, givenUp: readonly { readonly task?: string }[]): WorkItem {
  if (item.kind === 'child' || item.cleanUp?.at !== 'callback' || !givenUp.some(({ task }) => task === item.id)) return item;
  return { ...item, cleanUp: { ...item.cleanUp, attempt: item.cleanUp.attempt + 1 } };
}

/** The clean-up task of this id, in the items that wait for it. */
export function cleanUpTask(items: readonly WorkItem[], id: string): { readonly item: TaskItem; readonly run: number; readonly work: readonly TaskItem[]; readonly task: TaskItem } | null {
  for (const item of items) {
    if (item.kind === 'child' || item.cleanUp?.at !== 'work') continue;
    const task = item.cleanUp.work.find((candidate) => candidate.id === id);
    if (task !== undefined) return { item, run: item.cleanUp.run, work: item.cleanUp.work, task };
  }
  return null;
}

/** All tasks that there are or were of an item: itself, as far as its last attempt, and those of its clean-ups. */
export function withCleanUps(item: TaskItem): readonly TaskItem[] {
  return [item, ...(item.cleanedUp ?? []), ...(item.cleanUp?.at === 'work' ? item.cleanUp.work : [])];
}

