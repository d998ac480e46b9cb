import type { FlowEvent } from '../../src/flow/event.js';
import type { CommandState, HistoryEntry, ScheduledCallback } from '../../src/flow/state.js';
import { numberAt } from '../../src/flow/step.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { CallbackName } from '../probe.js';

/** The callback that ends each scheduled run, and so the one that a refused commit counts against. */
export const LAST_CALLBACK: { readonly [C in ScheduledCallback]: CallbackName } = {
  start: 'createTask',
  createTask: 'createTask',
  beforeRetry: 'beforeRetry',
  probe: 'probe',
  endSuccessfully: 'endSuccessfully',
  endWithFailure: 'endWithFailure',
  compensate: 'compensate',
  compensationEnded: 'compensationEnded',
  hasPassed: 'hasPassed',
};

/** A run of a callback. `task`: of `beforeRetry`, the id of the attempt that it comes before; of `probe`, of the one that it is asked about. */
export type RunOf = {
  readonly callback: ScheduledCallback;
  readonly index: number;
  readonly attempt: number;
  readonly task?: string;
};

/** The history of a callback that returned: `start` is two callbacks in one commit. */
export function returnedEntries(state: CommandState, run: RunOf, event: FlowEvent, now: number): HistoryEntry[] {
  const names: readonly CallbackName[] = run.callback === 'start' ? ['beforeTask', 'createTask'] : [run.callback];
  const outcome = event.type === 'answered' || event.type === 'probed' ? event.answer : 'ok';
  return names.map((name) => historyEntry(state, name, run, outcome, now));
}

function historyEntry(state: CommandState, callback: CallbackName, { index, attempt, task }: RunOf, outcome: string, now: number): HistoryEntry {
  return { t: now, handler: state.handlers[index] ?? '', index, ...numberAt(state, index), callback, attempt, ...(task === undefined ? {} : { task }), outcome };
}

export function thrownEntry(state: CommandState, callback: CallbackName, run: RunOf, { code, hostCode }: ErrorRecord, now: number): HistoryEntry {
  return { ...historyEntry(state, callback, run, code, now), ...(hostCode === undefined ? {} : { hostCode }) };
}
