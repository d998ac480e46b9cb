import type { ErrorRecord } from '../model/errors.js';
import type { Outcome } from '../model/outcome.js';
import type { FlowEffect, Instant } from './event.js';
import { stuck } from './forward.js';
import { effectsOfItem, nextTaskAttempt, stops, withoutNextAttempt } from './items.js';
import { afterBackoff, errorOfOutcome, isUncountedOutcome, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CommandState, TaskItem, WorkItem, WorkOf } from './state.js';
import { IllegalTransition, isPast, shapeAt, stepAt, toCallback, withStep, type Transition } from './step.js';
import { stopError } from './stop-error.js';
import { failStep, tellOfReverts, undoFailed, undone } from './undo.js';

// The work that a step, or its undo, waits for: tasks and children, each with retries of its own (semantics §2, "Several tasks", "Retry").

/** The items that the command waits for now. A held command does not go on, but it still hears how its tasks end. */
export function outstandingWork(state: CommandState): { readonly of: WorkOf; readonly items: readonly WorkItem[] } {
  const phase = state.phase.at === 'held' ? state.phase.from : state.phase;
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
  if (item?.kind !== 'task' || item.outcome !== null || item.notBefore !== null) return null;
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
  return failedForGood(shape, state, of, ended, consume);
}

/** Something has failed for good: its siblings are stopped, unless what they do is needed in any case, or it is not known whether the point of no return is behind. */
export function failedForGood(shape: FlowShape, state: CommandState, of: WorkOf, ended: readonly WorkItem[], effects: readonly FlowEffect[]): Transition {
  if (of !== 'step' || stepAt(state).pivot === 'maybe' || isPast(state)) return settle(shape, withItems(state, of, ended), of, ended, effects);
  const stopped = ended.map((other) => stopSibling(state, other));
  return settle(shape, withItems(state, of, stopped), of, stopped, [...effects, ...stops(stopped.filter((other, i) => other !== ended[i]))]);
}

/** Ends with a declared code are ends well: what was wanted is already so. */
function judged(item: TaskItem, outcome: Outcome): Outcome {
  const already = (outcome.kind === 'failed' || outcome.kind === 'refused') && item.doneCodes.includes(outcome.code);
  return already ? { kind: 'succeeded' } : outcome;
}

/** The item waiting for its next attempt, or null if it has failed for good. */
function retried(shape: FlowShape, state: CommandState, of: WorkOf, item: TaskItem, outcome: Outcome, at: Instant): TaskItem | null {
  // Stopped on purpose, or perhaps still running: a second attempt would fight the first, unless it may run twice.
  if (outcome.kind === 'aborted' || (outcome.kind === 'unknown' && !item.repeatable) || item.stop !== null) return null;
  if (of === 'step' && stopError(shape, state) !== null) return null;
  const handler = shapeAt(shape, state.executionIndex);
  const patient = of !== 'step' || isPast(state);
  const counted = !patient || !isUncountedOutcome(outcome);
  const failures = item.failures + (counted ? 1 : 0);
  const failed = { attempt: item.attempt, failures, counted, error: errorOfOutcome(item.id, outcome) };
  const due = nextAttempt(patient ? handler.undoRetry : handler.retry, failed, at);
  return due === null ? null : nextTaskAttempt(state, of, item, { outcome, failures, notBefore: due });
}

/** One has failed for good: a sibling in back-off ends as its last attempt did, a running one is asked to stop. */
function stopSibling(state: CommandState, item: WorkItem): WorkItem {
  if (item.outcome !== null || item.stop !== null || (item.kind === 'child' && item.independent)) return item;
  return item.kind === 'child' || item.notBefore === null ? { ...item, stop: 'sibling' } : withoutNextAttempt(state, 'step', item);
}

export function replaced(items: readonly WorkItem[], old: WorkItem, by: WorkItem): WorkItem[] {
  return items.map((item) => (item === old ? by : item));
}

