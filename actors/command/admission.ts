import type { CommandDefinition } from '../../src/model/command.js';
import type { ErrorCode, ErrorRecord } from '../../src/model/errors.js';
import type { CommandState } from '../../src/flow/state.js';
import type { AcquireLocks, LockAnswer } from '../messages.js';

// How a command asks for its locks, and what it makes of a refusal.

/** All of it follows from the durable state, so that after a crash the wait goes on where it was. */
export function claimOf({ locks, lockWait }: CommandDefinition, state: CommandState): Omit<AcquireLocks, 'wake'> {
  const { id: commandId, rootId: owner, submittedAt } = state;
  const waitUntil = lockWait === 'refuse' ? null : submittedAt + Math.round(lockWait.limitMs * 1000);
  return { commandId, owner, submittedAt, requests: locks(state.params), waitUntil };
}

type Refusal = Exclude<LockAnswer, { kind: 'granted' }>;

const CODES: { readonly [K in Refusal['kind']]: ErrorCode } = { refused: 'LOCK_CONFLICT', timedOut: 'LOCK_TIMEOUT', deadlock: 'DEADLOCK' };

export function lockError({ lockWait }: CommandDefinition, { kind, conflict }: Refusal): ErrorRecord {
  const { key, holder, held } = conflict;
  const why = held ? `${key} is locked by command ${holder}` : `${key} is promised to command ${holder}, which comes first`;
  const limit = lockWait === 'refuse' ? '' : `, still after ${lockWait.limitMs} ms`;
  const message = { refused: why, timedOut: `${why}${limit}`, deadlock: `${why}, which waits for locks that this command's root holds` }[kind];
  return { code: CODES[kind], message, retryable: true, causes: [] };
}
