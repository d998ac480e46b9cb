import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { SeatbeltError } from '../model/errors.js';
import type { DiskEntry, DiskOp, OpenDisk } from './disk.js';

/** How much an iterator may fetch at once, in bytes. With the default of 16 KiB a scan of a large store takes two to three times as long. */
const SCAN_BYTES = 1 << 20;

/** Keys are ASCII, so this is above all that start with a prefix. */
const ABOVE_ASCII = '\x7f';

/**
 * Opens a LevelDB database in `directory`; it stays locked against every other opener, in this process or another, until it is closed or the
 * process ends.
 * @param options.create makes the database, and `directory` in an existing parent, if there is none; an existing one is opened as it is
 * @throws SeatbeltError `STORE_MISSING` no database, and `create` is false; nothing is created
 * @throws SeatbeltError `STORE_LOCKED` somebody has it open
 * @throws SeatbeltError `STORE_NOT_OURS` the directory holds other files than LevelDB's
 * @throws SeatbeltError `STORE_CORRUPT` the database is damaged, or has lost its file CURRENT
 * @throws SeatbeltError `STORE_READ_FAILED` the operating system refuses a file, or has none of that name
 */
export async function openLevelDisk(directory: string, options: { readonly create: boolean }): Promise<OpenDisk> {
  await checkFiles(directory, options.create);
  const level: Database = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view', createIfMissing: options.create });
  try {
    await level.open();
  } catch (error) {
    throw openingFailed(directory, error);
  }
  return new LevelDisk(directory, level);
}

type Database = Level<string, Uint8Array>;

/**
 * LevelDB takes a directory without the file CURRENT for one without a database: it then leaves files behind even if it is not to create one, and
 * deletes the data if it is. So we look first.
 */
async function checkFiles(directory: string, create: boolean): Promise<void> {
  const names = await filesIn(directory);
  // Asked for once more by its name, since somebody may just have made the database.
  if (names.includes('CURRENT') || existsSync(join(directory, 'CURRENT'))) return;
  if (names.some((name) => /^\d+\.(log|ldb|sst)$/.test(name))) {
    throw new SeatbeltError('STORE_CORRUPT', `${join(directory, 'CURRENT')} is gone, but data files are there; restore the directory from a copy`);
  }
  if (!create) throw new SeatbeltError('STORE_MISSING', `${directory}: there is no database`);
  // What remains when making a database was cut short.
  const foreign = names.find((name) => !/^(LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/.test(name));
  if (foreign !== undefined) throw new SeatbeltError('STORE_NOT_OURS', `${directory} holds something else than a database: ${foreign}`);
}

/** The names in it; none, if it does not exist. */
async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new SeatbeltError('STORE_READ_FAILED', `${directory} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function openingFailed(directory: string, error: unknown): SeatbeltError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (codeOf(cause) === 'LEVEL_LOCKED') {
    return new SeatbeltError('STORE_LOCKED', `${directory} is in use by another engine or tool`, { cause, retryable: true });
  }
  const code = codeOf(cause) === 'LEVEL_IO_ERROR' ? 'STORE_READ_FAILED' : 'STORE_CORRUPT';
  return new SeatbeltError(code, `${directory}: the database cannot be opened: ${messageOf(cause)}`, { cause });
}

class LevelDisk implements OpenDisk {
  readonly #directory: string;
  readonly #level: Database;
  /** The last thing that was asked for. LevelDB's threads would let a later batch overtake. */
  #last: Promise<unknown> = Promise.resolve();
  #failure: SeatbeltError | null = null;
  #closing: Promise<void> | null = null;

  constructor(directory: string, level: Database) {
    this.#directory = directory;
    this.#level = level;
  }

  write(ops: readonly DiskOp[]): Promise<void> {
    return this.#inTurn(() => this.#write(ops));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#inTurn(() => this.#read(() => this.#level.get(key)));
  }

  scan(prefix: string, limit?: number): Promise<readonly DiskEntry[]> {
    return this.#inTurn(() => this.#read(() => this.#scan(prefix, limit ?? -1)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#level.close());
    return this.#closing;
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) return Promise.reject(new SeatbeltError('INTERNAL', `${this.#directory} is closed`));
    const result = this.#last.then(operation);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #write(ops: readonly DiskOp[]): Promise<void> {
    // A batch after a failed one would leave a hole.
    if (this.#failure !== null) throw this.#failure;
    try {
      await this.#level.batch([...ops], { sync: true });
    } catch (cause) {
      this.#failure = new SeatbeltError('STORE_WRITE_FAILED', `${this.#directory}: ${messageOf(cause)}`, { cause });
      throw this.#failure;
    }
  }

  /** @param limit -1: none */
  async #scan(prefix: string, limit: number): Promise<readonly DiskEntry[]> {
    const entries = await this.#level.iterator({ gte: prefix, lt: prefix + ABOVE_ASCII, limit, highWaterMarkBytes: SCAN_BYTES }).all();
    return entries.map(([key, value]) => ({ key, value }));
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      const code = codeOf(cause) === 'LEVEL_CORRUPTION' || messageOf(cause).startsWith('Corruption') ? 'STORE_CORRUPT' : 'STORE_READ_FAILED';
      throw new SeatbeltError(code, `${this.#directory}: ${messageOf(cause)}`, { cause });
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
