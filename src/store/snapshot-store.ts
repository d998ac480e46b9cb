import { crc32 } from 'node:zlib';
import type { Data } from '../model/data.js';
import type { EntityKey } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import { stageChanges, type Change } from './change.js';
import { ContentsSum, entryDigest } from './contents-sum.js';
import type { Disk, DiskOp } from './disk.js';
import { entityRecordKey, HEAD_KEY, isHistoryKey, STORE_KEY } from './keys.js';
import { loadStore, readHistory, type LoadedStore, type StoreContents } from './read-store.js';
import { encodeRecord, STORE_VERSION, type StoreHead } from './records.js';

export type { Change } from './change.js';

export interface InitialStore {
  /** Tells this store from all others. */
  readonly storeId: string;
  /** Each begins with version 1. */
  readonly entities: readonly { readonly key: EntityKey; readonly value: Data }[];
}

/** The durable state of one engine. It has a single writer: the engine that opened it. */
export class SnapshotStore {
  /** What was there when it was opened. */
  readonly opened: StoreContents;
  readonly #disk: Disk;
  readonly #sum: ContentsSum;
  readonly #lastHistory: Map<string, number>;
  /** Of the last commit that was asked for, which may be ahead of what is durable. */
  #asked: StoreHead;
  #durable: StoreHead;
  #failure: SeatbeltError | null = null;

  private constructor(disk: Disk, { contents, sum, lastHistory }: LoadedStore) {
    this.opened = contents;
    this.#disk = disk;
    this.#sum = sum;
    this.#lastHistory = lastHistory;
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
    puts.set(HEAD_KEY, encodeRecord('head', { commitSeq: 0, incarnation: 0, chain: 0, contents: sum.value }));
    await disk.write([...puts].map(([key, value]) => ({ type: 'put', key, value })));
  }

  /**
   * Reads and checks the whole store; writes nothing.
   * @throws SeatbeltError `STORE_NOT_OURS` the disk has no store's identity
   * @throws SeatbeltError `STORE_CORRUPT` an entry is damaged, or entries are missing, stale or too many
   * @throws SeatbeltError `STORE_VERSION` a later version of this program wrote it
   */
  static async open(disk: Disk): Promise<SnapshotStore> {
    return new SnapshotStore(disk, await loadStore(disk));
  }

  /** The last commit that is durable. */
  get head(): StoreHead {
    return this.#durable;
  }

  /** Commits that a new incarnation of the engine begins, and returns its number, from 1. @throws as {@link commit} */
  async beginIncarnation(): Promise<number> {
    const incarnation = this.#asked.incarnation + 1;
    await this.#commit([], incarnation);
    return incarnation;
  }

  /**
   * Makes all the changes, in their order, in one synced batch, or none. Commits take effect in the order they were asked for.
   * @returns the number of this commit, once it is durable
   * @throws SeatbeltError `STORE_WRITE_FAILED` it may be durable or not; nothing more can be committed, only opened anew
   * @throws SeatbeltError `INTERNAL` a history entry would replace another; nothing was changed
   */
  commit(changes: readonly Change[]): Promise<number> {
    return this.#commit(changes, this.#asked.incarnation);
  }

  /** The command's history, oldest first. @throws SeatbeltError `STORE_CORRUPT` */
  history(commandId: string): Promise<readonly Data[]> {
    return readHistory(this.#disk, commandId);
  }

  async #commit(changes: readonly Change[], incarnation: number): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    const { ops, lastHistory } = stageChanges(changes, {
      has: (key) => this.#sum.has(key),
      lastHistory: (commandId) => this.#lastHistory.get(commandId) ?? -1,
    });
    const chain = this.#account(ops);
    for (const [commandId, seq] of lastHistory) this.#lastHistory.set(commandId, seq);
    const head: StoreHead = { commitSeq: this.#asked.commitSeq + 1, incarnation, chain, contents: this.#sum.value };
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

  /** Enters the batch into the contents' sum, and returns the chain's next value. */
  #account(ops: readonly DiskOp[]): number {
    let chain = this.#asked.chain;
    for (const op of ops) {
      const digest = op.type === 'put' ? entryDigest(op.key, op.value) : null;
      chain = crc32(`${op.key} ${digest ?? 'deleted'}\n`, chain);
      if (digest === null) this.#sum.remove(op.key);
      else if (isHistoryKey(op.key)) this.#sum.append(digest);
      else this.#sum.put(op.key, digest);
    }
    return chain;
  }
}
