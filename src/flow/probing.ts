import type { ErrorRecord } from '../model/errors.js';
import type { ProbeAnswer } from '../model/handler.js';
import type { Failure, Outcome } from '../model/outcome.js';
import { cleanUpTaskEnded } from './before-retry.js';
import type { Instant, TaskRunRef } from './event.js';
import { effectsOfItem, nextTaskAttempt, placedTasks } from './items.js';
import { isUncounted, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CommandState, Probing, TaskItem, WorkItem } from './state.js';
import { shapeAt, type Transition } from './step.js';
import { outstandingWork, withItems, workEnded } from './work.js';

// What became of a task of which no host can tell (semantics §3, hosts that make their own ids): its handler is asked, and looks at what is there. That goes on
// beside the rest of the step's work. Once it is asked, nothing of the task is running or on its way, and nothing is sent before there is an answer.

type Probed = TaskItem & { readonly probing: Probing };

/** The tasks of which a run of `probe` is due, or waits for its time. A held command does not go on with it. */
export function beingProbed(state: CommandState): readonly Probed[] {
  if (state.phase.at === 'held' && state.heldBy?.code !== 'CHILD_HELD') return [];
  return placedTasks(outstandingWork(state).items).filter((task) => isProbed(task));
}

function isProbed(task: TaskItem): task is Probed {
  return task.probing !== undefined;
}

/** Whether the handler is to say what became of this task, now or when the command goes on. */
export function isAskedAbout(state: CommandState, id: string): boolean {
  return placedTasks(outstandingWork(state).items).some((task) => task.id === id && isProbed(task));
}

/** Nobody can tell of it but its handler. Null if the command does not wait for it, or has asked already. */
export function workUnresolved(shape: FlowShape, state: CommandState, id: string, of: Probing['of'], at: Instant): Transition | null {
  const task = placedTasks(outstandingWork(state).items).find((candidate) => candidate.id === id);
  if (task === undefined || isProbed(task)) return null;
  // Whether a program can ask that does not continue the command now, will show when it does.
  const isHeld = state.phase.at === 'held';
  if (!isHeld && !shapeAt(shape, state.executionIndex).hasProbe) return ended(shape, state, id, unanswered(of), at);
  const asked: TaskItem = { ...task, probing: { of, attempt: 1, failures: 0, notBefore: null } };
  return { state: withTask(state, task, asked), effects: isHeld ? [] : effectsOfItem(asked) };
}

/** Null if that run is over. */
export function probed(shape: FlowShape, state: CommandState, run: TaskRunRef, answer: ProbeAnswer, at: Instant): Transition | null {
  const item = taskOf(state, run);
  if (item === null) return null;
  const { probing, ...task } = item;
  const asked = withTask(state, item, task);
  switch (answer) {
    case 'done':
      return ended(shape, asked, task.id, { kind: 'succeeded' }, at);
    case 'cannotTell':
      return ended(shape, asked, task.id, unanswered(probing.of), at);
    case 'notDone':
      if (task.stop === null) return submittedAnew(asked, task);
      return ended(shape, asked, task.id, probing.of === 'lost' ? { kind: 'lost' } : { kind: 'notSent' }, at);
  }
}

/** Tried again as undo work is; what never answers could not tell. */
export function probeThrew(shape: FlowShape, state: CommandState, run: TaskRunRef, error: ErrorRecord, at: Instant): Transition | null {
  const item = taskOf(state, run);
  if (item === null) return null;
  const { attempt } = item.probing;
  const counted = !isUncounted(error);
  const failures = item.probing.failures + (counted ? 1 : 0);
  const due = nextAttempt(shapeAt(shape, state.executionIndex).undoRetry, { attempt, failures, counted, error }, at);
  if (due === null) return probed(shape, state, run, 'cannotTell', at);
  const next: TaskItem = { ...item, probing: { ...item.probing, attempt: attempt + 1, failures, notBefore: due } };
  return { state: withTask(state, item, next), effects: effectsOfItem(next) };
}

function unanswered(of: Probing['of']): Failure {
  return of === 'lost' ? { kind: 'lost' } : { kind: 'unknown' };
}

/** As another attempt, so that what is done for it has a name of its own; but nothing has failed, so the retry policy does not count it. */
function submittedAnew(state: CommandState, task: TaskItem): Transition {
  const next = nextTaskAttempt(task, { outcome: { kind: 'notSent' }, failures: task.failures, notBefore: null }, state);
  return { state: withTask({ ...state, fence: state.fence + 1 }, task, next), effects: [{ do: 'consumeTask', id: task.id }, ...effectsOfItem(next)] };
}

function ended(shape: FlowShape, state: CommandState, id: string, outcome: Outcome, at: Instant): Transition | null {
  return workEnded(shape, state, id, outcome, at) ?? cleanUpTaskEnded(shape, state, id, outcome, at);
}

/** The task that this very run is about, or null. */
function taskOf(state: CommandState, { attempt, task }: TaskRunRef): Probed | null {
  return beingProbed(state).find(({ id, probing }) => id === task && probing.attempt === attempt) ?? null;
}

/** It may be work itself, or clean up before a task's next attempt. */
function withTask(state: CommandState, old: TaskItem, by: TaskItem): CommandState {
  const { of, items } = outstandingWork(state);
  const next = items.map((item): WorkItem => {
    if (item === old) return by;
    if (item.kind === 'child' || item.cleanUp?.at !== 'work') return item;
    return { ...item, cleanUp: { ...item.cleanUp, work: item.cleanUp.work.map((task) => (task === old ? by : task)) } };
  });
  return withItems(state, of, next);
}
