import { crc32 } from 'node:zlib';
import type { Data } from '../model/data.js';
import type { EntityKey } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import { stageChanges, type ArchivedEntry, type Change } from './change.js';
import { ContentsSum, entryDigest } from './contents-sum.js';
import type { Disk, DiskOp } from './disk.js';
import { childHistoryPrefix, donePrefix, endedKey, ENDED_PREFIX, entityRecordKey, EXPIRED_PREFIX, expiredKey, HEAD_KEY, historyPrefix, isArchiveKey, STORE_KEY, tasksByCommandPrefix, tasksByDescendantsPrefix } from './keys.js';
import { findDone, findDoneFamily, loadLiveStore, readHistory, type LiveStore, type StoreContents } from './read-store.js';
import { decodeRecord, EARLIER_LIVES, encodeRecord, FIRST_HEAD, nextEpoch, STORE_VERSION, type EarlierLife, type SeenCommits, type StoreHead, type StoredCommand } from './records.js';

export type { Change } from './change.js';

export interface InitialStore {
  /** Tells this store from all others. */
  readonly storeId: string;
  /** Each begins with version 1. */
  readonly entities: readonly { readonly key: EntityKey; readonly value: Data }[];
}

/** The durable state of one engine. It has a single writer: the engine that opened it. */
export class SnapshotStore {
  /** What was there when it was opened, but for the archive. */
  readonly opened: StoreContents;
  readonly #disk: Disk;
  readonly #sum: ContentsSum;
  readonly #archive: ContentsSum;
  /** Of the commands that are not over. */
  readonly #lastHistory = new Map<string, number>();
  /** Of the last commit that was asked for, which may be ahead of what is durable. */
  #asked: StoreHead;
  #durable: StoreHead;
  #failure: SeatbeltError | null = null;

  private constructor(disk: Disk, { contents, sum }: LiveStore) {
    this.opened = contents;
    this.#disk = disk;
    this.#sum = sum;
    this.#archive = new ContentsSum(contents.head.archive);
    for (const { id, historyLength } of contents.commands.values()) if (typeof historyLength === 'number') this.#lastHistory.set(id, historyLength - 1);
    this.#asked = contents.head;
    this.#durable = contents.head;
  }

  /**
   * Makes an empty disk a store: commit 0, incarnation 0.
   * @throws SeatbeltError `STORE_NOT_EMPTY` there is something on the disk; it is left as it is
   * @throws SeatbeltError `STORE_WRITE_FAILED`
   */
  static async initialise(disk: Disk, { storeId, entities }: InitialStore): Promise<void> {
    if ((await disk.scan('')).length > 0) throw new SeatbeltError('STORE_NOT_EMPTY', 'the database is in use: only an empty one can be initialised');
    const puts = new Map([[STORE_KEY, encodeRecord('identity', { format: 'seatbelt', version: STORE_VERSION, storeId })]]);
    for (const { key, value } of entities) puts.set(entityRecordKey(key), encodeRecord('entity', { version: 1, value }));
    const sum = new ContentsSum();
    for (const [key, value] of puts) sum.put(key, entryDigest(key, value));
    puts.set(HEAD_KEY, encodeRecord('head', { ...FIRST_HEAD, contents: sum.value }));
    await disk.write([...puts].map(([key, value]) => ({ type: 'put', key, value })));
  }

  /**
   * Reads and checks all that an engine goes on from; writes nothing. The archive is looked at by `readStore` and `scanStore` alone.
   * @throws SeatbeltError `STORE_NOT_OURS` the disk has no store's identity
   * @throws SeatbeltError `STORE_CORRUPT` an entry is damaged, or entries are missing, stale or too many
   * @throws SeatbeltError `STORE_VERSION` a later version of this program wrote it
   */
  static async open(disk: Disk): Promise<SnapshotStore> {
    return new SnapshotStore(disk, await loadLiveStore(disk));
  }

  /** The last commit that is durable. */
  get head(): StoreHead {
    return this.#durable;
  }

  /**
   * Commits that a new incarnation of the engine begins, and returns its number, from 1.
   * @param nonce drawn at random: two starts on copies of one store may have the same numbers @throws as {@link commit}
   */
  async beginIncarnation(nonce: number): Promise<number> {
    const incarnation = this.#asked.incarnation + 1;
    await this.#commit([], { ...this.#begin(incarnation, nonce, this.#asked.commitSeq + 1), earlier: this.#earlier() });
    return incarnation;
  }

