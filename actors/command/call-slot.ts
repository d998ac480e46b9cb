import type { Change } from '../../src/store/change.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import { stepNumber } from '../../src/flow/step.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { isUndo, mayRunAgain } from './kept-calls.js';
import type { RunOf } from './history.js';

/**
 * Which of a command's open callbacks a record is of: the forward one that its phase says, a task's clean-up, of which several may be open beside each other, or
 * a step's undo, by the step's number, which may be over for good while others are under way. `probe-`, by the task: only reads, and so there is never a record.
 */
export type CallSlot = 'callback' | `retry-${number}` | `undo-${number}` | `probe-${string}`;

/** Where the calls of a run are recorded. @param runner what runs it */
export function recordSlot(runner: CallSlot, state: CommandState, { callback, index }: RunOf): CallSlot {
  return isUndo(callback) ? `undo-${stepNumber(state, index)}` : runner;
}

/** The recorded HSM calls of a command's open callbacks, as they are on disk. */
export type OpenCalls = ReadonlyMap<CallSlot, CallRecord>;

/** What a commit changes of them; null: that callback is over. */
export interface SlotChange {
  readonly slot: CallSlot;
  readonly record: CallRecord | null;
}

/** Where the calls of the clean-up before a task's next attempt are recorded. */
export function retrySlot({ ordinal }: { readonly ordinal: number }): CallSlot {
  return `retry-${ordinal}`;
}

/** What a commit that leads to this state changes of them. Of a command that is over, none is open. @param own what becomes of the callback that it is of */
export function changesOfCalls(calls: OpenCalls, after: CommandState, own: SlotChange | undefined): readonly SlotChange[] {
  if (isTerminal(after.status)) return [...calls.keys()].map((slot) => ({ slot, record: null }));
  const changed = own === undefined || (calls.get(own.slot) ?? null) === own.record ? [] : [own];
  const over = [...calls].flatMap(([slot, record]) => (slot === own?.slot || mayRunAgain(record, after) ? [] : [{ slot, record: null }]));
  return [...changed, ...over];
}

export function callChange(commandId: string, { slot, record }: SlotChange): Change {
  return { type: 'call', commandId, slot, record };
}

export function withSlot(calls: OpenCalls, { slot, record }: SlotChange): OpenCalls {
  const changed = new Map(calls);
  if (record === null) changed.delete(slot);
  else changed.set(slot, record);
  return changed;
}
