import { mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createStoreDirectory, openStoreDirectory } from '../../../src/store/directory.js';
import { openLevelDisk } from '../../../src/store/level-disk.js';
import { readStore } from '../../../src/store/read-store.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { contentsOf } from './disk-suite.js';
import { failureOf } from './fixtures.js';
import { listing, temporaryDirectory } from './temporary-directory.js';

const MARKER = '{"format":"seatbelt","version":1}\n';

async function createStore(directory: string): Promise<void> {
  const disk = await createStoreDirectory(directory);
  await SnapshotStore.initialise(disk, { storeId: 's', entities: [] });
  await disk.close();
}

async function expectUsable(directory: string): Promise<void> {
  await createStore(directory);
  const disk = await openStoreDirectory(directory);
  expect((await readStore(disk)).identity.storeId).toBe('s');
  await disk.close();
}

/** Both ways of opening are refused with this code, by an error that names the place, and change nothing. */
async function expectRefusedUntouched(directory: string, code: string, place = directory): Promise<void> {
  const before = await listing(directory);
  for (const open of [createStoreDirectory, openStoreDirectory]) {
    const error = await failureOf(() => open(directory));
    expect(error.code).toBe(code);
    expect(error.message).toContain(place);
  }
  expect(await listing(directory)).toEqual(before);
}

describe('creating', () => {
  test('makes a marked directory with an empty disk, parents included', async () => {
    const directory = join(await temporaryDirectory(), 'runs', 'first');
    const disk = await createStoreDirectory(directory);
    expect(await contentsOf(disk)).toEqual([]);
    await disk.close();
    expect((await readdir(directory)).sort()).toEqual(['engine', 'seatbelt.json']);
    expect(await readFile(join(directory, 'seatbelt.json'), 'utf8')).toBe(MARKER);
  });

  test('refuses a place where nothing can be made, however often it is said not to be there', async () => {
    const refused = await failureOf(() => createStoreDirectory('/proc/seatbelt/first'));
    expect([refused.code, refused.message]).toEqual(['STORE_WRITE_FAILED', expect.stringContaining('/proc/seatbelt/first')]);
  });

  test('takes an empty directory', async () => {
    await expectUsable(await temporaryDirectory());
  });

  test('refuses one that holds a store, and leaves it usable', async () => {
    const directory = await temporaryDirectory();
    await createStore(directory);
    const refused = await failureOf(() => createStoreDirectory(directory));
    expect(refused.code).toBe('STORE_NOT_EMPTY');
    expect(refused.message).toContain(directory);
    const disk = await openStoreDirectory(directory);
    await readStore(disk);
    await disk.close();
  });

  test('refuses one that is in use', async () => {
    const directory = await temporaryDirectory();
    await createStore(directory);
    const disk = await openStoreDirectory(directory);
    onTestFinished(() => disk.close());
    for (const open of [createStoreDirectory, openStoreDirectory]) expect((await failureOf(() => open(directory))).code).toBe('STORE_LOCKED');
  });

  test('fails where nothing can be made', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    expect((await failureOf(() => createStoreDirectory(file))).code).toBe('STORE_NOT_OURS');
    expect((await failureOf(() => createStoreDirectory(join(file, 'below')))).code).toMatch(/^STORE_/);
  });
});

describe('a creation that was cut short is taken up again', () => {
  test('with the marker in the making', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'seatbelt.json.tmp'), '{"form');
    expect((await failureOf(() => openStoreDirectory(directory))).code).toBe('STORE_MISSING');
    await expectUsable(directory);
  });

  test('with the marker alone', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'seatbelt.json'), MARKER);
    expect((await failureOf(() => openStoreDirectory(directory))).code).toBe('STORE_MISSING');
    expect(await readdir(directory)).toEqual(['seatbelt.json']);
    await expectUsable(directory);
  });

  test('with an empty place for the database', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'seatbelt.json'), MARKER);
    await mkdir(join(directory, 'engine'));
    expect((await failureOf(() => openStoreDirectory(directory))).code).toBe('STORE_MISSING');
    await expectUsable(directory);
  });

  test('with a database that was not initialised', async () => {
    const directory = await temporaryDirectory();
    await (await createStoreDirectory(directory)).close();
    const disk = await openStoreDirectory(directory);
    expect((await failureOf(() => readStore(disk))).code).toBe('STORE_NOT_OURS');
    await disk.close();
    await expectUsable(directory);
  });
});

describe('opening', () => {
  test('creates nothing where nothing is', async () => {
    const parent = await temporaryDirectory();
    const missing = await failureOf(() => openStoreDirectory(join(parent, 'no', 'store')));
    expect(missing.code).toBe('STORE_MISSING');
    expect(missing.message).toContain(join(parent, 'no', 'store'));
    expect((await failureOf(() => openStoreDirectory(parent))).code).toBe('STORE_MISSING');
    expect(await readdir(parent)).toEqual([]);
  });

  test('notices that CURRENT is gone', async () => {
    const directory = await temporaryDirectory();
    await createStore(directory);
    await unlink(join(directory, 'engine', 'CURRENT'));
    await expectRefusedUntouched(directory, 'STORE_CORRUPT', join(directory, 'engine', 'CURRENT'));
  });

  test('notices a database that was replaced by an empty one', async () => {
    const directory = await temporaryDirectory();
    await createStore(directory);
    await rm(join(directory, 'engine'), { recursive: true });
    await (await openLevelDisk(join(directory, 'engine'), { create: true })).close();
    const disk = await openStoreDirectory(directory);
    const error = await failureOf(() => SnapshotStore.open(disk));
    expect(error.code).toBe('STORE_NOT_OURS');
    expect(error.message).toContain('meta/store');
    await disk.close();
  });
});

describe('what is not ours is refused untouched:', () => {
  test("somebody's files", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    await expectRefusedUntouched(directory, 'STORE_NOT_OURS');
  });

  test("somebody's LevelDB", async () => {
    const directory = await temporaryDirectory();
    const foreign = new Level(directory);
    await foreign.put('user', 'data');
    await foreign.close();
    await expectRefusedUntouched(directory, 'STORE_NOT_OURS');
  });

  test.each([
    ['cut off', '{"format":"seatb'],
    ["somebody's own", '{"format":"car","version":1}'],
    ['without a version', '{"format":"seatbelt"}'],
    ['empty', ''],
    ['no object', '[]'],
  ])('a directory whose marker is %s', async (_, text) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'seatbelt.json'), text);
    await expectRefusedUntouched(directory, 'STORE_NOT_OURS');
  });

  test('one of a later version, whose version is named', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'seatbelt.json'), '{"format":"seatbelt","version":2,"engine":"other"}');
    await expectRefusedUntouched(directory, 'STORE_VERSION', `${join(directory, 'seatbelt.json')}: the store's directory has version 2`);
  });
});
