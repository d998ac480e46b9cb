import type { Change } from '../../src/store/change.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import { unprepared } from '../../src/flow/before-retry.js';
import type { CallRecord } from '../../src/store/call-record.js';

/** Which of a command's open callbacks a record is of: the one that its phase says, or a task's clean-up, of which several may be open beside each other. */
export type CallSlot = 'callback' | `retry-${number}`;

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

/** Records of clean-ups that are over, or given up, in this state. */
function endedSlots(calls: OpenCalls, state: CommandState): readonly SlotChange[] {
  const open = new Map<CallSlot, string>(unprepared(state).map((item) => [retrySlot(item), item.id]));
  return [...calls].flatMap(([slot, { task }]) => (task === undefined || open.get(slot) === task ? [] : [{ slot, record: null }]));
}

/** What a commit that leads to this state changes of them. Of a command that is over, none is open. @param own what becomes of the callback that it is of */
export function changesOfCalls(calls: OpenCalls, after: CommandState, own: SlotChange | undefined): readonly SlotChange[] {
  if (isTerminal(after.status)) return [...calls.keys()].map((slot) => ({ slot, record: null }));
  const changed = own === undefined || (calls.get(own.slot) ?? null) === own.record ? [] : [own];
  return [...changed, ...endedSlots(calls, after).filter(({ slot }) => slot !== own?.slot)];
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
