import { ContentsSum, entryDigest } from '../../src/store/contents-sum.js';
import { decodeValue, encodeValue } from '../../src/store/codec.js';
import type { DiskEntry, DiskOp, OpenDisk } from '../../src/store/disk.js';
import type { Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { Table } from './table.js';

/*
 * The layout of the store. Keys are ASCII.
 *
 *   meta/run           what is being simulated: written once
 *   meta/head          how far it has come: written with each batch
 *   meta/end           what it came to, once it is over
 *   row/<table>/<key>  a row of a table; the key is percent-encoded
 */
const RUN_KEY = 'meta/run';
const HEAD_KEY = 'meta/head';
const END_KEY = 'meta/end';
const ROWS = 'row/';

/** Of the values' shapes. */
const VERSION = 1;

/** How far a run has come. */
export type Progress = {
  /** Virtual time, whole µs. */
  readonly now: number;
  /** Events so far, over all sessions. */
  readonly events: number;
  /** Port operations of the engine so far, over all sessions. */
  readonly portOperations: number;
};

type Head = Progress & {
  /** How many processes have worked on it, this one included. */
  readonly sessions: number;
  /** {@link ContentsSum} of all other entries. */
  readonly contents: number;
};

/** What is known of a world when its store is opened. */
interface Found {
  readonly run: Data;
  readonly head: Head;
  readonly end: Data;
  /** Rows by table. */
  readonly rows: ReadonlyMap<string, readonly (readonly [key: string, row: Data])[]>;
  readonly sum: ContentsSum;
}

/**
 * The simulated world on disk: shared storage, the hosts' incarnations, the clock, and what else a power cut must not take away. It is written in synced
 * batches, and the caller sees to it that each is there before the engine's disk learns of anything that follows from it.
 */
export class WorldStore {
  /** What was given to {@link create}. */
  readonly run: Data;
  readonly #disk: OpenDisk;
  readonly #rows: Found['rows'];
  readonly #sum: ContentsSum;
  readonly #sessions: number;
  #tables: readonly Table[] = [];
  #progress: Progress;
  #end: Data;
  #failure: SeatbeltError | null = null;

  private constructor(disk: OpenDisk, { run, head, end, rows, sum }: Found) {
    this.#disk = disk;
    this.run = run;
    this.#rows = rows;
    this.#sum = sum;
    this.#sessions = head.sessions + 1;
    this.#progress = head;
    this.#end = end;
  }

  /**
   * Makes an empty disk the store of a run that has not begun.
   * @param run what {@link open} is to give back
   * @throws SeatbeltError `STORE_NOT_EMPTY` there is something on the disk; it is left as it is
   * @throws SeatbeltError `STORE_WRITE_FAILED`
   */
  static async create(disk: OpenDisk, run: Data): Promise<WorldStore> {
    if ((await disk.scan('')).length > 0) throw new SeatbeltError('STORE_NOT_EMPTY', 'a run is kept there already; seatbelt resume goes on with it');
    const sum = new ContentsSum();
    const value = encodeValue(VERSION, run);
    sum.put(RUN_KEY, entryDigest(RUN_KEY, value));
    const head: Head = { now: 0, events: 0, portOperations: 0, sessions: 0, contents: sum.value };
    await disk.write([{ type: 'put', key: RUN_KEY, value }, { type: 'put', key: HEAD_KEY, value: encodeValue(VERSION, head) }]);
    return new WorldStore(disk, { run, head, end: null, rows: new Map(), sum });
  }

  /**
   * @throws SeatbeltError `STORE_MISSING` its creation was cut short
   * @throws SeatbeltError `STORE_CORRUPT` an entry is damaged, or entries are missing, stale or too many
   * @throws SeatbeltError `STORE_VERSION` a later version of this program wrote it
   */
  static async open(disk: OpenDisk): Promise<WorldStore> {
    return new WorldStore(disk, found(await disk.scan('')));
  }

  /** Whether anything has happened in it yet; if not, there is nothing to restore. */
  get begun(): boolean {
    return this.#rows.size > 0;
  }

  /** Which process this is that works on the run, from 1. */
  get session(): number {
    return this.#sessions;
  }

  /** How far the run is known to have come. */
  get progress(): Progress {
    return this.#progress;
  }

  /** What the run came to, as it was given to {@link finish}; null while it is not over. */
  get end(): Data {
    return this.#end;
  }

  /** A row as it was when the store was opened. */
  find(table: string, key: string): Data | undefined {
    return this.#rows.get(table)?.find(([name]) => name === key)?.[1];
  }

  /** Gives the tables what they held. To be called once; from then on their changes are written. */
  attach(tables: readonly Table[]): void {
    this.#tables = tables;
    for (const table of tables) table.restore(this.#rows.get(table.name) ?? []);
  }

  /** Writes what has changed since the last time, all of it or nothing. @throws SeatbeltError `STORE_WRITE_FAILED` it may be there or not; nothing more is written, only read anew */
  async flush(progress: Progress): Promise<void> {
    await this.#write(progress, null);
  }

  /** As {@link flush}, and the run is over. @param end what {@link end} is to be */
  async finish(progress: Progress, end: Data): Promise<void> {
    await this.#write(progress, end);
  }

  close(): Promise<void> {
    return this.#disk.close();
  }

  async #write(progress: Progress, end: Data): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const ops: DiskOp[] = [];
    for (const table of this.#tables) {
      for (const [key, row] of table.takeChanges()) this.#stage(ops, rowKey(table.name, key), row);
    }
    if (end !== null || this.#end !== null) this.#stage(ops, END_KEY, end ?? undefined);
    this.#end = end;
    this.#progress = progress;
    const head: Head = { ...progress, sessions: this.#sessions, contents: this.#sum.value };
    try {
      await this.#disk.write([...ops, { type: 'put', key: HEAD_KEY, value: encodeValue(VERSION, head) }]);
    } catch (error) {
      // The sum counts what may not be there, and the tables have given it away.
      this.#failure = error instanceof SeatbeltError ? error : new SeatbeltError('STORE_WRITE_FAILED', String(error), { cause: error });
      throw this.#failure;
    }
  }

  #stage(ops: DiskOp[], key: string, row: Data | undefined): void {
    if (row === undefined) {
      this.#sum.remove(key);
      ops.push({ type: 'del', key });
      return;
    }
    const value = encodeValue(VERSION, row);
    this.#sum.put(key, entryDigest(key, value));
    ops.push({ type: 'put', key, value });
  }
}

function found(entries: readonly DiskEntry[]): Found {
  const sum = new ContentsSum();
  const meta = new Map<string, Data>();
  const rows = new Map<string, (readonly [string, Data])[]>();
  for (const { key, value } of entries) {
    const { schema, value: data } = decodeValue(key, value);
    if (schema > VERSION) throw new SeatbeltError('STORE_VERSION', `${key}: the value has version ${schema}, this program reads version ${VERSION}`);
    if (key !== HEAD_KEY) sum.put(key, entryDigest(key, value));
    if (!key.startsWith(ROWS)) {
      meta.set(key, data);
      continue;
    }
    const slash = key.lastIndexOf('/');
    const table = key.slice(ROWS.length, slash);
    const ofTable = rows.get(table) ?? [];
    rows.set(table, ofTable);
    ofTable.push([decodeURIComponent(key.slice(slash + 1)), data]);
  }
  const [run, head] = [meta.get(RUN_KEY), meta.get(HEAD_KEY) as Head | undefined];
  if (run === undefined && head === undefined && rows.size === 0) throw new SeatbeltError('STORE_MISSING', 'the run was cut short before it began; run it again');
  if (run === undefined || head === undefined) throw new SeatbeltError('STORE_CORRUPT', `${run === undefined ? RUN_KEY : HEAD_KEY} is missing`);
  if (sum.value !== head.contents) {
    throw new SeatbeltError('STORE_CORRUPT', `${HEAD_KEY}: entries are missing, stale or too many: their checksum is ${sum.value}, and should be ${head.contents}`);
  }
  return { run, head, end: meta.get(END_KEY) ?? null, rows, sum };
}

function rowKey(table: string, key: string): string {
  return `${ROWS}${table}/${encodeURIComponent(key)}`;
}
