import type { ErrorRecord } from '../model/errors.js';
import type { Outcome } from '../model/outcome.js';
import { cleanedSoFar, dueAgain, stopItem } from './clean-up.js';
import type { FlowEffect, Instant } from './event.js';
import { stuck } from './forward.js';
import { effectsOfItem, isFailedTask, isTriedAgain, judged, nextTaskAttempt, owed, stops } from './items.js';
import { afterBackoff } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CleanUp, CommandState, TaskItem, WorkItem, WorkOf } from './state.js';
import { isPast, phaseBehindHold, shapeAt, stepAt, toCallback, type Transition, withStep } from './step.js';
import { stopError } from './stop-error.js';
import { retried } from './task-retry.js';
import { failStep, tellOfReverts, undoFailed, undone } from './undo.js';
import { noneSucceeded, ownFailure, taskFailure } from './work-failure.js';

// The work that a step, or its undo, waits for: tasks and children, each with retries of its own (semantics §2, "Several tasks", "Retry").

/** The items that the command waits for now. A held command does not go on, but it still hears how its tasks end. */
export function outstandingWork(state: CommandState): { readonly of: WorkOf; readonly items: readonly WorkItem[] } {
  const phase = phaseBehindHold(state);
  if (phase?.at !== 'work') return { of: 'step', items: [] };
  const step = stepAt(state);
  return { of: phase.of, items: phase.of === 'step' ? step.work : step.revertWork };
}

export function withItems(state: CommandState, of: WorkOf, items: readonly WorkItem[]): CommandState {
  return of === 'step' ? withStep(state, { work: items }) : withStep(state, { revertWork: items.filter((item) => item.kind === 'task') });
}

/** A task has ended; null if the command does not wait for it (late, duplicate, of an earlier attempt): nothing changes. */
export function workEnded(shape: FlowShape, state: CommandState, id: string, reported: Outcome, at: Instant): Transition | null {
  const { of, items } = outstandingWork(state);
  const item = items.find((candidate) => candidate.id === id);
  if (item?.kind !== 'task' || item.outcome !== null || item.notBefore !== null || item.cleanUp !== undefined) return null;
  const outcome = judged(item, reported);
  const consume: readonly FlowEffect[] = [{ do: 'consumeTask', id }];
  const ended = replaced(items, item, { ...item, outcome });

  if (state.phase.at === 'held') return { state: withItems(state, of, ended), effects: consume };
  if (outcome.kind === 'succeeded') return settle(shape, withItems(state, of, ended), of, ended, consume);

  const asks = of === 'step' && stepAt(state).pivot === 'maybe';
  const next = asks ? null : retried(shape, state, of, item, outcome, at);
  if (next !== null) {
    const waiting = withItems({ ...state, fence: state.fence + 1 }, of, replaced(items, item, next));
    return { state: waiting, effects: [...consume, ...effectsOfItem(next)] };
  }
  return failedForGood(shape, state, of, ended, consume, at);
}

/** Something has failed for good: its siblings are stopped, unless what they do is needed in any case, or it is not known whether the point of no return is behind. */
export function failedForGood(shape: FlowShape, state: CommandState, of: WorkOf, ended: readonly WorkItem[], effects: readonly FlowEffect[], at: Instant): Transition {
  if (of !== 'step' || stepAt(state).pivot === 'maybe' || isPast(state)) return settle(shape, withItems(state, of, ended), of, ended, effects);
  const stopped = ended.map((other) => stopSibling(other, at));
  return settle(shape, withItems(state, of, stopped), of, stopped, [...effects, ...stops(stopped.filter((other, i) => other !== ended[i]))]);
}

/** One has failed for good: a sibling in back-off ends as its last attempt did, a running one is asked to stop. */
function stopSibling(item: WorkItem, at: Instant): WorkItem {
  return item.kind === 'child' && item.independent ? item : stopItem(item, 'sibling', at);
}

export function replaced(items: readonly WorkItem[], old: WorkItem, by: WorkItem): WorkItem[] {
  return items.map((item) => (item === old ? by : item));
}

/** The work goes on after it was held: what failed meanwhile has what is left of its attempts, and each back-off and request to stop stands. */
export function resumed(shape: FlowShape, state: CommandState, of: WorkOf, at: Instant): Transition {
  const { items } = outstandingWork(state);
  const asks = of === 'step' && stepAt(state).pivot === 'maybe';
  const again = (item: TaskItem): TaskItem => (isFailedTask(item) ? (retried(shape, state, of, item, item.outcome, at) ?? item) : item);
  const tried = items.map((item) => {
    if (item.kind === 'child') return item;
    if (item.cleanUp?.at === 'work') return withCleanUpWork(item, item.cleanUp, item.cleanUp.work.map(again));
    return asks ? item : again(item);
  });
  const fence = tried.some((item, i) => item !== items[i]) ? state.fence + 1 : state.fence;
  // Of a clean-up, the last task may have ended meanwhile.
  const over = tried.map((item) => (item.kind === 'task' && item.cleanUp?.at === 'work' ? cleanedSoFar(item, item.cleanUp.run, item.cleanUp.work) : item));
  const failed = of === 'step' && !asks && !isPast(state) && ownFailure(over.filter(({ outcome }) => outcome !== null)) !== null;
  const next = failed ? over.map((item) => stopSibling(item, at)) : over;
  return settle(shape, withItems({ ...state, fence }, of, next), of, next, next.flatMap((item, i) => (isPlacedNow(items[i], item) ? effectsOfItem(item) : owed(item))));
}

