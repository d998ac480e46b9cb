import type { ErrorRecord } from '../model/errors.js';
import { childThatStays, childToUndo, hasClosedChild, rollBackChild, withChild } from './children.js';
import { ended, mayHaveCalled, mayHaveRun } from './ending.js';
import { effectsOfItem, isFailedTask, mayRunAgain, nextTaskAttempt } from './items.js';
import { errorOfOutcome } from './retry.js';
import type { FlowShape } from './shape.js';
import type { ChildItem, CommandState, Phase, StepState } from './state.js';
import { IllegalTransition, isPast, shapeAt, stepAt, toCallback, withStep, type Transition } from './step.js';

// The way back (semantics §2, "Failure of step k"): the failed step first, then the completed ones in reverse order.

/** Step `executionIndex` has failed: from here on the command rolls back. */
export function failStep(shape: FlowShape, state: CommandState, error: ErrorRecord): Transition {
  return undoChildren(shape, withStep(beginRollback(state, error), { failure: error, pivot: 'none' }));
}

/** Undoes what the current step, which has failed, did half-way. */
function cleanUp(shape: FlowShape, state: CommandState): Transition {
  const index = state.executionIndex;
  const handler = shapeAt(shape, index);
  const step = stepAt(state);
  if (step.revertWork.some(isFailedTask)) return revertAgain(shape, state, 'endWithFailure');
  if (step.revertWork.length > 0) return tellOfReverts(state);
  if (handler.hasEndWithFailure) return toCallback(state, 'endWithFailure', nextRun(step));
  if (!handler.effectFree && (mayHaveCalled(step) || step.work.some(mayHaveRun))) {
    return undoFailed(shape, dueFor(state, 'endWithFailure'), 'notUndoable', noWayBack(`step ${index} (${handler.name}) failed half-way, and has no endWithFailure`));
  }
  return undoNext(shape, state, index - 1);
}

/** The first run of an undo callback; if one had failed for good, under a new number, for its keys are used. */
function nextRun({ undoAttempt = 0 }: StepState): { readonly attempt: number; readonly failures: number; readonly notBefore: null } {
  return { attempt: undoAttempt + 1, failures: 0, notBefore: null };
}

/** `endSuccessfully` threw for good: the step is completed all the same, and is the first to be undone. */
export function failCompletedStep(shape: FlowShape, state: CommandState, error: ErrorRecord): Transition {
  const rolling = withStep(beginRollback(state, error), { completed: true, pivot: 'none' });
  return undoNext(shape, rolling, rolling.executionIndex);
}

/** A dependent child's parent rolls back: all the child's steps are completed, and it undoes them in reverse. */
export function rollBackCompleted(shape: FlowShape, state: CommandState, error: ErrorRecord): Transition {
  return undoNext(shape, beginRollback(state, error), shape.length - 1);
}

function beginRollback(state: CommandState, error: ErrorRecord): CommandState {
  if (isPast(state)) throw new IllegalTransition(`${state.id}: a rollback past the point of no return`);
  return { ...state, status: 'ROLLING_BACK', executionReason: 'ROLLBACK_FLOW', fence: state.fence + 1, error: state.error ?? error };
}

/** Goes on with the undo at step `index`, or ends the rollback below step 0. What has had its turn is passed over. */
export function undoNext(shape: FlowShape, state: CommandState, index: number): Transition {
  if (index < 0) return endRollback({ ...state, executionIndex: -1 });
  const at = { ...state, executionIndex: index };
  if (stepAt(at).undo !== undefined) return undoNext(shape, at, index - 1);
  // What a completed step leaves on purpose, its children have done too.
  return stepAt(at).completed && shapeAt(shape, index).hasLeaves ? undoOwn(shape, at) : undoChildren(shape, at);
}

/** Rolls back what is left of the current step's completed children, one at a time, the last one first; then undoes what is the step's own. */
export function undoChildren(shape: FlowShape, state: CommandState): Transition {
  const child = childToUndo(state);
  if (child === undefined) return undoOwn(shape, state);
  if (child.past === true) return childStays(shape, state, child);
  return { state: { ...state, phase: { at: 'children' } }, effects: [rollBackChild(state, child)] };
}

/** As an undo that has failed for good, but for nothing having been sent that would have to be given up. */
function childStays(shape: FlowShape, state: CommandState, child: ChildItem): Transition {
  const error = staysError(child);
  const marked = withStep(state, { undo: 'notUndoable', undoError: stepAt(state).undoError ?? error });
  if (shapeAt(shape, state.executionIndex).onUndoFailed === 'stop') return stopRollback(shape, marked, error, { at: 'children' });
  return undoChildren(shape, withChild(marked, { ...child, undo: 'stays' }));
}

function staysError({ id, type }: ChildItem): ErrorRecord {
  return { code: 'CHILD_STAYS', message: `child ${id} (${type}) is past its point of no return, and stays`, retryable: false, causes: [] };
}

function undoOwn(shape: FlowShape, state: CommandState): Transition {
  const step = stepAt(state);
  if (step.failure !== undefined && !step.completed) return cleanUp(shape, state);
  const index = state.executionIndex;
  const handler = shapeAt(shape, index);
  if (step.revertWork.some(isFailedTask)) return revertAgain(shape, state, 'compensate');
  if (step.revertWork.length > 0) return tellOfReverts(state);
  if (handler.hasCompensate || handler.hasLeaves) return toCallback(state, 'compensate', nextRun(step));
  if (handler.effectFree) return undoNext(shape, undoneAs(state, 'nothingToUndo'), index - 1);
  return undoFailed(shape, dueFor(state, 'compensate'), 'notUndoable', noWayBack(`step ${index} (${handler.name}) is completed, and has no compensate`));
}

