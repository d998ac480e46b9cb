import { beforeEach, describe, expect, test } from 'vitest';
import { encodeValue } from '../../../src/store/codec.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { readStore, scanStore } from '../../../src/store/read-store.js';
import { encodeRecord } from '../../../src/store/records.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { aCallRecord, aCommand, anEntry, aTask, failureOf } from './fixtures.js';

let disk: MemoryDisk;

beforeEach(async () => {
  disk = new MemoryDisk();
  await SnapshotStore.initialise(disk, { storeId: 's', entities: [{ key: 'disk/d1', value: { size: 1 } }] });
  const store = await SnapshotStore.open(disk);
  await store.commit([
    { type: 'command', state: aCommand('c1') },
    { type: 'command', state: aCommand('c2') },
    { type: 'history', commandId: 'c1', seq: 0, entry: anEntry(1) },
    { type: 'history', commandId: 'c1', seq: 1, entry: anEntry(2) },
    { type: 'task', task: aTask('t1') },
    { type: 'lock', lock: { key: 'disk/d1', mode: 'exclusive', owner: 'c1' } },
    { type: 'call', commandId: 'c1', slot: 'callback', record: aCallRecord('c1', 1) },
  ]);
});

async function replace(key: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const [entry] = await disk.scan(key);
  await disk.write([{ type: 'put', key, value: change(entry?.value ?? new Uint8Array()) }]);
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));

const EVERY_KEY = [
  'call/c1/callback',
  'command/c1',
  'command/c2',
  'entity/disk/d1',
  'history/c1/0000000000',
  'history/c1/0000000001',
  'lock/disk%2Fd1/c1',
  'meta/head',
  'meta/store',
  'task-by-command/migrate/t1',
  'task-by-entity/disk/d1/t1',
  'task-by-pool/pool1/t1',
  'task/t1',
];

test('the store under test has every kind of key', async () => {
  expect((await disk.scan('')).map((entry) => entry.key)).toEqual(EVERY_KEY);
  expect((await scanStore(disk)).mismatch).toBeNull();
});

describe.each(EVERY_KEY)('damage to %s', (key) => {
  test('is noticed and named', async () => {
    await replace(key, flipped);
    const error = await failureOf(() => readStore(disk));
    expect(error.code).toBe('STORE_CORRUPT');
    expect(error.message).toContain(key);
  });

  test('hides nothing else', async () => {
    await replace(key, flipped);
    const { entries } = await scanStore(disk);
    expect(entries.filter((entry) => !entry.ok).map((entry) => entry.key)).toEqual([key]);
    expect(entries).toHaveLength(EVERY_KEY.length);
  });

  test('that removes it is noticed', async () => {
    await disk.write([{ type: 'del', key }]);
    const error = await failureOf(() => readStore(disk));
    expect(error.code).toBe(key === 'meta/store' ? 'STORE_NOT_OURS' : 'STORE_CORRUPT');
    if (key !== 'meta/store') expect((await scanStore(disk)).mismatch?.code).toBe('STORE_CORRUPT');
  });
});

describe('entries that are sound, but not those of the last commit, are noticed:', () => {
  test('stale ones', async () => {
    const before = await disk.scan('entity/');
    const store = await SnapshotStore.open(disk);
    await store.commit([{ type: 'entity', key: 'disk/d1', record: { version: 2, value: { size: 2 } } }]);
    await disk.write(before.map((entry) => ({ type: 'put', ...entry })));
    expect((await failureOf(() => SnapshotStore.open(disk))).message).toMatch(/missing, stale or too many.*commit 2/);
  });

  test('ones that were deleted', async () => {
    const before = await disk.scan('lock/');
    const store = await SnapshotStore.open(disk);
    await store.commit([{ type: 'lockReleased', key: 'disk/d1', owner: 'c1' }]);
    await disk.write(before.map((entry) => ({ type: 'put', ...entry })));
    expect((await failureOf(() => readStore(disk))).code).toBe('STORE_CORRUPT');
  });

  test('ones under a key that is not theirs', async () => {
    await replace('command/c2', () => encodeRecord('command', aCommand('c1')));
    expect((await failureOf(() => readStore(disk))).message).toMatch(/command\/c2.*belongs to another key/);
    await replace('command/c2', () => encodeRecord('command', aCommand('c2')));
    await replace('lock/disk%2Fd1/c1', () => encodeValue(1, { key: 'disk/d1', mode: 'shared', owner: 'c2' }));
    expect((await failureOf(() => readStore(disk))).message).toMatch(/lock\/disk%2Fd1\/c1.*belongs to another key/);
  });

  test('ones of another shape', async () => {
    await replace('task/t1', () => encodeValue(1, { ...aTask('t1'), state: 'Asleep' }));
    expect((await failureOf(() => readStore(disk))).message).toMatch(/task\/t1.*state/);
  });

  test('ones under a key that we never write', async () => {
    await replace('strange', () => encodeValue(1, 1));
    expect((await failureOf(() => readStore(disk))).message).toContain('strange');
  });
});

describe('a later version of the program is named with the versions, not taken for damage:', () => {
  test('of one kind of value', async () => {
    await replace('task/t1', () => encodeValue(2, { id: 't1' }));
    const error = await failureOf(() => readStore(disk));
    expect(error.code).toBe('STORE_VERSION');
    expect(error.message).toMatch(/task\/t1.*version 2.*version 1/);
  });

  test('of the whole store', async () => {
    await replace('meta/store', () => encodeValue(1, { format: 'seatbelt', version: 2, storeId: 's' }));
    const error = await failureOf(() => readStore(disk));
    expect(error.code).toBe('STORE_VERSION');
    expect(error.message).toMatch(/meta\/store.*version 2.*version 1/);
  });
});
