import type { CommandState } from '../../src/flow/state.js';
import { unprepared } from '../../src/flow/before-retry.js';
import { stepAt } from '../../src/flow/step.js';
import { wentWell, type CallRecord } from '../../src/store/call-record.js';

// Which recorded calls a further attempt starts from (semantics §2, "HSM verbs").

/** What is kept of a run that threw, given the state that its failure led to. */
export function callsAfter(record: CallRecord, after: CommandState): CallRecord | null {
  if (record.task !== undefined) {
    const item = unprepared(after).find(({ id }) => id === record.task);
    return item === undefined ? null : forAttempt(record, item.cleanUp.attempt);
  }
  if (after.phase.at === 'held') {
    // For an operator's retry.
    const { from } = after.phase;
    const stopped = from?.at === 'callback' && from.callback === record.callback && after.executionIndex === record.index;
    return stopped ? forAttempt(record, from.attempt + 1) : null;
  }
  if (after.phase.at !== 'callback') return null;
  if (after.phase.callback === record.callback && after.executionIndex === record.index) return forAttempt(record, after.phase.attempt);
  if (after.phase.callback !== 'hasPassed') return null;
  const { asking } = stepAt(after);
  return asking === undefined || asking.of === 'work' ? null : forAttempt(record, asking.attempt + 1);
}

/** The same once `hasPassed` has answered: with `passed` the part does not cross again, so its calls are other ones. */
export function callsAfterAnswer(record: CallRecord | null, after: CommandState): CallRecord | null {
  if (record === null || after.phase.at !== 'callback' || after.executionIndex !== record.index) return null;
  if (after.phase.callback === 'hasPassed') return record;
  return after.phase.callback === record.callback && stepAt(after).pivot !== 'passed' ? record : null;
}

/**
 * Calls answered well and those without an answer keep key and reply; one answered with an error gets a new key. What was read before the last kept call stays
 * read: that call's arguments may have come from it.
 */
function forAttempt(record: CallRecord, attempt: number): CallRecord | null {
  const calls = record.calls.map((call) => (call === null || call.reply === null || wentWell(call.reply) ? call : null));
  const kept = calls.filter((call) => call !== null);
  if (kept.length === 0) return null;
  return { ...record, attempt, reads: record.reads.slice(0, Math.max(...kept.map((call) => call.reads))), calls };
}
