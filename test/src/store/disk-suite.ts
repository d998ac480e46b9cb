import { describe, expect, onTestFinished, test } from 'vitest';
import type { Disk, DiskOp, OpenDisk } from '../../../src/store/disk.js';
import { failureOf } from './fixtures.js';

/** A place where a disk can be opened again and again. */
export interface DiskPlace {
  open(): Promise<OpenDisk>;
}

export const put = (key: string, ...bytes: number[]): DiskOp => ({ type: 'put', key, value: Uint8Array.from(bytes) });
export const del = (key: string): DiskOp => ({ type: 'del', key });

/** What a scan finds, in a form that compares. */
export async function contentsOf(disk: Disk, prefix = ''): Promise<readonly (readonly [string, readonly number[]])[]> {
  return (await disk.scan(prefix)).map(({ key, value }) => [key, [...value]] as const);
}

/** What every disk must do. */
export function testDisk(name: string, newPlace: () => Promise<DiskPlace>): void {
  const newDisk = async (): Promise<OpenDisk> => {
    const disk = await (await newPlace()).open();
    onTestFinished(() => disk.close());
    return disk;
  };

  describe(`${name} as a disk`, () => {
    test('begins empty', async () => {
      expect(await contentsOf(await newDisk())).toEqual([]);
    });

    test('gives back what was written, in byte order of the keys', async () => {
      const disk = await newDisk();
      await disk.write([put('b', 2), put('a', 1), put('B', 3), put('a/1', 4), put('a-1', 5), put('~', 6), put('!', 7), put('a%2F', 8)]);
      expect((await disk.scan('')).map((entry) => entry.key)).toEqual(['!', 'B', 'a', 'a%2F', 'a-1', 'a/1', 'b', '~']);
    });

    test('scans just the keys with the prefix', async () => {
      const disk = await newDisk();
      await disk.write([put('task', 1), put('task/', 2), put('task/a', 3), put('task/~~', 4), put('task0', 5), put('tas', 6)]);
      expect(await contentsOf(disk, 'task/')).toEqual([
        ['task/', [2]],
        ['task/a', [3]],
        ['task/~~', [4]],
      ]);
      expect(await contentsOf(disk, 'nothing')).toEqual([]);
    });

    test('replaces and deletes; deleting what is absent does nothing', async () => {
      const disk = await newDisk();
      await disk.write([put('a', 1), put('b', 1)]);
      await disk.write([put('a', 2), del('b'), del('never')]);
      expect(await contentsOf(disk)).toEqual([['a', [2]]]);
    });

    test('applies the operations of a batch in their order', async () => {
      const disk = await newDisk();
      await disk.write([put('a', 1), del('a'), put('b', 1), put('b', 2), del('c'), put('c', 3)]);
      expect(await contentsOf(disk)).toEqual([
        ['b', [2]],
        ['c', [3]],
      ]);
    });

    test('takes an empty batch, an empty value, and a large one', async () => {
      const disk = await newDisk();
      const large = new Uint8Array(3_000_000).map((_, i) => i % 251);
      await disk.write([]);
      await disk.write([put('empty'), { type: 'put', key: 'large', value: large }]);
      const [empty, found] = await disk.scan('');
      expect(empty?.value.length).toBe(0);
      expect(Buffer.from(found?.value ?? []).equals(large)).toBe(true);
    });

    test('applies batches in the order they were asked for, also when nobody waits in between', async () => {
      const disk = await newDisk();
      const writes = Array.from({ length: 200 }, (_, i) => disk.write([put('last', i), put(`n/${i}`, i)]));
      const seen = contentsOf(disk, 'last');
      await Promise.all(writes);
      expect(await seen).toEqual([['last', [199]]]);
      expect(await disk.scan('n/')).toHaveLength(200);
    });

    test('keeps its own copy of a value, on the way in and on the way out', async () => {
      const disk = await newDisk();
      const mine = Uint8Array.from([1, 2, 3]);
      await disk.write([{ type: 'put', key: 'a', value: mine }]);
      mine[0] = 99;
      const [found] = await disk.scan('a');
      if (found !== undefined) found.value[1] = 99;
      expect(await contentsOf(disk)).toEqual([['a', [1, 2, 3]]]);
    });

    test('takes a value that is a view of a larger buffer', async () => {
      const disk = await newDisk();
      await disk.write([{ type: 'put', key: 'a', value: Uint8Array.from([9, 1, 2, 9]).subarray(1, 3) }]);
      expect(await contentsOf(disk)).toEqual([['a', [1, 2]]]);
    });

    test('can be closed twice, finishes what was asked for before, and refuses what comes after', async () => {
      const place = await newPlace();
      const disk = await place.open();
      const written = disk.write([put('a', 1)]);
      await Promise.all([disk.close(), disk.close()]);
      await written;
      await disk.close();
      expect((await failureOf(() => disk.write([put('b', 1)]))).code).toBe('INTERNAL');
      expect((await failureOf(() => disk.scan(''))).code).toBe('INTERNAL');
      const again = await place.open();
      onTestFinished(() => again.close());
      expect(await contentsOf(again)).toEqual([['a', [1]]]);
    });
  });
}