  /**
   * The same for an older copy of a store of which later commits are known: the new incarnation begins beyond them, and with it a new epoch. It is not refused any more.
   * @param lost the last of those commits @param changes of the same batch @throws as {@link commit}
   */
  async beginEpoch(lost: SeenCommits, nonce: number, changes: readonly Change[]): Promise<number> {
    const incarnation = Math.max(this.#asked.incarnation, lost.incarnation) + 1;
    const commitSeq = nextEpoch(this.#asked, lost);
    await this.#commit(changes, { ...this.#begin(incarnation, nonce, commitSeq), commitSeq, epoch: commitSeq, earlier: [], refused: null });
    return incarnation;
  }

  /** Commits that this is an older copy of what hosts have seen, so that no later start need ask them. @throws as {@link commit} */
  async refuse(seen: SeenCommits): Promise<void> {
    await this.#commit([], { refused: seen });
  }

  /** Hosts have heard of this incarnation: from the next commit on, the starts before it are of no account. */
  heard(): void {
    this.#asked = { ...this.#asked, earlier: [] };
  }

  /**
   * Makes all the changes, in their order, in one synced batch, or none. Commits take effect in the order they were asked for.
   * @returns the number of this commit, once it is durable
   * @throws SeatbeltError `STORE_WRITE_FAILED` it may be durable or not; nothing more can be committed, only opened anew
   * @throws SeatbeltError `INTERNAL` a history entry would replace another; nothing was changed
   */
  commit(changes: readonly Change[]): Promise<number> {
    return this.#commit(changes);
  }

  /** The command's history, oldest first. @throws SeatbeltError `STORE_CORRUPT` */
  history(commandId: string): Promise<readonly Data[]> {
    return readHistory(this.#disk, commandId);
  }

  /** A command that is over, or undefined. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` */
  findDone(id: string): Promise<StoredCommand | undefined> {
    return findDone(this.#disk, id);
  }

  /** The commands of a root's family that are over. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION` */
  findDoneFamily(rootId: string): Promise<readonly StoredCommand[]> {
    return findDoneFamily(this.#disk, rootId);
  }

  /** The first root commands to end of those that have records, at most `limit`: when, µs, and which. */
  async firstEnded(limit: number): Promise<readonly { readonly at: number; readonly rootId: string }[]> {
    const records = (await this.#disk.scan(ENDED_PREFIX, limit)).slice(0, limit).map((entry) => decodeRecord(entry));
    return records.flatMap((record) => (record.kind === 'ended' ? [{ at: record.at, rootId: record.rootId }] : []));
  }

  /** All that the archive holds of a root command that is over and of its children, for the change `familyRemoved`. */
  async archivedFamily(rootId: string, endedAt: number): Promise<readonly ArchivedEntry[]> {
    const key = endedKey(endedAt, rootId);
    const prefixes = [donePrefix(rootId), historyPrefix(rootId), childHistoryPrefix(rootId)];
    const [value, ...found] = await Promise.all([this.#disk.get(key), ...prefixes.map((prefix) => this.#disk.scan(prefix))]);
    return [...(value === undefined ? [] : [{ key, value }]), ...found.flat()].map(({ key, value }) => ({ key, digest: entryDigest(key, value) }));
  }

  /** Whether hosts may still hold tasks of a root command or of its children. */
  async hasTasks(rootId: string): Promise<boolean> {
    const found = await Promise.all([tasksByCommandPrefix(rootId), tasksByDescendantsPrefix(rootId)].map((prefix) => this.#disk.scan(prefix, 1)));
    return found.some((entries) => entries.length > 0);
  }

  /** Whether there was a root command of this id of which nothing else is kept any more. To be asked after {@link findDone} has not found it. */
  async isExpired(rootId: string): Promise<boolean> {
    // What removes a command is counted before it leaves for the disk.
    return this.#asked.expired > 0 && (await this.#disk.get(expiredKey(rootId))) !== undefined;
  }

  #begin(incarnation: number, nonce: number, beganAt: number): Pick<StoreHead, 'incarnation' | 'life' | 'beganAt'> {
    return { incarnation, life: `${incarnation}.${nonce}`, beganAt };
  }

  /** What there was before the start that now begins. The first one tells an older copy from a store whose hosts have lost what they knew, so it is not dropped. */
  #earlier(): readonly EarlierLife[] {
    const { earlier, life, beganAt, commitSeq } = this.#asked;
    const [first, ...others] = [...earlier, { life, beganAt, endedAt: commitSeq }];
    return first === undefined ? [] : [first, ...others.slice(-EARLIER_LIVES)];
  }

  async #commit(changes: readonly Change[], start: Partial<Omit<StoreHead, 'chain' | 'contents' | 'archive' | 'ended' | 'expired'>> = {}): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    const { ops, lastHistory, archived, removed } = stageChanges(changes, {
      has: (key) => this.#sum.has(key),
      lastHistory: (commandId) => this.#lastHistory.get(commandId) ?? -1,
    });
    const chain = this.#account(ops, removed);
    for (const [commandId, seq] of lastHistory) this.#lastHistory.set(commandId, seq);
    for (const commandId of archived) this.#lastHistory.delete(commandId);
    const { value: contents } = this.#sum;
    const { commitSeq, ended, expired } = this.#asked;
    const counts = { ended: ended + more(ops, ENDED_PREFIX), expired: expired + more(ops, EXPIRED_PREFIX) };
    const head: StoreHead = { ...this.#asked, commitSeq: commitSeq + 1, ...start, chain, contents, archive: this.#archive.value, ...counts };
    this.#asked = head;
    try {
      await this.#disk.write([...ops, { type: 'put', key: HEAD_KEY, value: encodeRecord('head', head) }]);
    } catch (error) {
      // The sum and the chain count what may not be there.
      this.#failure = error instanceof SeatbeltError ? error : new SeatbeltError('STORE_WRITE_FAILED', String(error), { cause: error });
      throw this.#failure;
    }
    this.#durable = head;
    return head.commitSeq;
  }

  /** Enters the batch into the sums, and returns the chain's next value. @param removed what the archive loses */
  #account(ops: readonly DiskOp[], removed: ReadonlyMap<string, number>): number {
    let chain = this.#asked.chain;
    for (const op of ops) {
      const digest = op.type === 'put' ? entryDigest(op.key, op.value) : null;
      chain = crc32(`${op.key} ${digest ?? 'deleted'}\n`, chain);
      if (isArchiveKey(op.key)) {
        if (digest !== null) this.#archive.append(digest);
        else this.#archive.takeOut(removed.get(op.key) ?? 0);
      } else if (digest === null) this.#sum.remove(op.key);
      else this.#sum.put(op.key, digest);
    }
    return chain;
  }
}

/** By how many such entries the batch makes the store grow. */
function more(ops: readonly DiskOp[], prefix: string): number {
  return ops.reduce((sum, { type, key }) => (key.startsWith(prefix) ? sum + (type === 'put' ? 1 : -1) : sum), 0);
}
