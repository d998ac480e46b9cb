import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createStoreDirectory, openStoreDirectory } from '../../../src/store/directory.js';
import { readHistory } from '../../../src/store/read-store.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { startChild } from './child.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Runs a process that commits until it is killed, and returns the last commit that it said was acknowledged. */
async function committedUntilKilled(directory: string, commits: number): Promise<number> {
  const child = startChild('commit', directory);
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    let lines = 0;
    child.stdout?.on('data', (chunk) => {
      printed += String(chunk);
      lines += String(chunk).split('\n').length - 1;
      if (lines >= commits) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (_, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error('the child ended by itself'))));
  });
  // What follows the last newline, if anything, is half a line.
  return Number(printed.split('\n').at(-2));
}

test('after SIGKILL in the middle of commits, each acknowledged one is there, and the store is whole', { timeout: 60_000 }, async () => {
  const directory = join(await temporaryDirectory(), 'store');
  const created = await createStoreDirectory(directory);
  await SnapshotStore.initialise(created, { storeId: 's', entities: [] });
  await created.close();
  let before = 0;
  for (const commits of [1, 40, 150]) {
    const acknowledged = await committedUntilKilled(directory, commits);
    expect(acknowledged).toBeGreaterThanOrEqual(before + commits);
    const disk = await openStoreDirectory(directory);
    // Checks each checksum and the sum of all.
    const { opened } = await SnapshotStore.open(disk);
    const durable = opened.head.commitSeq;
    // The one in flight may be there or not.
    expect([acknowledged, acknowledged + 1]).toContain(durable);
    expect(opened.entities.get('counter/a')?.version).toBe(durable);
    expect(opened.entities.get('counter/b')).toEqual({ version: durable, value: { n: durable } });
    expect(await readHistory(disk, 'c1')).toMatchObject(Array.from({ length: durable }, (_, i) => ({ t: i + 1 })));
    await disk.close();
    before = durable;
  }
});
