import { z } from 'zod';
import type { Data } from '../model/data.js';
import type { EntityKey, EntityRecord } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { LockRecord } from '../model/lock.js';
import type { SpmAsyncTask } from '../model/task.js';
import { flawsText, IN_OUR_WORDS } from '../model/wording.js';
import type { CallRecord } from './call-record.js';
import { decodeValue, encodeValue, type DecodedValue } from './codec.js';
import type { DiskEntry } from './disk.js';
import { parseKey, type StoreKey } from './keys.js';
import { SCHEMAS, type RecordKind, type Schemas } from './schemas.js';
import { callShape, commandShape, data, historyShape, whole } from './shapes.js';

/** Says that a database is a seatbelt store, and which. */
export type StoreIdentity = { readonly format: 'seatbelt'; readonly version: number; readonly storeId: string };

/** The version of the store as a whole, i.e. of the layout of its keys. */
export const STORE_VERSION = 1;

/** One start of an engine, which began with commit `beganAt`, and of which this store has all up to `endedAt`. */
export type EarlierLife = { readonly life: string; readonly beganAt: number; readonly endedAt: number };

/** How far hosts have seen a store come: the commit, and the incarnation that made it. */
export type SeenCommits = { readonly commitSeq: number; readonly incarnation: number };

/** The last commit. Every batch holds a new one. */
export type StoreHead = {
  /** How many commits there were since the store was initialised. */
  readonly commitSeq: number;
  /** How many times an engine has started on it. */
  readonly incarnation: number;
  /** Tells the last start from all others, also from those on copies of the store. Empty: there was none. */
  readonly life: string;
  /** The commit with which it began. */
  readonly beganAt: number;
  /**
   * The starts before it, oldest first, by which hosts judge whether what they have seen is in this store. The first is the last one of which the engine knows that
   * hosts have heard of it, or the first there was. Of those after it, the {@link EARLIER_LIVES} latest.
   */
  readonly earlier: readonly EarlierLife[];
  /** This is an older copy: hosts have seen this commit. Nothing is committed any more, but by an engine whose operator accepts it. */
  readonly refused: SeenCommits | null;
  /** The commit with which an engine began that an operator had told to go on from an older copy: those before it that the copy did not have are lost. 0: there was none. */
  readonly epoch: number;
  /** Folds in every commit so far: two copies of a store with the same `commitSeq` have the same history exactly if it is the same. */
  readonly chain: number;
  /** Sums up what is in the store but for the head and the archive: a lost, stale or surplus entry changes it. See {@link ContentsSum}. */
  readonly contents: number;
  /** The same of the archive. */
  readonly archive: number;
  /** How many root commands that are over have records. */
  readonly ended: number;
  /** Of how many others nothing is kept any more, but that they were. */
  readonly expired: number;
};

/** How many starts a store remembers of which no host may have heard. */
export const EARLIER_LIVES = 100;

/** Of a store that has just been made, and is empty. */
export const FIRST_HEAD: StoreHead = {
  commitSeq: 0,
  incarnation: 0,
  life: '',
  beganAt: 0,
  earlier: [],
  refused: null,
  epoch: 0,
  chain: 0,
  contents: 0,
  archive: 0,
  ended: 0,
  expired: 0,
};

/** The commit with which an older copy is taken up: beyond all that hosts have seen, and all of its own. */
export function nextEpoch(head: Pick<StoreHead, 'commitSeq'>, lost: SeenCommits): number {
  return Math.max(head.commitSeq, lost.commitSeq) + 1;
}

/** A command's snapshot. Once it has `endedAt` (µs), it is over: it goes into the archive, and never changes again. */
export type StoredCommand = { readonly id: string; readonly [field: string]: Data };

/** An entry, decoded. */
export type StoredRecord =
  | { readonly kind: 'identity'; readonly identity: StoreIdentity }
  | { readonly kind: 'head'; readonly head: StoreHead }
  | { readonly kind: 'command'; readonly command: StoredCommand }
  | { readonly kind: 'history'; readonly commandId: string; readonly seq: number; readonly entry: Data }
  | { readonly kind: 'call'; readonly commandId: string; readonly slot: string; readonly record: CallRecord }
  | { readonly kind: 'task'; readonly task: SpmAsyncTask }
  | { readonly kind: 'taskIndex'; readonly taskId: string }
  | { readonly kind: 'entity'; readonly entity: EntityKey; readonly record: EntityRecord }
  | { readonly kind: 'lock'; readonly lock: LockRecord }
  | { readonly kind: 'done'; readonly command: StoredCommand }
  | { readonly kind: 'ended'; readonly at: number; readonly rootId: string }
  | { readonly kind: 'expired'; readonly rootId: string };

