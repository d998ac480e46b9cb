import { hasSucceededAlone, isDependent } from './children.js';
import type { Instant } from './event.js';
import type { FlowShape } from './shape.js';
import { isHeld, isTerminal, type CommandState, type Phase } from './state.js';
import { isPast, stepAt, type Transition } from './step.js';
import { isWaiting, stopWork } from './stopping.js';
import { CANCELLED } from './cancelled.js';
import { failCompletedStep, failStep } from './undo.js';

// Cancellation (semantics §2, "Stopping"): a committed request, and co-operative. The step fails only when its work is over; a rollback is not cancelled.

/** Why a command cannot be cancelled any more, in words, or null if it can. */
export function cancelRefusal(state: CommandState): string | null {
  if (isTerminal(state.status)) return `it is ${state.status}`;
  if (state.status === 'COMPLETED') return 'it is COMPLETED, and can be undone only with its parent';
  if (isHeld(state.status)) return `it is held (${state.status})`;
  if (state.executionReason === 'ROLLBACK_FLOW') return 'it is rolling back already';
  if (isPast(state)) return 'it is past its point of no return';
  const { phase } = state;
  const ends = phase.at === 'callback' && phase.callback === 'endSuccessfully' && hasSucceededAlone(stepAt(state));
  return ends ? 'an independent child of its current step has succeeded, and the step is about to end well' : null;
}

/**
 * Why a command cannot be cancelled by itself because of those that it is a part of, in words, or null if it can: where one of them is past its point of no
 * return, or may be, the failure of a child could only leave it STUCK.
 * @param ancestors its parent first
 */
export function cancelRefusalAbove(state: CommandState, ancestors: readonly CommandState[]): string | null {
  const [parent, ...above] = ancestors;
  if (parent === undefined || !isDependent(state)) return null;
  if (isPast(parent)) return `its ancestor ${parent.id} is past its point of no return`;
  if (parent.steps.some(({ pivot }) => pivot === 'maybe')) return `its ancestor ${parent.id} may be past its point of no return`;
  return cancelRefusalAbove(parent, above);
}

/** Asks for the command to be undone; null if that is refused, or asked already. */
export function cancel(shape: FlowShape, state: CommandState, at: Instant): Transition | null {
  const { phase } = state;
  // By its status, no other phase can be cancelled.
  if (cancelRefusal(state) !== null || state.cancel !== null || (phase.at !== 'admission' && phase.at !== 'callback' && phase.at !== 'work')) return null;
  const requested: CommandState = { ...state, cancel: { requestedAt: at.now, during: null } };
  switch (phase.at) {
    case 'admission':
      return { state: { ...requested, status: 'REJECTED', error: CANCELLED, phase: { at: 'ended' } }, effects: [{ do: 'end' }] };
    case 'callback': {
      // Where the point of no return may be behind, only `hasPassed` can say whether the wish comes in time.
      if (!isWaiting(phase, at) || phase.callback === 'hasPassed' || stepAt(state).pivot === 'maybe') return during(requested, phase, at);
      return phase.callback === 'start' ? failStep(shape, requested, CANCELLED) : failCompletedStep(shape, requested, CANCELLED);
    }
    case 'work':
      return stopWork(shape, requested, 'cancelled', at);
  }
}

/** A callback is under way, or about to be: what it does is not committed. */
function during(state: CommandState, { callback, attempt }: Extract<Phase, { at: 'callback' }>, at: Instant): Transition {
  return { state: { ...state, cancel: { requestedAt: at.now, during: { callback, attempt } } }, effects: [] };
}
