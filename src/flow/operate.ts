import type { OperatorRequest } from '../model/operator.js';
import { withCalled } from './called.js';
import { dueAgain } from './clean-up.js';
import { childThatStays, childToUndo, withChild } from './children.js';
import type { FlowEffect, FlowEvent, Instant } from './event.js';
import { ended } from './ending.js';
import { reach } from './forward.js';
import { effectsOfItem, givenUp, isFailedTask, mayRunAgain, nextTaskAttempt, placedTasks } from './items.js';
import { actedBefore, closed, fits } from './operator-rules.js';
import type { FlowShape } from './shape.js';
import { isHeld, type CommandState, type HeldStatus, type Phase, type StepState } from './state.js';
import { isStillSettled } from './settled.js';
import { IllegalTransition, numberAt, shapeAt, stepAt, toCallback, withStep, type Transition } from './step.js';
import { undoChildren, undoNext } from './undo.js';
import { outstandingWork, resumed, withItems } from './work.js';

// What an operator does with a held command (semantics §2, held states). Which actions are possible is in operator-rules.ts.

type Operate = Extract<FlowEvent, { type: 'operate' }>;

/** Null: it is not possible where the command is, or was done before. */
export function operate(shape: FlowShape, state: CommandState, { request, unfit, called, settled = null }: Operate, at: Instant): Transition | null {
  const { phase, status } = state;
  if (settled !== null && !isStillSettled(state, settled)) return null;
  if (phase.at !== 'held' || !isHeld(status) || actedBefore(state, request.requestId) !== null || !fits(state, request, unfit)) return null;
  const noted = called.reduce((at, { callback, task }) => withCalled(at, callback, called.filter((call) => call.callback === callback && call.task === task), task), state);
  const logged = withLog(noted, request, at);
  switch (request.action) {
    case 'retry':
      return retry(shape, logged, status, phase.from, at);
    case 'skip':
    case 'resolve':
      return goOnWithout(shape, logged, request, phase.from, at);
    case 'abandon':
      return abandon(logged);
  }
}

/** What it has on hosts, if it may leave that behind, is cleared there as soon as it is over. */
function abandon(state: CommandState): Transition {
  const { of, items } = outstandingWork(state);
  const left = placedTasks(items);
  // Where every step has had its turn, there is no step to change.
  const noted = left.length === 0 ? state : withItems(state, of, givenUp(items));
  const closed = ended({ ...noted, fence: state.fence + 1 }, 'CLOSED_BY_OPERATOR');
  return { state: closed.state, effects: [...left.map(({ id }): FlowEffect => ({ do: 'consumeTask', id })), ...closed.effects] };
}

/** Null: nobody parked it for another program, and so only an operator may let it go on. */
export function unparked(shape: FlowShape, state: CommandState, at: Instant): Transition | null {
  const { phase, status, heldBy } = state;
  if (phase.at !== 'held' || status !== 'PARKED' || (heldBy?.code !== 'DEFINITION_CHANGED' && heldBy?.code !== 'MIGRATION_FAILED' && heldBy?.code !== 'UNKNOWN_POOL')) return null;
  return retry(shape, state, status, phase.from, at);
}

function withLog(state: CommandState, { requestId, action, reason }: OperatorRequest, at: Instant): CommandState {
  const { status, executionIndex: index, heldBy, historyLength } = state;
  const entry = { t: at.now, requestId, action, ...(reason === undefined ? {} : { reason }), status, index, ...numberAt(state, index), heldBy, historyLength };
  return { ...state, operator: [...state.operator, entry] };
}

// retry

function retry(shape: FlowShape, state: CommandState, heldAs: HeldStatus, from: Phase | null, at: Instant): Transition {
  switch (heldAs) {
    case 'STUCK':
      return forwardAgain(shape, { ...state, status: 'RUNNING', heldBy: null, fence: state.fence + 1 }, from);
    case 'ROLLBACK_INCOMPLETE':
      return undoAgain(shape, state);
    case 'PARKED':
      // A run that did not repeat itself is run again on the same record: what that says has been done. A program that is not mended is parked again.
      return backTo(shape, { ...state, status: statusAt(state, from), heldBy: null, phase: from ?? state.phase }, from, at);
  }
}

