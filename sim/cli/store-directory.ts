import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SeatbeltError } from '../../src/model/errors.js';

/** Calls `use` with the store's directory: `db`, or else a temporary one, which is gone afterwards, whatever happened. */
export async function withStoreDirectory<T>(db: string | undefined, cwd: string, use: (directory: string) => Promise<T>): Promise<T> {
  if (db !== undefined) return use(resolve(cwd, db));
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-')).catch((cause: unknown) => {
    throw new SeatbeltError('STORE_WRITE_FAILED', `${tmpdir()}: no temporary directory can be made there (${messageOf(cause)})`, { cause });
  });
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
