import type { CommandState } from '../../src/flow/state.js';
import { unprepared } from '../../src/flow/before-retry.js';
import { isFailedTask } from '../../src/flow/items.js';
import { phaseBehindHold, stepAt } from '../../src/flow/step.js';
import { wentWell, type CallRecord } from '../../src/store/call-record.js';

// Which recorded calls a further attempt starts from (semantics §2, "HSM verbs").

export function isUndo(callback: CallRecord['callback']): boolean {
  return callback === 'endWithFailure' || callback === 'compensate' || callback === 'compensationEnded';
}

/** What is kept of a run that threw, given the state that its failure led to. */
export function callsAfter(record: CallRecord, after: CommandState): CallRecord | null {
  return mayRunAgain(record, after) ? forNextAttempt(record) : null;
}

/** The same once `hasPassed` has answered: with `passed` the part does not cross again, so its calls are other ones. */
export function callsAfterAnswer(record: CallRecord | null, after: CommandState): CallRecord | null {
  if (record === null || !mayRunAgain(record, after)) return null;
  const asksAgain = after.phase.at === 'callback' && after.phase.callback === 'hasPassed';
  return asksAgain || stepAt(after).pivot !== 'passed' ? record : null;
}

/** Whether the callback comes again: by the command's own rules, or because an operator may have it tried again. */
export function mayRunAgain(record: CallRecord, state: CommandState): boolean {
  const { callback, index, task } = record;
  if (task !== undefined) return unprepared(state).some(({ id }) => id === task);
  if (isUndo(callback)) return mayUndoAgain(record, state);
  const phase = phaseBehindHold(state);
  if (phase?.at !== 'callback' || state.executionReason === 'ROLLBACK_FLOW' || state.executionIndex !== index) return false;
  return phase.callback === callback || (phase.callback === 'hasPassed' && stepAt(state).asking?.of === callback);
}

/** What a step's undo has called is needed as long as that has not come to its end, however far the rollback has gone on without it. */
function mayUndoAgain({ callback, index }: CallRecord, state: CommandState): boolean {
  const { undo, revertWork } = stepAt(state, index);
  if (undo !== undefined && undo !== 'failed') return false;
  // Told of other ends of the reverts, the handler makes other calls.
  return callback === 'compensationEnded' ? revertWork.length > 0 && !revertWork.some(isFailedTask) : revertWork.length === 0;
}

/**
 * Calls answered well and those without an answer keep key and reply; one answered with an error gets a new key. What was read before the last kept call stays
 * read: that call's arguments may have come from it.
 */
export function forNextAttempt(record: CallRecord): CallRecord | null {
  const calls = record.calls.map((call) => (call === null || call.reply === null || wentWell(call.reply) ? call : null));
  const kept = calls.filter((call) => call !== null);
  if (kept.length === 0) return null;
  return { ...record, attempt: record.attempt + 1, reads: record.reads.slice(0, Math.max(...kept.map((call) => call.reads))), calls };
}
