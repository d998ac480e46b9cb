import type { CalledVerb, CommandState } from '../../src/flow/state.js';
import { wentWell, type CallRecord } from '../../src/store/call-record.js';

/** The calls of a forward callback that were answered well, or not at all: they may have had effects. */
function calledBy(record: CallRecord | undefined): readonly CalledVerb[] {
  if (record === undefined || (record.callback !== 'start' && record.callback !== 'beforeRetry' && record.callback !== 'endSuccessfully')) return [];
  const { callback, task } = record;
  const of = task === undefined ? { callback } : { callback, task };
  return record.calls.flatMap((call) => (call === null || call.read === true || (call.reply !== null && !wentWell(call.reply)) ? [] : [{ ...of, host: call.host, verb: call.verb }]));
}

/** The same as an event carries it. */
export function withCalls<E extends object>(event: E, record: CallRecord): E {
  const called = calledBy(record);
  return called.length === 0 ? event : { ...event, called };
}

/** The calls that an operator's action has to note. A run whose next attempt was given up in its back-off has left a record too, of a step behind: its calls are noted. */
export function calledWhereHeld({ executionIndex }: CommandState, open: ReadonlyMap<string, CallRecord>): readonly CalledVerb[] {
  return [...open.values()].filter(({ index }) => index === executionIndex).flatMap(calledBy);
}
