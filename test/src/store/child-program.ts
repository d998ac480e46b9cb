import { writeSync } from 'node:fs';
import { SeatbeltError } from '../../../src/model/errors.js';
import { openStoreDirectory } from '../../../src/store/directory.js';
import type { Disk } from '../../../src/store/disk.js';
import { openLevelDisk } from '../../../src/store/level-disk.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';

// Run by child.ts in a process of its own: <this file> <task> <directory>.

const [task, directory = ''] = process.argv.slice(2);

switch (task) {
  case 'open':
    print(await open());
    break;
  case 'fill':
    print(await fill());
    break;
  case 'commit':
    await commitForEver();
    break;
  default:
    throw new Error(`unknown task ${String(task)}`);
}

async function open(): Promise<string> {
  try {
    await (await openLevelDisk(directory, { create: false })).close();
    return 'opened';
  } catch (error) {
    return codeOf(error);
  }
}

/** Writes what fits, what does not fit below the limit on file sizes, and something small after it. */
async function fill(): Promise<string> {
  const disk = await openLevelDisk(directory, { create: false });
  await disk.write([{ type: 'put', key: 'fits', value: new Uint8Array(100) }]);
  const outcomes = [await writing(disk, 'too-large', 1 << 20), await writing(disk, 'after', 1)];
  await disk.close();
  return outcomes.join(' ');
}

async function writing(disk: Disk, key: string, bytes: number): Promise<string> {
  try {
    await disk.write([{ type: 'put', key, value: new Uint8Array(bytes) }]);
    return 'written';
  } catch (error) {
    return codeOf(error);
  }
}

/** Commit n sets the entity counter/a to n, and counter/b likewise; says so once it is acknowledged. */
async function commitForEver(): Promise<never> {
  const store = await SnapshotStore.open(await openStoreDirectory(directory));
  for (let n = store.head.commitSeq + 1; ; n += 1) {
    const seq = await store.commit([
      { type: 'entity', key: 'counter/a', record: { version: n, value: { n, padding: 'x'.repeat(200) } } },
      { type: 'entity', key: 'counter/b', record: { version: n, value: { n } } },
      { type: 'history', commandId: 'c1', seq: n, entry: { t: n, handler: 'count', index: 0, callback: 'beforeTask', attempt: 1, outcome: 'ok' } },
    ]);
    print(String(seq));
  }
}

function print(line: string): void {
  // Synchronous, so that what was acknowledged is out before the process can be killed.
  writeSync(1, `${line}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof SeatbeltError ? error.code : String(error);
}
