import type { LockRequest } from '../../src/model/lock.js';

/** What one command asks for on behalf of its root. All of it is durable, and so is the order that follows from it. */
export interface LockClaim {
  readonly commandId: string;
  /** Its root command. */
  readonly owner: string;
  /** µs */
  readonly submittedAt: number;
  readonly requests: readonly LockRequest[];
}

export function byAge(a: LockClaim, b: LockClaim): number {
  return a.submittedAt - b.submittedAt || (a.commandId < b.commandId ? -1 : 1);
}
