import type { CallSlot, OpenCalls } from '../../actors/command/call-slot.js';
import { unsettledCalls } from '../../actors/command/unsettled.js';
import { existsOfFamily, type FamilyExisting } from '../../src/flow/family-exists.js';
import type { CommandState, HistoryEntry, UnsettledCall } from '../../src/flow/state.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { SeenCommits } from '../../src/store/records.js';
import type { StoreScan } from '../../src/store/read-store.js';
import { suggestion } from '../scenario/nearest.js';
import { inFamilyOrder } from './family-order.js';

/** What a snapshot store holds, as `inspect --json` prints it. What is damaged is listed and hides nothing else. */
export interface StoreView {
  readonly storeId: string | null;
  /** How many times an engine has started on it. */
  readonly incarnation: number | null;
  /** The commit with which an older copy of it was accepted last; 0: none ever was. */
  readonly epoch: number | null;
  /** It is an older copy, which engines refuse: hosts have seen this commit. */
  readonly refused: SeenCommits | null;
  readonly commitSeq: number | null;
  readonly commands: readonly CommandState[];
  /** Ids of the root commands that have been over for so long that nothing else is kept of them. */
  readonly expired: readonly string[];
  readonly tasks: readonly SpmAsyncTask[];
  readonly locks: readonly LockRecord[];
  /** Names of the entities, e.g. `disk/disk1`. */
  readonly entities: readonly string[];
  readonly damaged: readonly Damage[];
}

export interface Damage {
  /** The entry, or null where it is the store as a whole. */
  readonly key: string | null;
  readonly code: string;
  readonly message: string;
}

/** One command of a store, as `inspect --json COMMAND` prints it. */
export interface CommandView {
  readonly command: CommandState;
  /** Its committed callbacks, oldest first. */
  readonly history: readonly HistoryEntry[];
  readonly tasks: readonly SpmAsyncTask[];
  readonly locks: readonly LockRecord[];
  /** Of one that is held, or that an operator closed: what there is of it and of its dependent children. */
  readonly exists: readonly FamilyExisting[];
  /** HSM calls that nobody has answered, of whichever run: each may still take effect, until its host has said that it is over. */
  readonly unanswered: readonly UnsettledCall[];
  readonly damaged: readonly Damage[];
}

export function storeView(scan: StoreScan): StoreView {
  const records = scan.entries.flatMap((entry) => (entry.ok ? [entry.record] : []));
  const identity = records.find((record) => record.kind === 'identity')?.identity;
  const head = records.find((record) => record.kind === 'head')?.head;
  return {
    storeId: identity?.storeId ?? null,
    incarnation: head?.incarnation ?? null,
    epoch: head?.epoch ?? null,
    refused: head?.refused ?? null,
    commitSeq: head?.commitSeq ?? null,
    // Whoever decoded it has checked that it is one.
    commands: inFamilyOrder(records.flatMap((record) => (record.kind === 'command' || record.kind === 'done' ? [record.command as unknown as CommandState] : []))),
    expired: records.flatMap((record) => (record.kind === 'expired' ? [record.rootId] : [])),
    tasks: records.flatMap((record) => (record.kind === 'task' ? [record.task] : [])),
    locks: records.flatMap((record) => (record.kind === 'lock' ? [record.lock] : [])),
    entities: records.flatMap((record) => (record.kind === 'entity' ? [record.entity] : [])),
    damaged: damageOf(scan),
  };
}

/** @throws SeatbeltError `COMMAND_EXPIRED`; `UNKNOWN_COMMAND`, with the nearest id */
export function commandView(scan: StoreScan, id: string): CommandView {
  const { commands, expired, tasks, locks, damaged } = storeView(scan);
  if (expired.includes(rootIdOf(id))) throw new SeatbeltError('COMMAND_EXPIRED', `${id}: it has been over for so long that its records are gone`);
  const command = commands.find((candidate) => candidate.id === id);
  if (command === undefined) {
    throw new SeatbeltError('UNKNOWN_COMMAND', `${id}: the store has no command of this id${suggestion(id, commands.map((known) => known.id))}`);
  }
  return {
    command,
    history: scan.entries.flatMap((entry) =>
      entry.ok && entry.record.kind === 'history' && entry.record.commandId === id ? [entry.record.entry as HistoryEntry] : [],
    ),
    tasks: tasks.filter((task) => task.commandId === id),
    locks: locks.filter((lock) => lock.owner === command.rootId),
    exists: existsOfFamily(command, (child) => commands.find((candidate) => candidate.id === child)),
    unanswered: unsettledCalls(command, openCallsIn(scan, id)),
    damaged,
  };
}

function openCallsIn({ entries }: StoreScan, id: string): OpenCalls {
  return new Map(entries.flatMap((entry) => (entry.ok && entry.record.kind === 'call' && entry.record.commandId === id ? [[entry.record.slot as CallSlot, entry.record.record] as const] : [])));
}

function damageOf(scan: StoreScan): readonly Damage[] {
  const entries = scan.entries.flatMap((entry) => (entry.ok ? [] : [{ key: entry.key, code: entry.error.code, message: entry.error.message }]));
  return scan.mismatch === null ? entries : [...entries, { key: null, code: scan.mismatch.code, message: scan.mismatch.message }];
}
