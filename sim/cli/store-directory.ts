import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Calls `use` with the store's directory: `db`, or else a temporary one, which is gone afterwards, whatever happened. */
export async function withStoreDirectory<T>(db: string | undefined, cwd: string, use: (directory: string) => Promise<T>): Promise<T> {
  if (db !== undefined) return use(resolve(cwd, db));
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
