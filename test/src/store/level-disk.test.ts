import { mkdir, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLevelDisk } from '../../../src/store/level-disk.js';
import { childReport } from './child.js';
import { contentsOf, put, testDisk } from './disk-suite.js';
import { failureOf } from './fixtures.js';
import { listing, temporaryDirectory } from './temporary-directory.js';

testDisk('LevelDB', async () => {
  const directory = join(await temporaryDirectory(), 'db');
  return { open: () => openLevelDisk(directory, { create: true }) };
});

/** A closed database with one entry. */
async function database(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'db');
  const disk = await openLevelDisk(directory, { create: true });
  await disk.write([put('a', 1)]);
  await disk.close();
  return directory;
}

test('an existing database is opened either way', async () => {
  const directory = await database();
  for (const create of [false, true]) {
    const disk = await openLevelDisk(directory, { create });
    expect(await contentsOf(disk)).toEqual([['a', [1]]]);
    await disk.close();
  }
});

test('a missing one is not created when only opening was asked for', async () => {
  const parent = await temporaryDirectory();
  const missing = await failureOf(() => openLevelDisk(join(parent, 'db'), { create: false }));
  expect(missing.code).toBe('STORE_MISSING');
  expect(missing.message).toContain(join(parent, 'db'));
  await mkdir(join(parent, 'empty'));
  expect((await failureOf(() => openLevelDisk(join(parent, 'empty'), { create: false }))).code).toBe('STORE_MISSING');
  expect(await readdir(parent, { recursive: true })).toEqual(['empty']);
});

test('a second opener in this process is told that the store is in use', async () => {
  const directory = await database();
  const disk = await openLevelDisk(directory, { create: false });
  onTestFinished(() => disk.close());
  const locked = await failureOf(() => openLevelDisk(directory, { create: false }));
  expect(locked.code).toBe('STORE_LOCKED');
  expect(locked.message).toContain(directory);
  expect(locked.retryable).toBe(true);
  await disk.write([put('b', 2)]);
  expect(await contentsOf(disk, 'b')).toEqual([['b', [2]]]);
});

test('a second opener in another process, too', { timeout: 60_000 }, async () => {
  const directory = await database();
  const disk = await openLevelDisk(directory, { create: false });
  expect(await childReport('open', directory)).toBe('STORE_LOCKED');
  await disk.close();
  expect(await childReport('open', directory)).toBe('opened');
});

test('a database without its CURRENT is refused, not replaced by an empty one', async () => {
  const directory = await database();
  await unlink(join(directory, 'CURRENT'));
  const before = await listing(directory);
  for (const create of [false, true]) {
    const corrupt = await failureOf(() => openLevelDisk(directory, { create }));
    expect(corrupt.code).toBe('STORE_CORRUPT');
    expect(corrupt.message).toContain(join(directory, 'CURRENT'));
  }
  expect(await listing(directory)).toEqual(before);
});

test('a database without its manifest is refused', async () => {
  const directory = await database();
  const manifest = (await readdir(directory)).find((name) => name.startsWith('MANIFEST')) ?? '';
  await unlink(join(directory, manifest));
  const refused = await failureOf(() => openLevelDisk(directory, { create: true }));
  expect(refused.code).toBe('STORE_READ_FAILED');
  expect(refused.message).toContain(manifest);
});

test('a database with a damaged manifest is refused', async () => {
  const directory = await database();
  const manifest = (await readdir(directory)).find((name) => name.startsWith('MANIFEST')) ?? '';
  await writeFile(join(directory, manifest), 'x'.repeat(100));
  expect((await failureOf(() => openLevelDisk(directory, { create: false }))).code).toBe('STORE_CORRUPT');
});

test('what the operating system refuses is not called damage', async () => {
  const directory = await database();
  await unlink(join(directory, 'LOCK'));
  await mkdir(join(directory, 'LOCK'));
  const refused = await failureOf(() => openLevelDisk(directory, { create: false }));
  expect(refused.code).toBe('STORE_READ_FAILED');
  expect(refused.message).toContain(join(directory, 'LOCK'));
});

test('what is left of a creation that was cut short can be completed', async () => {
  const directory = await database();
  for (const name of await readdir(directory)) {
    if (name === 'CURRENT' || name.endsWith('.log')) await rm(join(directory, name));
  }
  expect((await failureOf(() => openLevelDisk(directory, { create: false }))).code).toBe('STORE_MISSING');
  const disk = await openLevelDisk(directory, { create: true });
  expect(await contentsOf(disk)).toEqual([]);
  await disk.close();
});

test('a directory of something else is refused untouched', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'thesis.tex'), 'years of work');
  const before = await listing(directory);
  const refused = await failureOf(() => openLevelDisk(directory, { create: true }));
  expect(refused.code).toBe('STORE_NOT_OURS');
  expect(refused.message).toContain('thesis.tex');
  expect(await listing(directory)).toEqual(before);
});

test('a file in the place of the directory cannot be read', async () => {
  const file = join(await temporaryDirectory(), 'file');
  await writeFile(file, 'x');
  expect((await failureOf(() => openLevelDisk(file, { create: true }))).code).toBe('STORE_READ_FAILED');
});

test('a write that failed takes those behind it with it', async () => {
  const directory = await database();
  const disk = await openLevelDisk(directory, { create: false });
  onTestFinished(() => disk.close());
  // What the types forbid is the simplest thing that LevelDB refuses.
  const failing = disk.write([put('b', 1), { type: 'put', key: 'c', value: null as unknown as Uint8Array }]);
  const behind = disk.write([put('d', 1)]);
  const error = await failureOf(() => failing);
  expect(error.code).toBe('STORE_WRITE_FAILED');
  expect(error.message).toContain(directory);
  expect((await failureOf(() => behind)).code).toBe('STORE_WRITE_FAILED');
  expect((await failureOf(() => disk.write([put('e', 1)]))).code).toBe('STORE_WRITE_FAILED');
  expect(await contentsOf(disk)).toEqual([['a', [1]]]);
});

test('a full disk is a write that failed', { timeout: 60_000 }, async () => {
  const directory = await database();
  // In another process, whose files may not grow beyond 64 KiB, as if the disk were full.
  expect(await childReport('fill', directory, { maxFileKiB: 64 })).toBe('STORE_WRITE_FAILED STORE_WRITE_FAILED');
  const disk = await openLevelDisk(directory, { create: false });
  const keys = (await disk.scan('')).map((entry) => entry.key);
  expect(keys).toContain('fits');
  expect(keys).not.toContain('after');
  await disk.close();
});
