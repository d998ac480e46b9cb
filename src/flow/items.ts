import type { TaskRequest } from '../model/task.js';
import type { Outcome } from '../model/outcome.js';
import type { FlowEffect } from './event.js';
import { taskId } from './ids.js';
import { stepNumber } from './step.js';
import type { CommandState, TaskItem, WorkItem, WorkOf } from './state.js';

/** A task as it stands in the commit that first places it. @param run the attempt of the callback that asked for it */
export function placedTask(state: CommandState, of: WorkOf, run: number, request: TaskRequest, ordinal: number): TaskItem {
  return {
    kind: 'task',
    ordinal,
    run,
    id: taskId(state.id, stepNumber(state), of, run, 1, ordinal),
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
  state: CommandState,
  of: WorkOf,
  item: TaskItem,
  ended: { readonly outcome: Outcome; readonly failures: number; readonly notBefore: number | null },
): TaskItem {
  const attempt = item.attempt + 1;
  return {
    ...item,
    id: taskId(state.id, stepNumber(state), of, item.run, attempt, item.ordinal),
    attempt,
    failures: ended.failures,
    past: [...item.past, ended.outcome],
    notBefore: ended.notBefore,
    stop: null,
    outcome: null,
  };
}

/** The item as its last attempt left it: the next one, which is waiting, is not to be. */
export function withoutNextAttempt(state: CommandState, of: WorkOf, item: TaskItem): TaskItem {
  const attempt = item.attempt - 1;
  return {
    ...item,
    id: taskId(state.id, stepNumber(state), of, item.run, attempt, item.ordinal),
    attempt,
    past: item.past.slice(0, -1),
    notBefore: null,
    outcome: item.past.at(-1) ?? { kind: 'notSent' },
  };
}

/** What an outstanding item asks for when it has just been placed or put off. */
export function effectsOfItem(item: WorkItem): FlowEffect[] {
  if (item.outcome !== null) return [];
  if (item.kind === 'child') return [{ do: 'startChild', item }];
  return [item.notBefore === null ? { do: 'placeTask', item } : { do: 'retryAt', id: item.id, at: item.notBefore }];
}

/** What has been asked to stop and is still under way, asked once more. */
export function stops(work: readonly WorkItem[]): FlowEffect[] {
  return work.flatMap((item): FlowEffect[] => {
    if (item.outcome !== null || item.stop === null) return [];
    return [item.kind === 'child' ? { do: 'cancelChild', id: item.id } : { do: 'stopTask', id: item.id, reason: item.stop }];
  });
}
