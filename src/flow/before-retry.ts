import type { ErrorRecord } from '../model/errors.js';
import type { Outcome } from '../model/outcome.js';
import type { TaskRequest } from '../model/task.js';
import { cleanedSoFar, cleaningUp, cleanUpTask, stopTask, withoutRetry } from './clean-up.js';
import type { TaskRunRef, FlowEffect, Instant } from './event.js';
import { effectsOfItem, judged, stops } from './items.js';
import { errorOfOutcome, isUncounted, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CalledVerb, CleanUp, CommandState, TaskItem } from './state.js';
import { withCalled } from './called.js';
import { isPast, shapeAt, stepAt, withStep, type Transition } from './step.js';
import { stopError } from './stop-error.js';
import { retried } from './task-retry.js';
import { failedForGood, outstandingWork, replaced, withItems } from './work.js';

// What comes before the next attempt of a task (semantics §2, "Retry"): it goes on beside the rest of the step's work, which does not wait for it.

/** Of a run: whether an HSM call had left, and those that may have had effects. */
interface Sent {
  readonly sent: boolean;
  readonly called?: readonly CalledVerb[];
}

type Preparing = TaskItem & { readonly cleanUp: Extract<CleanUp, { at: 'callback' }> };

/** The tasks of which a run of `beforeRetry` is due, or waits for its time. A held command does not go on with it. */
export function preparing(state: CommandState): readonly Preparing[] {
  return state.phase.at === 'held' && state.heldBy?.code !== 'CHILD_HELD' ? [] : unprepared(state);
}

/** The same, whether the command is held or not. */
export function unprepared(state: CommandState): readonly Preparing[] {
  return outstandingWork(state).items.filter((item) => isPreparing(item));
}

function isPreparing(item: object): item is Preparing {
  return 'cleanUp' in item && (item.cleanUp as CleanUp | undefined)?.at === 'callback';
}

/** The task that this very run is for, or null. */
function taskOf(state: CommandState, { attempt, task }: TaskRunRef): Preparing | null {
  return preparing(state).find(({ id, cleanUp }) => id === task && cleanUp.attempt === attempt) ?? null;
}

/** Why what `beforeRetry` returns is not committed: the task is not to be tried again. Null if it is, or if the run is over. */
export function cleanUpRefusal(shape: FlowShape, state: CommandState, run: TaskRunRef): ErrorRecord | null {
  const item = taskOf(state, run);
  if (item === null || item.stop === null) return null;
  return stopError(shape, state) ?? errorOfOutcome(`the clean-up before task ${item.id}`, { kind: 'aborted', reason: item.stop });
}

/** `beforeRetry` is done: its tasks are placed, or, if it has returned none, the next attempt is. Null if that comes late, or is not to be. */
export function prepared(state: CommandState, run: TaskRunRef, requests: readonly TaskRequest[], sent: Sent): Transition | null {
  const item = taskOf(state, run);
  if (item === null || item.stop !== null) return null;
  const next = cleaningUp(withoutCleanUp(item), run.attempt, requests, state);
  return { state: withTask(marked(state, run, sent), item, next), effects: effectsOfItem(next) };
}

function withoutCleanUp({ cleanUp: _done, ...item }: Preparing): TaskItem {
  return item;
}

/** It is tried again as the step's work is; when it has failed for good, so has the task. */
export function beforeRetryThrew(shape: FlowShape, before: CommandState, run: TaskRunRef, error: ErrorRecord, sent: Sent, at: Instant): Transition | null {
  const item = taskOf(before, run);
  if (item === null) return null;
  const state = marked({ ...before, fence: before.fence + 1 }, run, sent);
  const { attempt } = item.cleanUp;
  const past = isPast(state);
  const counted = !past || !isUncounted(error);
  const failures = item.cleanUp.failures + (counted ? 1 : 0);
  const handler = shapeAt(shape, state.executionIndex);
  const due = item.stop === null ? nextAttempt(past ? handler.undoRetry : handler.retry, { attempt, failures, counted, error }, at) : null;
  if (due === null) return givenUp(shape, state, item, withoutRetry(item, item.stop === null ? error : null), [], at);
  const next: TaskItem = { ...item, cleanUp: { at: 'callback', attempt: attempt + 1, failures, notBefore: due } };
  return { state: withTask(state, item, next), effects: effectsOfItem(next) };
}