function statusAt(state: CommandState, from: Phase | null): CommandState['status'] {
  if (from?.at === 'admission') return 'SUBMITTED';
  if (from?.at === 'completed') return 'COMPLETED';
  return state.executionReason === 'ROLLBACK_FLOW' ? 'ROLLING_BACK' : 'RUNNING';
}

/** What was stopped on purpose has another turn too: that is what the operator asks for. */
function forwardAgain(shape: FlowShape, state: CommandState, from: Phase | null): Transition {
  if (from?.at === 'callback') return toCallback(state, from.callback, { attempt: from.attempt + 1, failures: 0, notBefore: null });
  const handler = shapeAt(shape, state.executionIndex);
  const work = stepAt(state).work.map((item) =>
    isFailedTask(item) && mayRunAgain(item, item.outcome) ? dueAgain(handler, nextTaskAttempt(item, { outcome: item.outcome, failures: 0, notBefore: null }, state)) : item,
  );
  const next: CommandState = { ...withStep(state, { work }), phase: { at: 'work', of: 'step' } };
  return { state: next, effects: work.flatMap((item) => effectsOfItem(item)) };
}

/** All that is not undone has another turn, the latest step first. */
function undoAgain(shape: FlowShape, state: CommandState): Transition {
  const steps = state.steps.map((step) => (hasAnotherTurn(step) ? withoutUndo(step) : step));
  const latest = state.steps.findLastIndex(hasAnotherTurn);
  return undoNext(shape, { ...state, steps, status: 'ROLLING_BACK', heldBy: null, fence: state.fence + 1 }, latest);
}

function isNotUndone({ undo }: StepState): boolean {
  return undo === 'failed' || undo === 'notUndoable' || undo === 'blocked';
}

/** A child that stays does so for good, and the step's own undo has had its turn after it. */
function hasAnotherTurn(step: StepState): boolean {
  return isNotUndone(step) && (step.undo !== 'notUndoable' || childThatStays(step) === undefined);
}

function withoutUndo({ undo: _undo, undoError: _error, ...step }: StepState): StepState {
  return step;
}

/** A parked command is where it was, as after a crash; but how its tasks ended meanwhile counts now. */
function backTo(shape: FlowShape, state: CommandState, from: Phase | null, at: Instant): Transition {
  switch (from?.at) {
    case 'admission':
      return { state, effects: [{ do: 'acquireLocks' }] };
    case 'callback':
      return toCallback(state, from.callback, { attempt: from.attempt, failures: from.failures, notBefore: from.notBefore });
    case 'work':
      return resumed(shape, state, from.of, at);
    case 'children':
      return undoChildren(shape, state);
    case 'completed':
      return { state, effects: [] };
    case 'held':
    case 'ended':
    case undefined:
      throw new IllegalTransition(`${state.id} was parked where nothing goes on`);
  }
}

// skip and resolve

function goOnWithout(shape: FlowShape, state: CommandState, request: OperatorRequest, from: Phase | null, at: Instant): Transition {
  const how = closed(request.action);
  const index = state.executionIndex;
  const given = { ...state, heldBy: null, fence: state.fence + 1 };
  if (state.status === 'STUCK') {
    const output = request.output === undefined ? {} : { output: request.output };
    return reach(shape, withStep({ ...given, status: 'RUNNING' }, { completed: true, closed: how, ...output }), index + 1, at);
  }
  // Where every step has had its turn, it is held at all that have failed.
  const isHeldAt = (step: StepState, i: number): boolean => (from === null ? isNotUndone(step) : i === index);
  const steps = state.steps.map((step, i): StepState => {
    if (isHeldAt(step, i)) return { ...step, undo: how };
    return step.undo === 'blocked' ? withoutUndo(step) : step;
  });
  const next: CommandState = { ...given, steps, status: 'ROLLING_BACK' };
  // Where it is held at a child that stays, it is that child alone that is given up.
  const child = from?.at === 'children' ? childToUndo(state) : undefined;
  return child === undefined ? undoNext(shape, next, index - 1) : undoChildren(shape, withChild(next, { ...child, undo: 'stays' }));
}
