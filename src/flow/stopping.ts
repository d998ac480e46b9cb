import type { Instant } from './event.js';
import { stopItem } from './clean-up.js';
import { stops } from './items.js';
import type { FlowShape } from './shape.js';
import type { CommandState, CommandStop, Phase, StopReason } from './state.js';
import { stepAt, withStep, type Transition } from './step.js';
import { settle } from './work.js';

// What a cancel and a time limit have in common: they ask the step's work to stop, and refuse the commit of a callback that they come in the middle of.

/** A callback in its back-off: nothing of it is under way. */
export function isWaiting(phase: Extract<Phase, { at: 'callback' }>, at: Instant): boolean {
  return phase.notBefore !== null && phase.notBefore > at.now;
}

/** Asks all of the step's work to stop; what waits for its next attempt ends as the last one did. */
export function stopWork(shape: FlowShape, state: CommandState, reason: StopReason, at: Instant): Transition {
  const work = stepAt(state).work.map((item) => stopItem(item, reason, at));
  return settle(shape, withStep(state, { work }), 'step', work, stops(work));
}

/** Whether a callback's commit is refused because the command was cancelled, or the step's time was up, in the middle of it. */
export function refusesCommit(state: CommandState): boolean {
  return isDuring(state, state.cancel) || isDuring(state, state.steps[state.executionIndex]?.timedOut ?? null);
}

function isDuring({ phase }: CommandState, request: CommandStop | null): boolean {
  if (phase.at !== 'callback' || phase.callback === 'hasPassed') return false;
  return request?.during?.callback === phase.callback && request.during.attempt === phase.attempt;
}
