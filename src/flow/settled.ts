import type { CommandState, SettledAt } from './state.js';

// That no HSM call of a command which nobody has answered can take effect any more (semantics §2, "HSM verbs").

export function settledAt({ fence, operator }: CommandState): SettledAt {
  return { fence, actions: operator.length };
}

/** Whether nothing has left for a host since: a further attempt has another fence number, and a parked one goes on only if an operator says so. */
export function isStillSettled({ fence, operator }: CommandState, settled: SettledAt): boolean {
  return settled.fence === fence && settled.actions === operator.length;
}
