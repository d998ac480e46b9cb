import type { TaskRequest } from '../model/task.js';
import type { Failure, Outcome } from '../model/outcome.js';
import type { FlowEffect } from './event.js';
import { idOfAttempt, taskId } from './ids.js';
import { IllegalTransition, stepNumber } from './step.js';
import type { CommandState, TaskItem, WorkItem, WorkOf } from './state.js';

/** A task as it stands in the commit that first places it. @param run the attempt of the callback that asked for it */
export function placedTask(state: CommandState, of: WorkOf, run: number, request: TaskRequest, ordinal: number): TaskItem {
  return firstAttempt(taskId(state, stepNumber(state), of, run, 1, ordinal), run, request, ordinal);
}

/** @param id of its first attempt; it ends with the attempt and the ordinal */
export function firstAttempt(id: string, run: number, request: TaskRequest, ordinal: number): TaskItem {
  return {
    kind: 'task',
    ordinal,
    run,
    id,
    attempt: 1,
    failures: 0,
    past: [],
    verb: request.verb,
    args: request.args,
    pool: request.pool,
    entity: request.entity ?? null,
    doneCodes: request.doneCodes ?? [],
    repeatable: request.repeatable ?? false,
    notBefore: null,
    stop: null,
    outcome: null,
  };
}

/** The item as it waits for its next attempt, or as that is placed, under a new id: the old one may still be known to a host. */
export function nextTaskAttempt(
  item: TaskItem,
  ended: { readonly outcome: Failure; readonly failures: number; readonly notBefore: number | null },
  { epoch }: Pick<CommandState, 'epoch'>,
): TaskItem {
  const attempt = item.attempt + 1;
  return {
    ...item,
    id: idOfAttempt(item, attempt, epoch),
    attempt,
    failures: ended.failures,
    past: [...item.past, { id: item.id, outcome: ended.outcome }],
    notBefore: ended.notBefore,
    stop: null,
    outcome: null,
  };
}

/** Whether a task that has failed may run once more: of one that nobody can tell of, only if it may run twice. */
export function mayRunAgain({ repeatable }: TaskItem, outcome: Failure): boolean {
  return outcome.kind !== 'unknown' || repeatable;
}

/** Whether it may without anybody asking for it: what was stopped on purpose is not tried again. */
export function isTriedAgain(item: TaskItem, outcome: Failure): boolean {
  return outcome.kind !== 'aborted' && mayRunAgain(item, outcome);
}

/** The item as its last attempt left it: the next one, which is waiting, is not to be. */
export function withoutNextAttempt(item: TaskItem): TaskItem {
  const last = item.past.at(-1);
  if (last === undefined) throw new IllegalTransition(`${item.id} is the first attempt of its task`);
  return {
    ...item,
    ...last,
    attempt: item.attempt - 1,
    past: item.past.slice(0, -1),
    notBefore: null,
    stop: null,
  };
}

/** What an outstanding item asks for when it has just been placed or put off. */
export function effectsOfItem(item: WorkItem): FlowEffect[] {
  if (item.outcome !== null) return [];
  if (item.kind === 'child') return [{ do: 'startChild', item }];
  if (item.probing !== undefined) return [{ do: 'runProbe', item }];
  if (item.cleanUp !== undefined) return item.cleanUp.at === 'callback' ? [{ do: 'runBeforeRetry', item }] : item.cleanUp.work.flatMap((task) => effectsOfItem(task));
  return [item.notBefore === null ? { do: 'placeTask', item } : { do: 'retryAt', id: item.id, at: item.notBefore }];
}

/** What an item that is still outstanding asks for besides being polled. */
export function owed(item: WorkItem): FlowEffect[] {
  if (item.kind === 'task' && item.outcome === null) {
    if (item.probing !== undefined) return [{ do: 'runProbe', item }];
    if (item.notBefore !== null) return [{ do: 'retryAt', id: item.id, at: item.notBefore }];
    if (item.cleanUp !== undefined) return item.cleanUp.at === 'callback' ? [{ do: 'runBeforeRetry', item }] : item.cleanUp.work.flatMap((task) => owed(task));
  }
  return stops([item]);
}

/** What has been asked to stop and is still under way, asked once more. */
export function stops(work: readonly WorkItem[]): FlowEffect[] {
  return work.flatMap((item): FlowEffect[] => {
    if (item.outcome !== null || item.stop === null) return [];
    if (item.kind === 'child') return [{ do: 'cancelChild', id: item.id }];
    if (item.cleanUp !== undefined) return item.cleanUp.at === 'callback' ? [] : stops(item.cleanUp.work);
    return [{ do: 'stopTask', id: item.id, reason: item.stop }];
  });
}

/** The tasks of these items that may be on a host, those that clean up before a retry with them; not one that waits for its next attempt. */
export function placedTasks(items: readonly WorkItem[]): readonly TaskItem[] {
  return items.flatMap((item): readonly TaskItem[] => {
    if (item.kind === 'child' || item.outcome !== null || item.notBefore !== null) return [];
    if (item.cleanUp === undefined) return [item];
    return item.cleanUp.at === 'callback' ? [] : placedTasks(item.cleanUp.work);
  });
}

/** The items with the end that an operator gives to {@link placedTasks} of them that nobody waits for any more. */
export function givenUp(items: readonly WorkItem[]): readonly WorkItem[] {
  return items.map((item) => (item.kind === 'task' ? givenUpTask(item) : item));
}

function givenUpTask(item: TaskItem): TaskItem {
  if (item.outcome !== null || item.notBefore !== null) return item;
  if (item.cleanUp === undefined) return { ...item, outcome: { kind: 'unknown' } };
  return item.cleanUp.at === 'callback' ? item : { ...item, cleanUp: { ...item.cleanUp, work: item.cleanUp.work.map(givenUpTask) } };
}

export function isFailedTask(item: WorkItem): item is TaskItem & { readonly outcome: Failure } {
  return item.kind === 'task' && item.outcome !== null && item.outcome.kind !== 'succeeded';
}

/** Ends with a declared code are ends well: what was wanted is already so. */
export function judged(item: TaskItem, outcome: Outcome): Outcome {
  const already = (outcome.kind === 'failed' || outcome.kind === 'refused') && item.doneCodes.includes(outcome.code);
  return already ? { kind: 'succeeded' } : outcome;
}
