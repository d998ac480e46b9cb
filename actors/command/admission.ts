import type { ErrorCode, ErrorRecord } from '../../src/model/errors.js';
import type { LockWait } from '../../src/model/lock.js';
import type { CommandState } from '../../src/flow/state.js';
import type { AcquireLocks, LockAnswer, LocksMessage } from '../messages.js';
import type { Ref } from '../runtime.js';

// How a command asks for its locks, and what it makes of a refusal.

/** Asks once. What must not overtake the answer, for then something would be granted to a command that is over, makes it come soon, and waits for it. */
export class Admission {
  #waits = false;
  #afterwards: (() => void)[] = [];

  /** @param wake is given the answer, and calls {@link answered} when it has dealt with it */
  constructor(
    private readonly locks: Ref<LocksMessage>,
    private readonly wake: (answer: LockAnswer) => void,
  ) {}

  ask(state: CommandState): void {
    this.#waits = true;
    this.locks.tell({ type: 'acquire', request: { ...claimOf(state), wake: this.wake } });
  }

  answered(): void {
    this.#waits = false;
    for (const run of this.#afterwards.splice(0)) run();
  }

  /** Runs it now, or, if the command waits for its locks, when it has given them up. */
  giveUpAnd(run: () => void, commandId: string): void {
    if (!this.#waits) return run();
    this.#afterwards.push(run);
    this.locks.tell({ type: 'withdraw', commandId });
  }
}

/** All of it follows from the durable state, so that after a crash the wait goes on where it was. */
function claimOf({ id: commandId, rootId: owner, submittedAt, locks: requests, lockWait }: CommandState): Omit<AcquireLocks, 'wake'> {
  const waitUntil = lockWait === 'refuse' ? null : submittedAt + Math.round(lockWait.limitMs * 1000);
  return { commandId, owner, submittedAt, requests, waitUntil };
}

export type Refusal = Extract<LockAnswer, { conflict: unknown }>;

const CODES: { readonly [K in Refusal['kind']]: ErrorCode } = { refused: 'LOCK_CONFLICT', timedOut: 'LOCK_TIMEOUT', deadlock: 'DEADLOCK' };

export function lockError(lockWait: LockWait, { kind, conflict }: Refusal): ErrorRecord {
  const { key, holder, held } = conflict;
  const why = held ? `${key} is locked by command ${holder}` : `${key} is promised to command ${holder}, which comes first`;
  const limit = lockWait === 'refuse' ? '' : `, still after ${lockWait.limitMs} ms`;
  const message = { refused: why, timedOut: `${why}${limit}`, deadlock: `${why}, which waits for locks that this command's root holds` }[kind];
  return { code: CODES[kind], message, retryable: true, causes: [] };
}