/** The work goes on after it was held: what failed meanwhile has what is left of its attempts, and each back-off and request to stop stands. */
export function resumed(shape: FlowShape, state: CommandState, of: WorkOf, at: Instant): Transition {
  const { items } = outstandingWork(state);
  const asks = of === 'step' && stepAt(state).pivot === 'maybe';
  const tried = items.map((item) => (!asks && isFailedTask(item) ? (retried(shape, state, of, item, item.outcome, at) ?? item) : item));
  const fence = tried.some((item, i) => item !== items[i]) ? state.fence + 1 : state.fence;
  const failed = of === 'step' && !asks && !isPast(state) && ownFailure(tried.filter(({ outcome }) => outcome !== null)) !== null;
  const next = failed ? tried.map((item) => stopSibling(state, item)) : tried;
  return settle(shape, withItems({ ...state, fence }, of, next), of, next, next.flatMap((item) => owed(item)));
}

/** What an item that is still outstanding asks for besides being polled. */
export function owed(item: WorkItem): FlowEffect[] {
  const waits = item.kind === 'task' && item.outcome === null && item.notBefore !== null;
  return waits ? [{ do: 'retryAt', id: item.id, at: item.notBefore }] : stops([item]);
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

export function taskFailure(items: readonly WorkItem[]): ErrorRecord | null {
  return ownFailure(items.filter(({ kind }) => kind === 'task'));
}

/** The error of the task or dependent child that failed first in order, or null. The cause, not what was stopped because of it. */
function ownFailure(items: readonly WorkItem[]): ErrorRecord | null {
  const failures = items.filter((item) => (item.kind === 'task' || !item.independent) && item.outcome?.kind !== 'succeeded');
  const cause = failures.find((item) => !wasStopped(item)) ?? failures[0];
  return cause === undefined ? null : describe(cause);
}

function wasStopped(item: WorkItem): boolean {
  return item.kind === 'child' ? item.stop !== null : item.outcome?.kind === 'aborted' || item.outcome?.kind === 'notSent';
}

/** Of independent children, one that succeeded is enough. */
function noneSucceeded(items: readonly WorkItem[]): ErrorRecord | null {
  const children = items.filter((item) => item.kind === 'child' && item.independent);
  const first = children[0];
  return first !== undefined && children.every((child) => child.outcome?.kind !== 'succeeded') ? describe(first) : null;
}

function describe(item: WorkItem): ErrorRecord {
  if (item.outcome === null) throw new IllegalTransition(`${item.id} has not ended`);
  return errorOfOutcome(item.kind === 'task' ? `task ${item.id} (${item.verb})` : `child ${item.id} (${item.type})`, item.outcome);
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

/** `hasPassed` says yes: what failed of the crossing step's work is tried again as undo work is. */
export function resubmitFailed(shape: FlowShape, state: CommandState, at: Instant): Transition {
  const { undoRetry } = shapeAt(shape, state.executionIndex);
  const next = stepAt(state).work.map((item) =>
    isFailedTask(item)
      ? nextTaskAttempt(state, 'step', item, { outcome: item.outcome, failures: 0, notBefore: afterBackoff(undoRetry, item.attempt, at) })
      : item,
  );
  return waitFor(state, next);
}

export function isFailedTask(item: WorkItem): item is TaskItem & { readonly outcome: Outcome } {
  return item.kind === 'task' && item.outcome !== null && item.outcome.kind !== 'succeeded';
}

function waitFor(state: CommandState, work: readonly WorkItem[]): Transition {
  const next = withStep({ ...state, phase: { at: 'work', of: 'step' } }, { work });
  return { state: next, effects: work.flatMap((item) => effectsOfItem(item)) };
}

/** The back-off of a task is over: its next attempt is placed. Null if it is no longer wanted. */
export function retryDue(state: CommandState, id: string): Transition | null {
  if (state.phase.at !== 'work') return null;
  const { of, items } = outstandingWork(state);
  const item = items.find((candidate) => candidate.id === id);
  if (item === undefined || item.kind === 'child' || item.notBefore === null) return null;
  const placed: TaskItem = { ...item, notBefore: null };
  return { state: withItems(state, of, replaced(items, item, placed)), effects: [{ do: 'placeTask', item: placed }] };
}
