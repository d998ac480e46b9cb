import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SeatbeltError } from '../../src/model/errors.js';
import { decodeValue, encodeValue } from '../../src/store/codec.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { scanStore } from '../../src/store/read-store.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { endsFrom, entriesAt, SITUATIONS } from './situations.js';
import { fromLines, readable, toLines } from './snapshot.js';

const HERE = join('test', 'golden');
const releases = readdirSync(HERE, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

describe.each(releases)('a store of release %s', (release) => {
  const read = (file: string): string => readFileSync(join(HERE, release, file), 'utf8');
  const ends = JSON.parse(read('ends.json')) as { readonly [name: string]: readonly string[] };

  test.each(Object.keys(ends))('%s: is read as it was, and gone on with to the same end', async (name) => {
    const entries = fromLines(read(`${name}.jsonl`));
    const { entries: found, mismatch } = await scanStore(new MemoryDisk(entries.map(({ key, value }) => [key, value])));
    expect([mismatch, found.filter(({ ok }) => !ok)]).toEqual([null, []]);
    expect(await readable(entries)).toBe(read(`${name}.txt`));
    expect(await endsFrom(name, entries)).toEqual(ends[name]);
  });
});

test('the same moment is the same store, byte by byte', async () => {
  const [situation] = SITUATIONS;
  if (situation === undefined) throw new Error('there is no situation');
  expect(toLines(await entriesAt(situation))).toBe(toLines(await entriesAt(situation)));
});

test('an entry of a later program is refused, with its key', async () => {
  const situation = SITUATIONS.find(({ name }) => name === 'running');
  if (situation === undefined) throw new Error('there is no such situation');
  const entries = await entriesAt(situation);
  const later = entries.map(({ key, value }): [string, Uint8Array] => [key, key === 'command/c1' ? encodeValue(999, decodeValue(key, value).value) : value]);
  await expect(SnapshotStore.open(new MemoryDisk(later))).rejects.toSatisfy((error) => error instanceof SeatbeltError && error.code === 'STORE_VERSION' && error.message.includes('command/c1'));
});
