import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SeatbeltError } from '../../../src/model/errors.js';
import { createStoreDirectory, openStoreDirectory } from '../../../src/store/directory.js';
import { readHistory, readStore } from '../../../src/store/read-store.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { anEntry } from './fixtures.js';
import { temporaryDirectory } from './temporary-directory.js';

const COMMITS = 400;

/** Commit n makes both entities n and adds a history entry: some 300 KiB in all, i.e. several blocks of LevelDB's log. */
async function populated(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'store');
  const disk = await createStoreDirectory(directory);
  await SnapshotStore.initialise(disk, { storeId: 's', entities: [] });
  const store = await SnapshotStore.open(disk);
  await Promise.all(
    Array.from({ length: COMMITS }, (_, i) =>
      store.commit([
        { type: 'entity', key: 'counter/a', record: { version: i + 1, value: { n: i + 1, padding: noise(i) } } },
        { type: 'entity', key: 'counter/b', record: { version: i + 1, value: i + 1 } },
        { type: 'history', commandId: 'c', seq: i + 1, entry: anEntry(i + 1) },
      ]),
    ),
  );
  await disk.close();
  return directory;
}

/** Hardly compressible, and the same in each run. */
function noise(seed: number): string {
  let word = seed + 1;
  return Array.from({ length: 80 }, () => (word = Math.imul(word, 1664525) + 1013904223) >>> 0).join('');
}

/** What an opener makes of the store: the number of the commit whose state it shows to the last entry, or the code of its refusal. */
async function verdict(directory: string): Promise<number | string> {
  try {
    const disk = await openStoreDirectory(directory);
    try {
      const { head, entities } = await readStore(disk);
      const n = head.commitSeq;
      const shown = n === 0 ? [] : [entities.get('counter/a')?.version, entities.get('counter/b')?.value];
      expect(shown).toEqual(n === 0 ? [] : [n, n]);
      expect(await readHistory(disk, 'c')).toEqual(Array.from({ length: n }, (_, i) => anEntry(i + 1)));
      return n;
    } finally {
      await disk.close();
    }
  } catch (error) {
    if (error instanceof SeatbeltError) return error.code;
    throw error;
  }
}

async function verdictWithByteFlipped(directory: string, file: string, position: number): Promise<number | string> {
  const copy = join(await temporaryDirectory(), 'copy');
  await cp(directory, copy, { recursive: true });
  const path = join(copy, 'engine', file);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(position) ^ 0x10, position);
  await writeFile(path, bytes);
  return verdict(copy);
}

async function engineFile(directory: string, pattern: RegExp): Promise<{ readonly name: string; readonly size: number }> {
  const names = (await readdir(join(directory, 'engine'))).filter((name) => pattern.test(name));
  const sizes = await Promise.all(names.map(async (name) => ({ name, size: (await readFile(join(directory, 'engine', name))).length })));
  const [largest] = sizes.sort((a, b) => b.size - a.size);
  if (largest === undefined) throw new Error(`no file matches ${pattern.source}`);
  return largest;
}

const spread = (size: number, count: number): number[] => Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * size) / count));

describe('one flipped byte in the files of LevelDB, which opens them all the same:', { timeout: 60_000 }, () => {
  test('an undamaged store is read to its last commit', async () => {
    expect(await verdict(await populated())).toBe(COMMITS);
  });

  test('in the log, never shows a state that was not committed as a whole, and a hole in the middle is refused', async () => {
    const directory = await populated();
    const { name, size } = await engineFile(directory, /\.log$/);
    const verdicts: (number | string)[] = [];
    for (const position of spread(size, 40)) verdicts.push(await verdictWithByteFlipped(directory, name, position));
    // Early damage loses commits of which later ones survive; damage in the last block loses the tail as a whole, which only the hosts can tell.
    expect(verdicts.slice(1, 20)).toEqual(Array(19).fill('STORE_CORRUPT'));
    expect(verdicts.at(-1)).toBeTypeOf('number');
  });

  test('in a table, is refused wherever it matters', async () => {
    const directory = await populated();
    // Opening moves the log into a table.
    await (await openStoreDirectory(directory)).close();
    const { name, size } = await engineFile(directory, /\.(ldb|sst)$/);
    const verdicts: (number | string)[] = [];
    for (const position of spread(size, 40)) verdicts.push(await verdictWithByteFlipped(directory, name, position));
    expect(verdicts.filter((verdict) => typeof verdict === 'string').length).toBeGreaterThan(0);
    expect(new Set(verdicts.filter((verdict) => typeof verdict === 'number'))).toEqual(new Set([COMMITS]));
  });
});
