import { uncovered } from './children.js';
import type { Instant } from './event.js';
import type { FlowShape } from './shape.js';
import type { CommandState, CommandStop } from './state.js';
import { isPast, stepAt, withStep, type Transition } from './step.js';
import { stopError } from './stop-error.js';
import { isWaiting, stopWork } from './stopping.js';
import { failStep } from './undo.js';

// The time limit of a step (semantics §2, "Stopping"): like a cancel a committed request, and co-operative. But it is about the step's work alone: once
// that has ended well, the limit has no effect any more.

/** Until when the current step may take for its work, µs; null if there is no limit, or it has no effect any more. That a child is held makes no difference. */
export function timeoutDue(shape: FlowShape, durable: CommandState): number | null {
  const state = uncovered(durable);
  const { status, executionIndex, phase } = state;
  const timeoutMs = shape[executionIndex]?.timeoutMs ?? null;
  if (status !== 'RUNNING' || timeoutMs === null || isPast(state)) return null;
  if (phase.at === 'callback' && phase.callback === 'endSuccessfully') return null;
  const { timedOut, reachedAt } = stepAt(state);
  return timedOut === undefined ? reachedAt + Math.round(timeoutMs * 1000) : null;
}

/** The step's time is up; null if that comes late. */
export function stepTimedOut(shape: FlowShape, state: CommandState, index: number, at: Instant): Transition | null {
  const { phase } = state;
  // Only these phases have a limit.
  if (state.executionIndex !== index || timeoutDue(shape, state) === null || (phase.at !== 'callback' && phase.at !== 'work')) return null;
  switch (phase.at) {
    case 'callback': {
      const error = stopError(shape, timedOut(state, at, null));
      // Where the point of no return may be behind, only `hasPassed` can say whether there is a way back.
      if (isWaiting(phase, at) && phase.callback === 'start' && stepAt(state).pivot !== 'maybe' && error !== null) return failStep(shape, timedOut(state, at, null), error);
      return { state: timedOut(state, at, { callback: phase.callback, attempt: phase.attempt }), effects: [] };
    }
    case 'work':
      return stopWork(shape, timedOut(state, at, null), 'timeout', at);
  }
}

function timedOut(state: CommandState, at: Instant, during: CommandStop['during']): CommandState {
  return withStep(state, { timedOut: { requestedAt: at.now, during } });
}
