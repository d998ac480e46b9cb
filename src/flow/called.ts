import type { CalledVerb, CommandState } from './state.js';
import { stepAt, withStep } from './step.js';

/**
 * Notes the HSM calls of a forward callback's latest run: what it kept of earlier runs is among them.
 * @param task of `beforeRetry`: the id of the attempt that it comes before
 */
export function withCalled(state: CommandState, callback: CalledVerb['callback'], called: readonly CalledVerb[], task?: string): CommandState {
  const before = stepAt(state).called ?? [];
  // What crossed the point of no return stays done: the run behind it makes other calls.
  const next = [...before.filter((call) => call.callback !== callback || call.task !== task || call.crossed === true), ...called];
  return next.length === 0 && before.length === 0 ? state : withStep(state, { called: next });
}
