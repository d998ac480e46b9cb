import type { Instant } from './event.js';
import { stops, withoutNextAttempt } from './items.js';
import type { FlowShape } from './shape.js';
import type { CommandState, CommandStop, Phase, StopReason, WorkItem } from './state.js';
import { stepAt, withStep, type Transition } from './step.js';
import { settle } from './work.js';

// What a cancel and a time limit have in common: they ask the step's work to stop, and refuse the commit of a callback that they come in the middle of.

/** A callback in its back-off: nothing of it is under way. */
export function isWaiting(phase: Extract<Phase, { at: 'callback' }>, at: Instant): boolean {
  return phase.notBefore !== null && phase.notBefore > at.now;
}

/** Asks all of the step's work to stop; what waits for its next attempt ends as the last one did. */
export function stopWork(shape: FlowShape, state: CommandState, reason: StopReason): Transition {
  const work = stepAt(state).work.map((item) => stopped(state, item, reason));
  return settle(shape, withStep(state, { work }), 'step', work, stops(work));
}

function stopped(state: CommandState, item: WorkItem, reason: StopReason): WorkItem {
  if (item.outcome !== null) return item;
  if (item.kind === 'task' && item.notBefore !== null) return withoutNextAttempt(state, 'step', item);
  return item.stop === null ? { ...item, stop: reason } : item;
}

/** Whether a callback's commit is refused because the command was cancelled, or the step's time was up, in the middle of it. */
export function refusesCommit(state: CommandState): boolean {
  return isDuring(state, state.cancel) || isDuring(state, state.steps[state.executionIndex]?.timedOut ?? null);
}

function isDuring({ phase }: CommandState, request: CommandStop | null): boolean {
  if (phase.at !== 'callback' || phase.callback === 'hasPassed') return false;
  return request?.during?.callback === phase.callback && request.during.attempt === phase.attempt;
}
