import type { FlowEffect, Instant } from './event.js';
import { withoutNextAttempt } from './items.js';
import type { FlowShape } from './shape.js';
import { isHeld, isTerminal, type CommandState, type WorkItem } from './state.js';
import { isPast, stepAt, withStep, type Transition } from './step.js';
import { CANCELLED } from './cancelled.js';
import { failCompletedStep, failStep } from './undo.js';
import { settle } from './work.js';

// Cancellation (semantics §2, "Stopping"): a committed request, and co-operative. The step fails only when its work is over; a rollback is not cancelled.

/** Why a command cannot be cancelled any more, in words, or null if it can. */
export function cancelRefusal(state: CommandState): string | null {
  if (isTerminal(state.status)) return `it is ${state.status}`;
  if (isHeld(state.status)) return `it is held (${state.status})`;
  if (state.executionReason === 'ROLLBACK_FLOW') return 'it is rolling back already';
  return isPast(state) ? 'it is past its point of no return' : null;
}

/** Asks for the command to be undone; null if that is refused, or asked already. */
export function cancel(shape: FlowShape, state: CommandState, at: Instant): Transition | null {
  if (cancelRefusal(state) !== null || state.cancel !== null) return null;
  const { phase } = state;
  const requested: CommandState = { ...state, cancel: { requestedAt: at.now, during: null } };
  switch (phase.at) {
    case 'admission':
      return { state: { ...requested, status: 'REJECTED', error: CANCELLED, phase: { at: 'ended' } }, effects: [{ do: 'end' }] };
    case 'callback': {
      const waits = phase.notBefore !== null && phase.notBefore > at.now;
      // Where the point of no return may be behind, only `hasPassed` can say whether the wish comes in time.
      if (!waits || phase.callback === 'hasPassed' || stepAt(state).pivot === 'maybe') return during(requested, at);
      return phase.callback === 'start' ? failStep(shape, requested, CANCELLED) : failCompletedStep(shape, requested, CANCELLED);
    }
    case 'work':
      return stopWork(shape, requested);
    case 'held':
    case 'ended':
      return null;
  }
}

/** A callback is under way, or about to be: what it does is not committed. */
function during(state: CommandState, at: Instant): Transition {
  const { phase } = state;
  if (phase.at !== 'callback') return { state, effects: [] };
  const { callback, attempt } = phase;
  return { state: { ...state, cancel: { requestedAt: at.now, during: { callback, attempt } } }, effects: [] };
}

function stopWork(shape: FlowShape, state: CommandState): Transition {
  const work = stepAt(state).work.map((item) => stopped(state, item));
  return settle(shape, withStep(state, { work }), 'step', work, stops(work));
}

function stopped(state: CommandState, item: WorkItem): WorkItem {
  if (item.kind === 'child' || item.outcome !== null) return item;
  if (item.notBefore !== null) return withoutNextAttempt(state, 'step', item);
  return item.stop === null ? { ...item, stop: 'cancelled' } : item;
}

/** Everything of a cancelled step that is still under way, asked to stop. */
export function stops(work: readonly WorkItem[]): FlowEffect[] {
  return work.flatMap((item): FlowEffect[] => {
    if (item.outcome !== null) return [];
    if (item.kind === 'child') return [{ do: 'cancelChild', id: item.id }];
    return item.stop === null ? [] : [{ do: 'stopTask', id: item.id, reason: item.stop }];
  });
}

/** Whether a callback's commit is refused because the command was cancelled in the middle of it. */
export function refusesCommit(state: CommandState): boolean {
  const { phase, cancel: request } = state;
  return phase.at === 'callback' && request?.during?.callback === phase.callback && request.during.attempt === phase.attempt && phase.callback !== 'hasPassed';
}
