import type { Data } from '../model/data.js';
import type { EntityKey, EntityRecord } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { LockRecord } from '../model/lock.js';
import type { SpmAsyncTask } from '../model/task.js';
import type { CallRecord } from './call-record.js';
import { ContentsSum, entryDigest } from './contents-sum.js';
import type { Disk, DiskEntry } from './disk.js';
import { doneKey, donePrefix, HEAD_KEY, historyPrefix, isArchiveKey, LIVE_PREFIXES, STORE_KEY } from './keys.js';
import { decodeRecord, type StoredCommand, type StoredRecord, type StoreHead, type StoreIdentity } from './records.js';

/** What a store holds but for history and the times of ends, in the order of keys. */
export interface StoreContents {
  readonly identity: StoreIdentity;
  readonly head: StoreHead;
  /** Those that are not over. */
  readonly commands: ReadonlyMap<string, StoredCommand>;
  /** Those that are; an engine does not read them when it starts, and finds none here. */
  readonly done: ReadonlyMap<string, StoredCommand>;
  readonly tasks: ReadonlyMap<string, SpmAsyncTask>;
  readonly entities: ReadonlyMap<EntityKey, EntityRecord>;
  /** By the keys of their entries: several owners may share one lock. */
  readonly locks: ReadonlyMap<string, LockRecord>;
  /** By command and slot. */
  readonly calls: ReadonlyMap<string, ReadonlyMap<string, CallRecord>>;
}

/** One entry: what it says, or why that cannot be known. */
export type ScannedEntry =
  | { readonly key: string; readonly ok: true; readonly record: StoredRecord }
  | { readonly key: string; readonly ok: false; readonly error: SeatbeltError };

export interface StoreScan {
  readonly entries: readonly ScannedEntry[];
  /** Set if the entries, damaged or not, are not the ones of the last commit: some are missing, stale or too many. */
  readonly mismatch: SeatbeltError | null;
}

/**
 * Reads every entry; one that is damaged hides no other.
 * @throws SeatbeltError `STORE_NOT_OURS` the disk has no store's identity
 */
export async function scanStore(disk: Disk): Promise<StoreScan> {
  const found = await scanOurs(disk);
  const entries = found.map(scanEntry);
  const head = entries.find((entry) => entry.key === HEAD_KEY);
  if (head === undefined) return { entries, mismatch: new SeatbeltError('STORE_CORRUPT', `${HEAD_KEY} is missing`) };
  const comparable = head.ok && head.record.kind === 'head';
  return { entries, mismatch: comparable ? (mismatchOf(head.record.head, liveSum(found)) ?? archiveMismatchOf(head.record.head, found)) : null };
}

/**
 * Reads the whole store and checks it.
 * @throws SeatbeltError `STORE_NOT_OURS` the disk has no store's identity
 * @throws SeatbeltError `STORE_CORRUPT` an entry is damaged, or entries are missing, stale or too many
 * @throws SeatbeltError `STORE_VERSION` a later version of this program wrote it
 */
export async function readStore(disk: Disk): Promise<StoreContents> {
  const found = await scanOurs(disk);
  const contents = contentsOf(found);
  const mismatch = mismatchOf(contents.head, liveSum(found)) ?? archiveMismatchOf(contents.head, found);
  if (mismatch !== null) throw mismatch;
  return contents;
}

/** What an engine needs to go on: all but the archive. */
export interface LiveStore {
  readonly contents: StoreContents;
  readonly sum: ContentsSum;
}

/** Reads and checks what is alive in a store, however much has been archived. @throws as {@link readStore} */
export async function loadLiveStore(disk: Disk): Promise<LiveStore> {
  const found = (await Promise.all(LIVE_PREFIXES.map((prefix) => disk.scan(prefix)))).flat();
  refuseForeign(found);
  const contents = contentsOf(found);
  const sum = liveSum(found);
  const mismatch = mismatchOf(contents.head, sum);
  if (mismatch !== null) throw mismatch;
  return { contents, sum };
}

/** A command that is over, or undefined. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` */
export async function findDone(disk: Disk, id: string): Promise<StoredCommand | undefined> {
  const key = doneKey(id);
  const value = await disk.get(key);
  if (value === undefined) return undefined;
  const record = decodeRecord({ key, value });
  if (record.kind !== 'done') throw new SeatbeltError('INTERNAL', `${key} is no command`);
  return record.command;
}