/** Where it is held for want of such a callback; not where it came from, which may be where an operator had found it held. */
function dueFor(state: CommandState, callback: 'endWithFailure' | 'compensate'): CommandState {
  return { ...state, phase: { at: 'callback', callback, attempt: 1, failures: 0, notBefore: null } };
}

/** A child of the step that stays is not made good by the undo of what is the step's own. */
function undoneAs(state: CommandState, undo: 'compensated' | 'left' | 'nothingToUndo'): CommandState {
  return stepAt(state).undo === undefined ? withStep(state, { undo }) : state;
}

/** Its undo callback had done its part, and stays done: only what failed of its revert tasks is submitted again, as the operator asks for, if it may be. */
function revertAgain(shape: FlowShape, state: CommandState, of: 'endWithFailure' | 'compensate'): Transition {
  const revertWork = stepAt(state).revertWork.map((item) =>
    isFailedTask(item) && mayRunAgain(item, item.outcome) ? nextTaskAttempt(item, { outcome: item.outcome, failures: 0, notBefore: null }, state) : item,
  );
  const next: CommandState = { ...withStep(state, { revertWork }), phase: { at: 'work', of } };
  const failed = revertWork.find(isFailedTask);
  if (failed !== undefined && revertWork.every(({ outcome }) => outcome !== null)) {
    return undoFailed(shape, next, 'failed', errorOfOutcome(`task ${failed.id} (${failed.verb})`, failed.outcome));
  }
  return { state: next, effects: revertWork.flatMap((item) => effectsOfItem(item)) };
}

/** All that is left of the undo, or to be done again, is to tell the handler; under a new number, if that had failed before. */
export function tellOfReverts(state: CommandState): Transition {
  return toCallback(state, 'compensationEnded', { attempt: (stepAt(state).told ?? 0) + 1, failures: 0, notBefore: null });
}

function noWayBack(message: string): ErrorRecord {
  return { code: 'NOT_UNDOABLE', message, retryable: false, causes: [] };
}

/** The current step is undone, revert tasks included. The failed step itself has no `undo`: it was never completed. */
export function undone(shape: FlowShape, state: CommandState): Transition {
  const index = state.executionIndex;
  const next = stepAt(state).completed ? undoneAs(state, shapeAt(shape, index).hasCompensate ? 'compensated' : 'left') : state;
  return undoNext(shape, next, index - 1);
}

/** The current step's undo has failed for good: its attempts are given up, and `onUndoFailed` decides whether earlier steps are undone on top of it. */
export function undoFailed(shape: FlowShape, state: CommandState, undo: 'failed' | 'notUndoable', error: ErrorRecord): Transition {
  const index = state.executionIndex;
  const tried = undo === 'failed' ? { undoAttempt: undoAttemptOf(state) } : {};
  const marked = withStep({ ...state, fence: state.fence + 1 }, { undo, undoError: error, ...tried });
  return shapeAt(shape, index).onUndoFailed === 'continue' ? undoNext(shape, marked, index - 1) : stopRollback(shape, marked, error, state.phase);
}

/** Earlier steps are not undone on top of one that is not. */
function stopRollback(shape: FlowShape, state: CommandState, error: ErrorRecord, from: Phase): Transition {
  const index = state.executionIndex;
  const blocked = (step: StepState, i: number): boolean => i < index && step.completed && step.undo === undefined && !shapeAt(shape, i).effectFree;
  const steps = state.steps.map((step, i): StepState => (blocked(step, i) ? { ...step, undo: 'blocked' } : step));
  return { state: incomplete({ ...state, steps }, error, from), effects: [] };
}

/** The attempt of the undo callback that has just failed, or whose revert tasks have. */
function undoAttemptOf(state: CommandState): number {
  const { phase } = state;
  if (phase.at === 'callback' && phase.callback !== 'compensationEnded') return phase.attempt;
  return Math.max(...stepAt(state).revertWork.map(({ run }) => run));
}

function endRollback(state: CommandState): Transition {
  const error = state.steps.map(notUndone).find((found) => found !== null) ?? null;
  if (error !== null) return { state: incomplete(state, error, null), effects: [] };
  const closed = state.steps.some((step) => isClosed(step) || hasClosedChild(step));
  return ended(state, closed ? 'CLOSED_BY_OPERATOR' : 'ROLLED_BACK');
}

/** Why the step is not undone, where nobody has decided about that yet. */
function notUndone(step: StepState): ErrorRecord | null {
  if ((step.undo === 'failed' || step.undo === 'notUndoable') && step.undoError !== undefined) return step.undoError;
  const child = isClosed(step) ? undefined : childThatStays(step);
  return child === undefined ? null : staysError(child);
}

/** Whether the command's end depends on how the step's undo went, or on what an operator did about it. One that failed still does while it is tried again. */
export function decidesTheEnd(step: StepState): boolean {
  const { undo, undoAttempt, closed } = step;
  const hasFailed = undo === 'failed' || undo === 'notUndoable' || (undoAttempt !== undefined && (undo === undefined || undo === 'blocked'));
  return hasFailed || closed !== undefined || isClosed(step) || hasClosedChild(step);
}

function isClosed({ undo }: StepState): boolean {
  return undo === 'skipped' || undo === 'resolved';
}

function incomplete(state: CommandState, heldBy: ErrorRecord, from: Phase | null): CommandState {
  return { ...state, status: 'ROLLBACK_INCOMPLETE', heldBy, phase: { at: 'held', from } };
}