/** A clean-up task has ended; null if the command does not wait for it. */
export function cleanUpTaskEnded(shape: FlowShape, state: CommandState, id: string, reported: Outcome, at: Instant): Transition | null {
  const found = cleanUpTask(outstandingWork(state).items, id);
  if (found === null || found.task.outcome !== null || found.task.notBefore !== null) return null;
  const { item, run, work, task } = found;
  const consume: FlowEffect = { do: 'consumeTask', id };
  const outcome = judged(task, reported);
  const ended = work.map((other) => (other === task ? { ...task, outcome } : other));

  if (state.phase.at === 'held') return { state: withTask(state, item, { ...item, cleanUp: { at: 'work', run, work: ended } }), effects: [consume] };
  if (outcome.kind === 'succeeded') return goneOn(shape, state, item, cleanedSoFar(item, run, ended), [consume], at);

  const again = retried(shape, state, 'step', task, outcome, at);
  if (again !== null) {
    const waiting: TaskItem = { ...item, cleanUp: { at: 'work', run, work: work.map((other) => (other === task ? again : other)) } };
    return { state: withTask({ ...state, fence: state.fence + 1 }, item, waiting), effects: [consume, ...effectsOfItem(again)] };
  }
  // What the others do is of no use any more, unless the step is to be brought to its end in any case.
  const stopped = stepAt(state).pivot === 'none' && !isPast(state) ? ended.map((other) => stopTask(other, 'sibling', at)) : ended;
  const asked = stops(stopped.filter((other, i) => other !== ended[i]));
  return goneOn(shape, state, item, cleanedSoFar(item, run, stopped), [consume, ...asked], at);
}

/** The back-off of a clean-up task is over. */
export function cleanUpRetryDue(state: CommandState, id: string): Transition | null {
  const found = cleanUpTask(outstandingWork(state).items, id);
  if (state.phase.at !== 'work' || found === null || found.task.notBefore === null) return null;
  const placed: TaskItem = { ...found.task, notBefore: null };
  const work = found.work.map((other) => (other === found.task ? placed : other));
  return { state: withTask(state, found.item, { ...found.item, cleanUp: { at: 'work', run: found.run, work } }), effects: [{ do: 'placeTask', item: placed }] };
}

function goneOn(shape: FlowShape, state: CommandState, item: TaskItem, next: TaskItem, effects: readonly FlowEffect[], at: Instant): Transition {
  if (next.outcome !== null) return givenUp(shape, state, item, next, effects, at);
  return { state: withTask(state, item, next), effects: next.cleanUp === undefined ? [...effects, ...effectsOfItem(next)] : effects };
}

/** The task has failed for good. */
function givenUp(shape: FlowShape, state: CommandState, item: TaskItem, failed: TaskItem, effects: readonly FlowEffect[], at: Instant): Transition {
  return failedForGood(shape, state, 'step', replaced(outstandingWork(state).items, item, failed), effects, at);
}

function withTask(state: CommandState, item: TaskItem, next: TaskItem): CommandState {
  return withItems(state, 'step', replaced(outstandingWork(state).items, item, next));
}

/** What the step has to remember of the run's calls, of which no task tells. */
function marked(state: CommandState, { task }: TaskRunRef, { sent, called = [] }: Sent): CommandState {
  const noted = withCalled(state, 'beforeRetry', called, task);
  return sent ? withStep(noted, { sent: true }) : noted;
}
