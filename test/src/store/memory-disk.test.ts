import { expect, test } from 'vitest';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { contentsOf, put, testDisk } from './disk-suite.js';

testDisk('memory', async () => {
  let disk = new MemoryDisk();
  return {
    async open() {
      disk = disk.clone();
      return disk;
    },
  };
});

test('a clone has the same contents and a future of its own', async () => {
  const disk = new MemoryDisk();
  await disk.write([put('a', 1)]);
  const clone = disk.clone();
  await disk.write([put('a', 2)]);
  await clone.write([put('b', 3)]);
  expect(await contentsOf(disk)).toEqual([['a', [2]]]);
  expect(await contentsOf(clone)).toEqual([
    ['a', [1]],
    ['b', [3]],
  ]);
});
