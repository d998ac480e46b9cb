import type { FlowEvent } from '../../src/flow/event.js';
import type { Callback, CommandState, HistoryEntry } from '../../src/flow/state.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { CallbackName } from '../probe.js';

/** The callback that ends each scheduled run, and so the one that a refused commit counts against. */
export const LAST_CALLBACK: { readonly [C in Callback]: CallbackName } = {
  start: 'createTask',
  createTask: 'createTask',
  endSuccessfully: 'endSuccessfully',
  endWithFailure: 'endWithFailure',
  compensate: 'compensate',
  compensationEnded: 'compensationEnded',
  hasPassed: 'hasPassed',
};

/** The history of a callback that returned: `start` is two callbacks in one commit. */
export function returnedEntries(state: CommandState, callback: Callback, attempt: number, event: FlowEvent, now: number): HistoryEntry[] {
  const names: readonly CallbackName[] = callback === 'start' ? ['beforeTask', 'createTask'] : [callback];
  const outcome = event.type === 'answered' ? event.answer : 'ok';
  return names.map((name) => historyEntry(state, name, attempt, outcome, now));
}

function historyEntry(state: CommandState, callback: CallbackName, attempt: number, outcome: string, now: number): HistoryEntry {
  const index = state.executionIndex;
  return { t: now, handler: state.handlers[index] ?? '', index, callback, attempt, outcome };
}

export function thrownEntry(state: CommandState, callback: CallbackName, attempt: number, { code, hostCode }: ErrorRecord, now: number): HistoryEntry {
  return { ...historyEntry(state, callback, attempt, code, now), ...(hostCode === undefined ? {} : { hostCode }) };
}
