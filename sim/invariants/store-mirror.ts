import type { CallRecord } from '../../src/store/call-record.js';
import type { CommandState, HistoryEntry } from '../../src/flow/state.js';
import type { Data } from '../../src/model/data.js';
import type { EntityKey, EntityRecord } from '../../src/model/entity.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { DiskEntry, DiskOp } from '../../src/store/disk.js';
import { commandKey, EXPIRED_PREFIX, lockRecordKey, parseKey, rootIdOf } from '../../src/store/keys.js';
import { decodeUnchecked, type StoreHead } from '../../src/store/records.js';

/** A record that a batch put or deleted. */
export interface Changed<T> {
  readonly id: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export interface HistoryChange {
  readonly commandId: string;
  readonly seq: number;
  /** Undefined: it was deleted. */
  readonly entry: HistoryEntry | undefined;
  /** There was an entry of this number already. */
  readonly replaces: boolean;
}

/** One batch of the engine's disk, decoded; all of it took effect at once. */
export interface Batch {
  readonly heads: readonly Changed<StoreHead>[];
  readonly commands: readonly Changed<CommandState>[];
  readonly history: readonly HistoryChange[];
  readonly tasks: readonly Changed<SpmAsyncTask>[];
  readonly entities: readonly Changed<EntityRecord>[];
  readonly locks: readonly Changed<LockRecord>[];
  readonly calls: readonly Changed<CallRecord>[];
  /** Root commands of which nothing is kept any more, with what there was of their families: these are neither in `commands` nor in `history`. */
  readonly expired: readonly { readonly rootId: string; readonly family: readonly CommandState[] }[];
  /** Why entries could not be decoded, each with its key. */
  readonly unreadable: readonly string[];
}

type BatchInTheMaking = { -readonly [K in keyof Batch]: Batch[K] extends readonly (infer T)[] ? T[] : never };

/** What is only found through other records says nothing of its own. */
const TASK_INDEX = 'task-by-';
const DONE = 'done/';

/**
 * What the engine's disk holds, put together from the very bytes that were written to it: the invariants' own view of the durable state, which owes
 * nothing to what the engine remembers.
 */
export class StoreMirror {
  readonly heads = new Map<string, StoreHead>();
  readonly commands = new Map<string, CommandState>();
  /** By command, in the order of their numbers. */
  readonly history = new Map<string, HistoryEntry[]>();
  readonly tasks = new Map<string, SpmAsyncTask>();
  readonly entities = new Map<EntityKey, EntityRecord>();
  /** By the keys of their entries: several owners may share one lock. */
  readonly locks = new Map<string, LockRecord>();
  /** By the keys of their entries: a command may have several callbacks open. */
  readonly calls = new Map<string, CallRecord>();
  /** Ids of the root commands of which nothing is kept any more. */
  readonly expired = new Set<string>();

  /** @param entries what the disk held before the first batch, in the order of keys */
  constructor(entries: Iterable<DiskEntry> = []) {
    this.apply(Array.from(entries, ({ key, value }) => ({ type: 'put', key, value })));
  }

  historyOf(commandId: string): readonly HistoryEntry[] {
    return this.history.get(commandId) ?? [];
  }

  lockOf(owner: string, key: string): LockRecord | undefined {
    return this.locks.get(lockRecordKey(key, owner));
  }

  holdersOf(key: string): readonly LockRecord[] {
    return [...this.locks.values()].filter((lock) => lock.key === key);
  }

  apply(ops: readonly DiskOp[]): Batch {
    const batch: BatchInTheMaking = { heads: [], commands: [], history: [], tasks: [], entities: [], locks: [], calls: [], expired: [], unreadable: [] };
    const archived = archivedBy(ops);
    for (const rootId of expiredBy(ops)) {
      this.expired.add(rootId);
      batch.expired.push({ rootId, family: [...this.commands.values()].filter((state) => state.rootId === rootId) });
    }
    for (const op of ops) {
      if (op.key.startsWith(TASK_INDEX) || (op.type === 'del' && archived.has(op.key))) continue;
      try {
        this.#applyOne(op.key, op.type === 'put' ? decodeUnchecked(op) : undefined, batch);
      } catch (error) {
        if (!(error instanceof SeatbeltError)) throw error;
        batch.unreadable.push(error.message);
      }
    }
    return batch;
  }

  /**
   * @param value undefined: the entry is deleted. What is written is taken for what its key says: whether it has that shape, an engine checks when it
   * recovers, and to do so for every batch would double the cost.
   */
  #applyOne(key: string, value: Data | undefined, batch: BatchInTheMaking): void {
    const at = parseKey(key);
    switch (at.kind) {
      case 'head':
        return change(this.heads, batch.heads, 'head', value);
      case 'command':
      case 'done':
        if (value === undefined && this.expired.has(rootIdOf(at.id))) return void this.commands.delete(at.id);
        return change(this.commands, batch.commands, at.id, value);
      case 'history':
        return this.#historyEntry(at.commandId, at.seq, value as HistoryEntry | undefined, batch);
      case 'task':
        return change(this.tasks, batch.tasks, at.id, value);
      case 'entity':
        return change(this.entities, batch.entities, at.entity, value);
      case 'lock':
        return change(this.locks, batch.locks, key, value);
      case 'call':
        return change(this.calls, batch.calls, key, value);
      case 'identity':
      case 'ended':
      case 'expired':
      case 'taskIndex':
        return;
    }
  }

  #historyEntry(commandId: string, seq: number, entry: HistoryEntry | undefined, batch: BatchInTheMaking): void {
    const entries = this.history.get(commandId) ?? [];
    if (entry === undefined && this.expired.has(rootIdOf(commandId))) {
      entries.pop();
      if (entries.length === 0) this.history.delete(commandId);
      return;
    }
    batch.history.push({ commandId, seq, entry, replaces: seq < entries.length });
    if (entry === undefined) return;
    entries.push(entry);
    this.history.set(commandId, entries);
  }
}

/** The keys of the snapshots that have moved to the archive: that they are deleted is no loss. */
function archivedBy(ops: readonly DiskOp[]): ReadonlySet<string> {
  return new Set(ops.flatMap(({ type, key }) => (type === 'put' && key.startsWith(DONE) ? [commandKey(key.slice(key.lastIndexOf('/') + 1))] : [])));
}

function expiredBy(ops: readonly DiskOp[]): readonly string[] {
  return ops.flatMap(({ type, key }) => {
    const at = type === 'put' && key.startsWith(EXPIRED_PREFIX) ? parseKey(key) : null;
    return at?.kind === 'expired' ? [at.rootId] : [];
  });
}

function change<T>(records: Map<string, T>, changes: Changed<T>[], id: string, value: Data | undefined): void {
  const after = value as T | undefined;
  changes.push({ id, before: records.get(id), after });
  if (after === undefined) records.delete(id);
  else records.set(id, after);
}
