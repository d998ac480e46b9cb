import { describe, expect, it } from 'vitest';
import { tableOfData } from '../../../sim/world/table.js';
import { TrackedMap } from '../../../sim/world/tracked-map.js';
import { WorldStore } from '../../../sim/world/world-store.js';
import type { DiskOp } from '../../../src/store/disk.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';

const AT = { now: 7, events: 3, portOperations: 2 };

/** A store with two rows in one table, and the disk that it is on. */
async function aStore(): Promise<{ readonly disk: MemoryDisk; readonly rows: TrackedMap<string, number>; readonly store: WorldStore }> {
  const disk = new MemoryDisk();
  const store = await WorldStore.create(disk, { seed: 1 });
  const rows = new TrackedMap<string, number>();
  store.attach([tableOfData('rows', rows)]);
  rows.set('a', 1).set('ü/b', 2);
  await store.flush(AT);
  return { disk, rows, store };
}

async function reopened(disk: MemoryDisk): Promise<{ readonly store: WorldStore; readonly rows: TrackedMap<string, number> }> {
  const store = await WorldStore.open(disk.clone());
  const rows = new TrackedMap<string, number>();
  store.attach([tableOfData('rows', rows)]);
  return { store, rows };
}

describe('the store of a world', () => {
  it('gives back what it was told of, and only what changes is written again', async () => {
    const { disk, rows, store } = await aStore();
    const written: string[] = [];
    const write = disk.write.bind(disk);
    disk.write = (ops: readonly DiskOp[]) => {
      written.push(...ops.map(({ type, key }) => `${type} ${key}`));
      return write(ops);
    };
    rows.set('c', 3).delete('a');
    await store.flush({ ...AT, now: 9 });
    expect(written.toSorted()).toEqual(['del row/rows/a', 'put meta/head', 'put row/rows/c']);
    const again = await reopened(disk);
    expect([...again.rows]).toEqual([['ü/b', 2], ['c', 3]]);
    expect(again.store).toMatchObject({ run: { seed: 1 }, session: 2, begun: true, end: null, progress: { now: 9, events: 3, portOperations: 2 } });
    expect(again.rows.takeChanges()).toEqual([]);
  });

  it('knows what the run came to, until it goes on', async () => {
    const { disk, store } = await aStore();
    await store.finish(AT, { held: true });
    const again = await reopened(disk);
    expect(again.store.end).toEqual({ held: true });
    const disks = disk.clone();
    const further = await WorldStore.open(disks);
    await further.flush(AT);
    expect((await reopened(disks)).store.end).toBeNull();
  });

  it('that could not be written is not written any more: it is as it was, and can be read', async () => {
    const { disk, rows, store } = await aStore();
    const { write } = disk;
    disk.write = () => Promise.reject(new Error('the disk is full'));
    rows.set('c', 3);
    await expect(store.flush({ ...AT, now: 9 })).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED', message: 'Error: the disk is full' });
    disk.write = write;
    await expect(store.finish(AT, { held: true })).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect([...(await reopened(disk)).rows]).toEqual([['ü/b', 2], ['a', 1]]);
  });

  it('has not begun when nothing was written but what it is', async () => {
    const disk = new MemoryDisk();
    await WorldStore.create(disk, 'run');
    expect(await WorldStore.open(disk)).toMatchObject({ run: 'run', begun: false, session: 1 });
  });

  it('is not made over another', async () => {
    const { disk } = await aStore();
    await expect(WorldStore.create(disk, 'other')).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
    expect([...(await reopened(disk)).rows]).toHaveLength(2);
  });

  it.each([
    ['is empty', async (disk: MemoryDisk) => disk.write((await disk.scan('')).map(({ key }) => ({ type: 'del', key }))), 'STORE_MISSING'],
    ['has lost a row', (disk: MemoryDisk) => disk.write([{ type: 'del', key: 'row/rows/a' }]), 'STORE_CORRUPT'],
    ['has lost its head', (disk: MemoryDisk) => disk.write([{ type: 'del', key: 'meta/head' }]), 'STORE_CORRUPT'],
    ['has lost what it is of', (disk: MemoryDisk) => disk.write([{ type: 'del', key: 'meta/run' }]), 'STORE_CORRUPT'],
    ['has a damaged row', (disk: MemoryDisk) => disk.write([{ type: 'put', key: 'row/rows/a', value: Buffer.from('nothing of ours') }]), 'STORE_CORRUPT'],
  ] as const)('that %s is refused', async (_, damage, code) => {
    const { disk } = await aStore();
    await damage(disk);
    await expect(WorldStore.open(disk)).rejects.toMatchObject({ code });
  });
});
