import type { ErrorRecord } from '../model/errors.js';
import type { TaskRequest } from '../model/task.js';
import { beforeRetryThrew, cleanUpRetryDue, cleanUpTaskEnded, prepared } from './before-retry.js';
import { withCalled } from './called.js';
import type { TaskRunRef, FlowEffect, FlowEvent, Instant, RunRef } from './event.js';
import { cancel, cancelRefusal } from './cancel.js';
import { childReported } from './child-reports.js';
import { heldByChild, rollBackNext, uncovered } from './children.js';
import { completed, forwardThrew, reach, started, type CallbackPhase } from './forward.js';
import { effectsOfItem, owed, placedTask, stops } from './items.js';
import { parkedAgain } from './older-store.js';
import { operate, unparked } from './operate.js';
import { isStillSettled } from './settled.js';
import { answered, crossing, recreated } from './pivot.js';
import { probed, probeThrew, workUnresolved } from './probing.js';
import { isUncounted, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import { isTerminal, type Callback, type CommandState } from './state.js';
import { IllegalTransition, shapeAt, toCallback, withStep, type Transition } from './step.js';
import { refusesCommit } from './stopping.js';
import { stepTimedOut } from './timeout.js';
import { rollBackCompleted, undoFailed, undone } from './undo.js';
import { outstandingWork, retryDue, revertsFailed, revertsTold, workEnded } from './work.js';
import { taskOverdue } from './zombie.js';

/**
 * The life of one command as a pure function (semantics §2). Null: the event does not concern this state (a late completion, a timer or a callback of
 * something that is over); nothing changes.
 * @throws IllegalTransition the event cannot occur in this state
 */
export function transition(shape: FlowShape, state: CommandState, event: FlowEvent, at: Instant): Transition | null {
  if (event.type === 'cancel' && cancelRefusal(state) !== null) return null;
  const next = decide(shape, uncovered(state), event, at);
  if (next === null) return null;
  const after = next.state.phase.at === 'ended' ? { ...next.state, endedAt: at.now } : heldByChild(next.state);
  return { state: { ...after, fence: nextFence(state, after) }, effects: next.effects };
}

/** However much one event gives up, one new number gives up all of it: so a command's number is never above that of the commits that there were. */
function nextFence(before: CommandState, after: CommandState): number {
  return Math.min(after.fence, before.fence + 1);
}

function decide(shape: FlowShape, state: CommandState, event: FlowEvent, at: Instant): Transition | null {
  switch (event.type) {
    case 'locksGranted':
      return state.phase.at === 'admission' ? reach(shape, { ...state, status: 'RUNNING' }, 0, at) : null;
    case 'locksRefused':
      if (state.phase.at !== 'admission') return null;
      return { state: { ...state, status: 'REJECTED', error: event.error, phase: { at: 'ended' } }, effects: [{ do: 'end' }] };
    case 'workEnded':
      return workEnded(shape, state, event.id, event.outcome, at) ?? cleanUpTaskEnded(shape, state, event.id, event.outcome, at);
    case 'workUnresolved':
      return workUnresolved(shape, state, event.id, event.of, at);
    case 'probed':
      return probed(shape, state, event.run, event.answer, at);
    case 'probeThrew':
      return probeThrew(shape, state, event.run, event.error, at);
    case 'taskOverdue':
      return taskOverdue(state, event.id, at);
    case 'childReported':
      return childReported(shape, state, event.id, event.report, at);
    case 'rollBack':
      return state.phase.at === 'completed' ? rollBackCompleted(shape, state, event.error) : null;
    case 'retryDue':
      return retryDue(shape, state, event.id) ?? cleanUpRetryDue(state, event.id);
    case 'prepared':
      return prepared(state, event.run, event.work, event);
    case 'beforeRetryThrew':
      return beforeRetryThrew(shape, state, event.run, event.error, event, at);
    case 'cancel':
      return cancel(shape, state, at);
    case 'stepTimedOut':
      return stepTimedOut(shape, state, event.index, at);
    case 'callsGivenUp':
      return isTerminal(state.status) ? null : { state: { ...state, fence: state.fence + 1 }, effects: [] };
    case 'callsSettled':
      return isStillSettled(state, event.settled) ? { state, effects: [] } : null;
    case 'operate':
      return operate(shape, state, event, at);
    case 'unparked':
      return unparked(shape, state, at);
    case 'parked':
      if (isTerminal(state.status)) return null;
      if (state.phase.at === 'held') return heldStill(state, event.error);
      return { state: { ...state, status: 'PARKED', heldBy: event.error, phase: { at: 'held', from: state.phase } }, effects: [] };
    case 'crossing':
      return state.phase.at === 'callback' ? crossing(shape, state, state.phase) : null;
    case 'started':
    case 'recreated':
    case 'endedSuccessfully':
    case 'endedWithFailure':
    case 'compensated':
    case 'compensationEnded':
    case 'answered':
    case 'threw': {
      const phase = phaseOf(state, event);
      // The shell sees that nothing was applied, and commits the callback as one that threw.
      if (event.type !== 'threw' && refusesCommit(state)) return null;
      return phase === null ? null : callbackEnded(shape, state, phase, event, at);
    }
  }
}

/** A held command stays held for the reason it has, unless that is a child's, or one that goes away by itself where an operator is to be asked. */
function heldStill(state: CommandState, error: ErrorRecord): Transition | null {
  const again = parkedAgain(state, error);
  return again === null ? null : { state: again, effects: [] };
}

type CallbackEvent = Exclude<Extract<FlowEvent, { run: RunRef }>, { run: TaskRunRef }>;

const CALLBACK_OF: { readonly [E in Exclude<CallbackEvent['type'], 'threw'>]: Callback } = {
  started: 'start',
  recreated: 'createTask',
  endedSuccessfully: 'endSuccessfully',
  endedWithFailure: 'endWithFailure',
  compensated: 'compensate',
  compensationEnded: 'compensationEnded',
  answered: 'hasPassed',
};

/** The current phase, if the event comes from the very run that it is about. */
function phaseOf(state: CommandState, event: CallbackEvent): CallbackPhase | null {
  const callback = event.type === 'threw' ? event.callback : CALLBACK_OF[event.type];
  if (state.phase.at !== 'callback' || state.phase.callback !== callback) return null;
  return event.run.index === state.executionIndex && event.run.attempt === state.phase.attempt ? state.phase : null;
}

function callbackEnded(shape: FlowShape, before: CommandState, phase: CallbackPhase, event: CallbackEvent, at: Instant): Transition {
  const { callback } = phase;
  const forward = callback === 'start' || callback === 'endSuccessfully';
  const state = forward && 'called' in event ? withCalled(before, callback, event.called) : before;
  switch (event.type) {
    case 'started':
      return started(shape, state, phase, 'before' in event ? { before: event.before } : {}, event.work);
    case 'recreated':
      return recreated(shape, state, phase.attempt, event.work);
    case 'endedSuccessfully':
      return completed(shape, state, 'output' in event ? { output: event.output } : {}, at);
    case 'endedWithFailure':
      return revert(shape, state, phase, 'endWithFailure', event.revert);
    case 'compensated':
      return revert(shape, { ...state, residue: [...state.residue, ...event.residue] }, phase, 'compensate', event.revert);
    case 'compensationEnded':
      return revertsTold(shape, withStep(state, { told: phase.attempt }));
    case 'answered':
      return answered(shape, state, phase, event.answer, at);
    case 'threw':
      return threw(shape, state, phase, event.error, event.sent, at);
  }
}

/** An undo callback is done: its revert tasks are placed, or the step is undone at once. */
function revert(
  shape: FlowShape,
  state: CommandState,
  phase: CallbackPhase,
  of: 'endWithFailure' | 'compensate',
  requests: readonly TaskRequest[],
): Transition {
  // A failed step's own reverts are over before any step is compensated, so one list serves both.
  const revertWork = requests.map((request, ordinal) => placedTask(state, of, phase.attempt, request, ordinal));
  const next = withStep(state, { revertWork });
  if (revertWork.length === 0) return undone(shape, next);
  return { state: { ...next, phase: { at: 'work', of } }, effects: revertWork.flatMap((item) => effectsOfItem(item)) };
}

function threw(shape: FlowShape, state: CommandState, phase: CallbackPhase, error: ErrorRecord, sent: boolean, at: Instant): Transition {
  switch (phase.callback) {
    case 'start':
    case 'createTask':
    case 'endSuccessfully':
      return forwardThrew(shape, state, phase, error, sent, at);
    case 'hasPassed':
      return answered(shape, state, phase, null, at);
    case 'endWithFailure':
    case 'compensate':
    case 'compensationEnded':
      return undoThrew(shape, state, phase, error, at);
  }
}

/** Undo work is patient: errors that say nothing about it are not counted, others until the policy is exhausted. */
function undoThrew(shape: FlowShape, state: CommandState, phase: CallbackPhase, error: ErrorRecord, at: Instant): Transition {
  const counted = !isUncounted(error);
  const failures = phase.failures + (counted ? 1 : 0);
  const failed = { attempt: phase.attempt, failures, counted, error };
  const due = nextAttempt(shapeAt(shape, state.executionIndex).undoRetry, failed, at);
  if (due === null && phase.callback === 'compensationEnded') {
    const told = withStep(state, { told: phase.attempt });
    // If the reverts have failed, that stays the reason.
    return revertsFailed(shape, told) ?? undoFailed(shape, told, 'failed', error);
  }
  if (due === null) return undoFailed(shape, state, 'failed', error);
  return toCallback({ ...state, fence: state.fence + 1 }, phase.callback, { attempt: phase.attempt + 1, failures, notBefore: due });
}

/**
 * What a recovered engine owes the world for this state. Tasks and children have records of their own: the task manager goes on with the former, and a
 * child tells its parent again how it stands when the engine starts.
 */
export function recover(durable: CommandState): readonly FlowEffect[] {
  const state = uncovered(durable);
  switch (state.phase.at) {
    case 'admission':
      return [{ do: 'acquireLocks' }];
    case 'callback': {
      const { callback, attempt, notBefore } = state.phase;
      return [{ do: 'runCallback', callback, index: state.executionIndex, attempt, notBefore }];
    }
    case 'work':
      return outstandingWork(state).items.flatMap((item) => owed(item));
    case 'children':
      return rollBackNext(state);
    case 'completed':
      return [];
    case 'held':
      // Its tasks are still polled, and a request to stop something still stands.
      return stops(outstandingWork(state).items);
    case 'ended':
      if (!isTerminal(state.status)) throw new IllegalTransition(`${state.id} has ended and is ${state.status}`);
      return [];
  }
}