/** The same item if none of the tasks is tried again. */
function withCleanUpWork(item: TaskItem, cleanUp: Extract<CleanUp, { at: 'work' }>, work: readonly TaskItem[]): TaskItem {
  return work.some((task, i) => task !== cleanUp.work[i]) ? { ...item, cleanUp: { ...cleanUp, work } } : item;
}

/** Its clean-up turns out to be over. */
function isPlacedNow(before: WorkItem | undefined, after: WorkItem): boolean {
  return before?.kind === 'task' && before.cleanUp !== undefined && after.kind === 'task' && after.cleanUp === undefined;
}

/** Goes on when the last piece has ended. */
export function settle(shape: FlowShape, state: CommandState, of: WorkOf, items: readonly WorkItem[], effects: readonly FlowEffect[]): Transition {
  if (items.some((item) => item.outcome === null)) return { state, effects };
  const next = of === 'step' ? stepWorkEnded(shape, state, items) : undoWorkEnded(shape, state);
  return { state: next.state, effects: [...effects, ...next.effects] };
}

function stepWorkEnded(shape: FlowShape, state: CommandState, items: readonly WorkItem[]): Transition {
  const step = stepAt(state);
  const taskError = taskFailure(items);
  if (taskError !== null && step.pivot === 'maybe') {
    const asking = { of: 'work', error: taskError } as const;
    return toCallback(withStep({ ...state, fence: state.fence + 1 }, { asking }), 'hasPassed');
  }
  const crossed = step.pivot === 'maybe' ? withStep(state, { pivot: 'passed' }) : state;
  const error = ownFailure(items) ?? noneSucceeded(items);
  if (error === null) return toCallback(crossed, 'endSuccessfully');
  return isPast(crossed) ? stuck(crossed, error, { at: 'work', of: 'step' }) : failStep(shape, crossed, stopError(shape, crossed, error) ?? error);
}

function undoWorkEnded(shape: FlowShape, state: CommandState): Transition {
  return shapeAt(shape, state.executionIndex).hasCompensationEnded ? tellOfReverts(state) : revertsTold(shape, state);
}

/** The revert tasks are over, and the handler, if it wants to, has been told: that changes nothing about how they ended. */
export function revertsTold(shape: FlowShape, state: CommandState): Transition {
  return revertsFailed(shape, state) ?? undone(shape, state);
}

/** The undo has failed with its revert tasks; null if they ended well. What can be tried again is these tasks. */
export function revertsFailed(shape: FlowShape, state: CommandState): Transition | null {
  const { revertWork, completed } = stepAt(state);
  const error = taskFailure(revertWork);
  if (error === null) return null;
  return undoFailed(shape, { ...state, phase: { at: 'work', of: completed ? 'compensate' : 'endWithFailure' } }, 'failed', error);
}

/** `hasPassed` says no: the failed tasks have what is left of their attempts; with none left, the step fails. */
export function retryFailed(shape: FlowShape, state: CommandState, error: ErrorRecord, at: Instant): Transition {
  const { work } = stepAt(state);
  // A child is not tried again, so the step fails all the same.
  const childError = ownFailure(work.filter(({ kind }) => kind === 'child'));
  if (childError !== null && !isPast(state)) return failStep(shape, state, stopError(shape, state, childError) ?? childError);
  const next = work.map((item) => (isFailedTask(item) ? retried(shape, state, 'step', item, item.outcome, at) : item));
  // Everything that failed must have an attempt left, or the step has failed whatever the others do.
  if (next.some((item) => item === null)) return isPast(state) ? stuck(state, error, { at: 'work', of: 'step' }) : failStep(shape, state, stopError(shape, state, error) ?? error);
  return waitFor(state, next.filter((item) => item !== null));
}

/** `hasPassed` says yes: what failed of the crossing step's work is tried again as undo work is, as far as it may be. */
export function resubmitFailed(shape: FlowShape, state: CommandState, at: Instant): Transition {
  const { undoRetry } = shapeAt(shape, state.executionIndex);
  const next = stepAt(state).work.map((item) =>
    isFailedTask(item) && isTriedAgain(item, item.outcome)
      ? nextTaskAttempt(item, { outcome: item.outcome, failures: 0, notBefore: afterBackoff(undoRetry, item.attempt, at) }, state)
      : item,
  );
  const waiting = withStep({ ...state, phase: { at: 'work', of: 'step' } }, { work: next });
  return settle(shape, waiting, 'step', next, next.flatMap((item) => effectsOfItem(item)));
}

function waitFor(state: CommandState, work: readonly WorkItem[]): Transition {
  const next = withStep({ ...state, phase: { at: 'work', of: 'step' } }, { work });
  return { state: next, effects: work.flatMap((item) => effectsOfItem(item)) };
}

/** The back-off of a task is over: its next attempt is placed, or `beforeRetry` is due. Null if it is no longer wanted. */
export function retryDue(shape: FlowShape, state: CommandState, id: string): Transition | null {
  if (state.phase.at !== 'work') return null;
  const { of, items } = outstandingWork(state);
  const item = items.find((candidate) => candidate.id === id);
  if (item === undefined || item.kind === 'child' || item.notBefore === null) return null;
  const due = of === 'step' ? dueAgain(shapeAt(shape, state.executionIndex), item) : { ...item, notBefore: null };
  return { state: withItems(state, of, replaced(items, item, due)), effects: effectsOfItem(due) };
}