/** The commands of a root's family that are over, itself included. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` */
export async function findDoneFamily(disk: Disk, rootId: string): Promise<readonly StoredCommand[]> {
  const records = (await disk.scan(donePrefix(rootId))).map((entry) => decodeRecord(entry));
  return records.flatMap((record) => (record.kind === 'done' ? [record.command] : []));
}

function contentsOf(found: readonly DiskEntry[]): StoreContents {
  let identity: StoreIdentity | null = null;
  let head: StoreHead | null = null;
  const commands = new Map<string, StoredCommand>();
  const done = new Map<string, StoredCommand>();
  const tasks = new Map<string, SpmAsyncTask>();
  const entities = new Map<EntityKey, EntityRecord>();
  const locks = new Map<string, LockRecord>();
  const calls = new Map<string, Map<string, CallRecord>>();
  for (const entry of found) {
    const record = decodeRecord(entry);
    switch (record.kind) {
      case 'identity':
        identity = record.identity;
        break;
      case 'head':
        head = record.head;
        break;
      case 'command':
        commands.set(record.command.id, record.command);
        break;
      case 'done':
        done.set(record.command.id, record.command);
        break;
      case 'call':
        calls.set(record.commandId, (calls.get(record.commandId) ?? new Map<string, CallRecord>()).set(record.slot, record.record));
        break;
      case 'task':
        tasks.set(record.task.id, record.task);
        break;
      case 'history':
      case 'ended':
      case 'expired':
      case 'taskIndex':
        break;
      case 'entity':
        entities.set(record.entity, record.record);
        break;
      case 'lock':
        locks.set(entry.key, record.lock);
        break;
    }
  }
  if (identity === null) throw notOurs();
  if (head === null) throw new SeatbeltError('STORE_CORRUPT', `${HEAD_KEY} is missing`);
  return { identity, head, commands, done, tasks, entities, locks, calls };
}

/** The command's history, oldest first. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` as {@link readStore} */
export async function readHistory(disk: Disk, commandId: string): Promise<readonly Data[]> {
  const found = await disk.scan(historyPrefix(commandId));
  return found.map((entry) => {
    const record = decodeRecord(entry);
    if (record.kind !== 'history') throw new SeatbeltError('INTERNAL', `${entry.key} is no history`);
    return record.entry;
  });
}

/** All entries. A foreign database is told by its lack of an identity, before any of its entries is called damaged. */
async function scanOurs(disk: Disk): Promise<readonly DiskEntry[]> {
  const found = await disk.scan('');
  refuseForeign(found);
  return found;
}

function refuseForeign(found: readonly DiskEntry[]): void {
  if (!found.some((entry) => entry.key === STORE_KEY)) throw notOurs();
}

function notOurs(): SeatbeltError {
  return new SeatbeltError('STORE_NOT_OURS', `the database is no seatbelt store, or was never initialised: ${STORE_KEY} is missing`);
}

function scanEntry(entry: DiskEntry): ScannedEntry {
  try {
    return { key: entry.key, ok: true, record: decodeRecord(entry) };
  } catch (error) {
    if (!(error instanceof SeatbeltError)) throw error;
    return { key: entry.key, ok: false, error };
  }
}

function liveSum(found: readonly DiskEntry[]): ContentsSum {
  const sum = new ContentsSum();
  for (const { key, value } of found) if (key !== HEAD_KEY && !isArchiveKey(key)) sum.put(key, entryDigest(key, value));
  return sum;
}

function archiveMismatchOf(head: StoreHead, found: readonly DiskEntry[]): SeatbeltError | null {
  const sum = new ContentsSum();
  for (const { key, value } of found) if (isArchiveKey(key)) sum.append(entryDigest(key, value));
  if (sum.value === head.archive) return null;
  const what = `histories or commands that are over are missing, stale or too many: their checksum is ${sum.value}, that of commit ${head.commitSeq} is ${head.archive}`;
  return new SeatbeltError('STORE_CORRUPT', `${HEAD_KEY}: ${what}`);
}

function mismatchOf(head: StoreHead, sum: ContentsSum): SeatbeltError | null {
  if (sum.value === head.contents) return null;
  const what = `entries are missing, stale or too many: their checksum is ${sum.value}, that of commit ${head.commitSeq} is ${head.contents}`;
  return new SeatbeltError('STORE_CORRUPT', `${HEAD_KEY}: ${what}`);
}
