import type { ErrorRecord } from '../model/errors.js';
import type { FlowShape } from './shape.js';
import type { CommandState, Phase, StepState, WorkItem } from './state.js';
import { IllegalTransition, isPast, shapeAt, stepAt, toCallback, withStep, type Transition } from './step.js';

// The way back (semantics §2, "Failure of step k"): the failed step first, then the completed ones in reverse order.

/** Step `executionIndex` has failed: from here on the command rolls back. */
export function failStep(shape: FlowShape, state: CommandState, error: ErrorRecord): Transition {
  const rolling = withStep(beginRollback(state, error), { failure: error, pivot: 'none' });
  const index = rolling.executionIndex;
  const handler = shapeAt(shape, index);
  const step = stepAt(rolling);
  if (handler.hasEndWithFailure) return toCallback(rolling, 'endWithFailure');
  if (!handler.effectFree && (step.sent === true || step.work.some(mayHaveRun))) {
    return undoFailed(shape, rolling, 'notUndoable', noWayBack(`step ${index} (${handler.name}) failed half-way, and has no endWithFailure`));
  }
  return undoNext(shape, rolling, index - 1);
}

/** Independent children answer for themselves. */
function mayHaveRun(item: WorkItem): boolean {
  if (item.kind === 'child') return false;
  return [...item.past, item.outcome].some((outcome) => outcome !== null && outcome.kind !== 'refused' && outcome.kind !== 'notSent');
}

/** `endSuccessfully` threw for good: the step is completed all the same, and is the first to be undone. */
export function failCompletedStep(shape: FlowShape, state: CommandState, error: ErrorRecord): Transition {
  const rolling = withStep(beginRollback(state, error), { completed: true, pivot: 'none' });
  return undoNext(shape, rolling, rolling.executionIndex);
}

function beginRollback(state: CommandState, error: ErrorRecord): CommandState {
  if (isPast(state)) throw new IllegalTransition(`${state.id}: a rollback past the point of no return`);
  return { ...state, status: 'ROLLING_BACK', executionReason: 'ROLLBACK_FLOW', fence: state.fence + 1, error: state.error ?? error };
}

/** Goes on with the undo at step `index`, or ends the rollback below step 0. */
export function undoNext(shape: FlowShape, state: CommandState, index: number): Transition {
  if (index < 0) return endRollback({ ...state, executionIndex: -1 });
  const handler = shapeAt(shape, index);
  const at = { ...state, executionIndex: index };
  if (handler.hasCompensate || handler.hasLeaves) return toCallback(at, 'compensate');
  if (handler.effectFree) return undoNext(shape, withStep(at, { undo: 'nothingToUndo' }), index - 1);
  const phase: Phase = { at: 'callback', callback: 'compensate', attempt: 1, failures: 0, notBefore: null };
  return undoFailed(shape, { ...at, phase }, 'notUndoable', noWayBack(`step ${index} (${handler.name}) is completed, and has no compensate`));
}

function noWayBack(message: string): ErrorRecord {
  return { code: 'NOT_UNDOABLE', message, retryable: false, causes: [] };
}

/** The current step is undone, revert tasks included. The failed step itself has no `undo`: it was never completed. */
export function undone(shape: FlowShape, state: CommandState): Transition {
  const index = state.executionIndex;
  const next = stepAt(state).completed ? withStep(state, { undo: shapeAt(shape, index).hasCompensate ? 'compensated' : 'left' }) : state;
  return undoNext(shape, next, index - 1);
}

/** The current step's undo has failed for good: its attempts are given up, and `onUndoFailed` decides whether earlier steps are undone on top of it. */
export function undoFailed(shape: FlowShape, state: CommandState, undo: 'failed' | 'notUndoable', error: ErrorRecord): Transition {
  const index = state.executionIndex;
  const marked = withStep({ ...state, fence: state.fence + 1 }, { undo, undoError: error });
  if (shapeAt(shape, index).onUndoFailed === 'continue') return undoNext(shape, marked, index - 1);
  const blocked = (step: StepState, i: number): boolean => i < index && step.completed && !shapeAt(shape, i).effectFree;
  const steps = marked.steps.map((step, i): StepState => (blocked(step, i) ? { ...step, undo: 'blocked' } : step));
  return { state: incomplete({ ...marked, steps }, error, state.phase), effects: [] };
}

function endRollback(state: CommandState): Transition {
  const failed = state.steps.find((step) => step.undo === 'failed' || step.undo === 'notUndoable');
  if (failed?.undoError !== undefined) return { state: incomplete(state, failed.undoError, null), effects: [] };
  return { state: { ...state, status: 'ROLLED_BACK', phase: { at: 'ended' } }, effects: [{ do: 'end' }] };
}

function incomplete(state: CommandState, heldBy: ErrorRecord, from: Phase | null): CommandState {
  return { ...state, status: 'ROLLBACK_INCOMPLETE', heldBy, phase: { at: 'held', from } };
}
