import type { Data } from '../model/data.js';
import type { EntityKey, EntityRecord } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { LockRecord } from '../model/lock.js';
import type { SpmAsyncTask } from '../model/task.js';
import type { CallRecord } from './call-record.js';
import type { DiskOp } from './disk.js';
import { callRecordKey, commandKey, doneKey, endedKey, entityRecordKey, expiredKey, historyKey, lockRecordKey, rootIdOf, taskIndexKeys, taskKey } from './keys.js';
import { encodeRecord, type StoredCommand } from './records.js';

/** One thing that a commit changes. */
export type Change =
  /** The command's new snapshot. With the one that says `endedAt`, it is moved to the archive. */
  | { readonly type: 'command'; readonly state: StoredCommand }
  /** The next entry of a command's history: `seq` grows, and an entry is never replaced. */
  | { readonly type: 'history'; readonly commandId: string; readonly seq: number; readonly entry: Data }
  /** A new task, or a new version of one; its command, pool and entity never change. */
  | { readonly type: 'task'; readonly task: SpmAsyncTask }
  | { readonly type: 'taskRemoved'; readonly task: SpmAsyncTask }
  /** `null` deletes it. */
  | { readonly type: 'entity'; readonly key: EntityKey; readonly record: EntityRecord | null }
  /** A new lock, or one that its owner now has in another mode. */
  | { readonly type: 'lock'; readonly lock: LockRecord }
  | { readonly type: 'lockReleased'; readonly key: string; readonly owner: string }
  /** The recorded HSM calls of one of the command's open callbacks, told apart by `slot`; `null` when it is over. */
  | { readonly type: 'call'; readonly commandId: string; readonly slot: string; readonly record: CallRecord | null }
  /** All that is kept of a root command that is over, and of its children: their entries in the archive, with what they add to its sum. That there was one stays. */
  | { readonly type: 'familyRemoved'; readonly rootId: string; readonly entries: readonly ArchivedEntry[] };

export type ArchivedEntry = { readonly key: string; readonly digest: number };

/** What is in the store before the changes. */
export interface Before {
  /** Whether an entry other than history is there. */
  has(key: string): boolean;
  /** The last history number of the command, or -1. */
  lastHistory(commandId: string): number;
}

export interface StagedChanges {
  /** One per key: of several changes to a record, only the last reaches the disk. */
  readonly ops: readonly DiskOp[];
  /** The last history number of each command that has new entries. */
  readonly lastHistory: ReadonlyMap<string, number>;
  /** Commands that have gone to the archive. */
  readonly archived: readonly string[];
  /** By their keys, what is taken out of the archive. */
  readonly removed: ReadonlyMap<string, number>;
}

const INDEX_ENTRY = encodeRecord('taskIndex', null);
const ENDED_ENTRY = encodeRecord('ended', null);
const EXPIRED_ENTRY = encodeRecord('expired', null);

/**
 * Turns changes into disk operations; nothing is written.
 * @throws SeatbeltError `INTERNAL` a history entry would replace another
 */
export function stageChanges(changes: readonly Change[], before: Before): StagedChanges {
  const ops = new Map<string, DiskOp>();
  const lastHistory = new Map<string, number>();
  const archived: string[] = [];
  const removed = new Map<string, number>();

  const put = (key: string, value: Uint8Array): void => void ops.set(key, { type: 'put', key, value });
  const del = (key: string): void => void ops.set(key, { type: 'del', key });
  const isThere = (key: string): boolean => {
    const op = ops.get(key);
    return op === undefined ? before.has(key) : op.type === 'put';
  };

  const archive = (state: StoredCommand, endedAt: number): void => {
    const { id } = state;
    if (isThere(commandKey(id))) del(commandKey(id));
    put(doneKey(id), encodeRecord('done', state));
    if (rootIdOf(id) === id) put(endedKey(endedAt, id), ENDED_ENTRY);
    archived.push(id);
  };

  for (const change of changes) {
    switch (change.type) {
      case 'command':
        if (typeof change.state['endedAt'] === 'number') archive(change.state, change.state['endedAt']);
        else put(commandKey(change.state.id), encodeRecord('command', change.state));
        break;
      case 'history': {
        const last = lastHistory.get(change.commandId) ?? before.lastHistory(change.commandId);
        if (change.seq <= last) throw new SeatbeltError('INTERNAL', `history of ${change.commandId}: ${change.seq} comes after ${last}`);
        put(historyKey(change.commandId, change.seq), encodeRecord('history', change.entry));
        lastHistory.set(change.commandId, change.seq);
        break;
      }
      case 'task':
        put(taskKey(change.task.id), encodeRecord('task', { ...change.task }));
        for (const key of taskIndexKeys(change.task)) {
          if (!isThere(key)) put(key, INDEX_ENTRY);
        }
        break;
      case 'taskRemoved':
        [taskKey(change.task.id), ...taskIndexKeys(change.task)].forEach(del);
        break;
      case 'entity':
        if (change.record === null) del(entityRecordKey(change.key));
        else put(entityRecordKey(change.key), encodeRecord('entity', change.record));
        break;
      case 'lock':
        put(lockRecordKey(change.lock.key, change.lock.owner), encodeRecord('lock', change.lock));
        break;
      case 'lockReleased':
        del(lockRecordKey(change.key, change.owner));
        break;
      case 'call':
        if (change.record === null) del(callRecordKey(change.commandId, change.slot));
        else put(callRecordKey(change.commandId, change.slot), encodeRecord('call', change.record));
        break;
      case 'familyRemoved':
        for (const { key, digest } of change.entries) {
          del(key);
          removed.set(key, digest);
        }
        put(expiredKey(change.rootId), EXPIRED_ENTRY);
        break;
    }
  }
  return { ops: [...ops.values()], lastHistory, archived, removed };
}