const identityShape = z.object({ format: z.literal('seatbelt'), version: z.int().min(1), storeId: z.string() });
const headShape = z.object({
  commitSeq: whole,
  incarnation: whole,
  life: z.string(),
  beganAt: whole,
  earlier: z.array(z.object({ life: z.string(), beganAt: whole, endedAt: whole })),
  refused: z.object({ commitSeq: whole, incarnation: whole }).nullable(),
  epoch: whole,
  chain: whole,
  contents: whole,
  archive: whole,
  ended: whole,
  expired: whole,
});
const taskShape = z.object({
  id: z.string(),
  commandId: z.string(),
  executionIndex: z.int(),
  number: z.int().exactOptional(),
  executionReason: z.enum(['REGULAR_FLOW', 'ROLLBACK_FLOW']),
  attempt: z.int(),
  pool: z.string(),
  verb: z.string(),
  args: z.record(z.string(), data),
  entity: z.string().nullable(),
  state: z.enum(['Placeholder', 'Submitted', 'Ending']),
  hostTaskId: z.string().exactOptional(),
  createdAt: z.number(),
  submittedAt: z.number().nullable(),
});
const entityShape = z.object({ version: z.int().min(1), value: data });
const lockShape = z.object({ key: z.string(), mode: z.enum(['exclusive', 'shared']), owner: z.string() });

/** The bytes of a record of this kind. */
export function encodeRecord(kind: RecordKind, value: Data): Uint8Array {
  return encodeValue(SCHEMAS[kind].version, value);
}

/**
 * The value of an entry, brought up to what this program writes, but not checked.
 * @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` as {@link decodeRecord}
 */
export function decodeUnchecked({ key, value }: DiskEntry, schemas: Schemas = SCHEMAS): Data {
  return upgraded(key, parseKey(key), decodeValue(key, value), schemas);
}

/**
 * Decodes an entry and checks that it is what its key says. One that an earlier version of this program wrote is given as this one would have written it;
 * on disk it stays as it is until it is next written.
 * @param schemas of this program, unless a test has its own
 * @throws SeatbeltError `STORE_CORRUPT` damaged, out of place, or of another shape; names the key and the field
 * @throws SeatbeltError `STORE_VERSION` written by a version of this program that is later, or too old to be read; names the key
 */
export function decodeRecord(entry: DiskEntry, schemas: Schemas = SCHEMAS): StoredRecord {
  return recordAt(entry.key, parseKey(entry.key), decodeUnchecked(entry, schemas));
}

function upgraded(key: string, { kind }: StoreKey, { schema, value }: DecodedValue, schemas: Schemas): Data {
  const { version, upgrades } = schemas[kind];
  const versions = `the value has schema version ${schema}, this program reads version ${version}`;
  if (schema > version) throw new SeatbeltError('STORE_VERSION', `${key}: ${versions}`);
  let current = value;
  for (let from = schema; from < version; from += 1) {
    const upgrade = upgrades[from];
    if (upgrade === undefined) throw new SeatbeltError('STORE_VERSION', `${key}: ${versions}, and has no upgrade from version ${from}`);
    try {
      current = upgrade(current);
    } catch (cause) {
      throw new SeatbeltError('STORE_CORRUPT', `${key}: the value is not of the schema version ${from} that it claims`, { cause });
    }
  }
  return current;
}

function recordAt(key: string, at: StoreKey, value: Data): StoredRecord {
  switch (at.kind) {
    case 'identity': {
      const identity = shaped<StoreIdentity>(key, identityShape, value);
      if (identity.version !== STORE_VERSION) {
        throw new SeatbeltError('STORE_VERSION', `${key}: the store has version ${identity.version}, this program reads version ${STORE_VERSION}`);
      }
      return { kind: 'identity', identity };
    }
    case 'head':
      return { kind: 'head', head: shaped<StoreHead>(key, headShape, value) };
    case 'command':
    case 'done': {
      const command = shaped<StoredCommand>(key, commandShape, value);
      return inPlace(key, command.id === at.id, { kind: at.kind, command });
    }
    case 'ended':
      return { kind: 'ended', at: at.at, rootId: at.rootId };
    case 'expired':
      return { kind: 'expired', rootId: at.rootId };
    case 'history':
      return { kind: 'history', commandId: at.commandId, seq: at.seq, entry: shaped<Data>(key, historyShape, value) };
    case 'call': {
      const record = shaped<CallRecord>(key, callShape, value);
      return inPlace(key, record.commandId === at.commandId, { kind: 'call', commandId: at.commandId, slot: at.slot, record });
    }
    case 'task': {
      const task = shaped<SpmAsyncTask>(key, taskShape, value);
      return inPlace(key, task.id === at.id, { kind: 'task', task });
    }
    case 'taskIndex':
      return { kind: 'taskIndex', taskId: at.taskId };
    case 'entity':
      return { kind: 'entity', entity: at.entity, record: shaped<EntityRecord>(key, entityShape, value) };
    case 'lock': {
      const lock = shaped<LockRecord>(key, lockShape, value);
      return inPlace(key, lock.key === at.key && lock.owner === at.owner, { kind: 'lock', lock });
    }
  }
}

/** The value itself, not zod's copy, which would have another order of keys and so other bytes when it is written again. */
function shaped<T>(key: string, shape: z.ZodType, value: Data): T {
  const parsed = shape.safeParse(value, IN_OUR_WORDS);
  if (parsed.success) return value as T;
  throw new SeatbeltError('STORE_CORRUPT', `${key}: the value has the wrong shape: ${flawsText(parsed.error.issues)}`);
}

function inPlace(key: string, fits: boolean, record: StoredRecord): StoredRecord {
  if (!fits) throw new SeatbeltError('STORE_CORRUPT', `${key}: the value belongs to another key`);
  return record;
}
