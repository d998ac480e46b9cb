import { isStillSettled } from '../../src/flow/settled.js';
import type { CommandState, SettledAt, UnsettledCall } from '../../src/flow/state.js';
import type { CallRecord } from '../../src/store/call-record.js';
import type { OpenCalls, SlotChange } from './call-slot.js';

// HSM calls that nobody has answered: each may still take effect on its host, until that has said that it is over.

/** Those of runs that are over, and those of callbacks that may run again. */
export function unsettledCalls({ unsettled = [] }: CommandState, open: OpenCalls): readonly UnsettledCall[] {
  return [...unsettled, ...[...open.values()].flatMap((record) => unansweredOf(record))];
}

/** What is wrong with acting on the command as if such a call were over, in words. */
export function mayStillRun({ verb, host }: UnsettledCall): string {
  return `${verb} on ${host} was not answered, and may still run`;
}

/** What a commit does to the recorded calls. */
export interface CallsChanged {
  readonly open: OpenCalls;
  readonly changes: readonly SlotChange[];
  /** What the run that it ends has recorded: with the replies that are not on disk. */
  readonly ran?: SlotChange | undefined;
  /** What the hosts have said, if they were asked. */
  readonly settled: SettledAt | null;
}

/** The state that the commit leads to: what it drops without an answer is remembered, and all of it forgotten once it is over. */
export function withUnsettled(before: CommandState, after: CommandState, { open, changes, ran, settled }: CallsChanged): CommandState {
  const { unsettled: known = [], ...rest } = after;
  if (settled !== null && isStillSettled(before, settled)) return rest;
  const dropped = changes.flatMap(({ slot, record }) => {
    const kept = new Set(record?.calls.map((call) => call?.key));
    const old = ran?.slot === slot ? ran.record : open.get(slot);
    return old === undefined || old === null ? [] : unansweredOf(old, kept);
  });
  return dropped.length === 0 ? after : { ...rest, unsettled: [...known, ...dropped] };
}

function unansweredOf({ calls }: CallRecord, except: ReadonlySet<string | undefined> = new Set()): readonly UnsettledCall[] {
  return calls.flatMap((call): UnsettledCall[] => {
    if (call === null || call.reply !== null || except.has(call.key)) return [];
    return [{ host: call.host, hostIncarnation: call.hostIncarnation, verb: call.verb }];
  });
}
