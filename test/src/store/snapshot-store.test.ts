import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { Disk, DiskOp } from '../../../src/store/disk.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { EARLIER_LIVES } from '../../../src/store/records.js';
import { readHistory, readStore } from '../../../src/store/read-store.js';
import { SnapshotStore, type Change } from '../../../src/store/snapshot-store.js';
import { contentsOf } from './disk-suite.js';
import { aCallRecord, aCommand, anEntry, anyData, aTask, failureOf } from './fixtures.js';

const command = aCommand('c1');

let disk: MemoryDisk;
let store: SnapshotStore;

beforeEach(async () => {
  disk = new MemoryDisk();
  await SnapshotStore.initialise(disk, { storeId: 'store-1', entities: [{ key: 'disk/d1', value: { domain: 'gold' } }] });
  store = await SnapshotStore.open(disk);
});

describe('a new store', () => {
  test('has its identity and the initial entities with version 1', () => {
    expect(store.opened.identity).toEqual({ format: 'seatbelt', version: 1, storeId: 'store-1' });
    expect(store.opened.head).toMatchObject({ commitSeq: 0, incarnation: 0 });
    expect([...store.opened.entities]).toEqual([['disk/d1', { version: 1, value: { domain: 'gold' } }]]);
    expect(store.opened.commands.size + store.opened.tasks.size + store.opened.locks.size + store.opened.calls.size).toBe(0);
  });

  test('is made in one batch', async () => {
    const batches: (readonly DiskOp[])[] = [];
    const empty: Disk = { get: async () => undefined, scan: async () => [], write: async (ops) => void batches.push(ops) };
    await SnapshotStore.initialise(empty, { storeId: 's', entities: [{ key: 'disk/d1', value: 1 }] });
    expect(batches.map((ops) => ops.map((op) => op.key))).toEqual([['meta/store', 'entity/disk/d1', 'meta/head']]);
  });

  test('is not made where there is anything, which is left as it is', async () => {
    for (const key of ['meta/store', 'whatever']) {
      const used = new MemoryDisk([[key, Uint8Array.of(1)]]);
      const refused = await failureOf(() => SnapshotStore.initialise(used, { storeId: 's', entities: [] }));
      expect(refused.code).toBe('STORE_NOT_EMPTY');
      expect(await contentsOf(used)).toEqual([[key, [1]]]);
    }
  });
});

describe('opening', () => {
  test('refuses what is no store', async () => {
    expect((await failureOf(() => SnapshotStore.open(new MemoryDisk()))).code).toBe('STORE_NOT_OURS');
    expect((await failureOf(() => SnapshotStore.open(new MemoryDisk([['user:1', Uint8Array.of(1)]])))).code).toBe('STORE_NOT_OURS');
  });

  test('writes nothing', async () => {
    const before = await contentsOf(disk);
    await SnapshotStore.open(disk);
    expect(await contentsOf(disk)).toEqual(before);
  });

  test('finds what was committed, and nothing that was removed', async () => {
    const gone = aTask('gone');
    await store.commit([
      { type: 'command', state: command },
      { type: 'task', task: aTask('t1') },
      { type: 'task', task: gone },
      { type: 'entity', key: 'disk/d2', record: { version: 1, value: null } },
      { type: 'lock', lock: { key: 'disk/d1', mode: 'exclusive', owner: 'c1' } },
      { type: 'lock', lock: { key: 'vm/v1', mode: 'shared', owner: 'c1' } },
      { type: 'lock', lock: { key: 'vm/v1', mode: 'shared', owner: 'c2' } },
      { type: 'call', commandId: 'c1', slot: 'callback', record: aCallRecord('c1', 2) },
      { type: 'call', commandId: 'c1', slot: 'retry-0', record: aCallRecord('c1', 1) },
      { type: 'call', commandId: 'c2', slot: 'callback', record: aCallRecord('c2') },
    ]);
    await store.commit([
      { type: 'command', state: { ...command, status: 'RUNNING' } },
      { type: 'taskRemoved', task: gone },
      { type: 'entity', key: 'disk/d1', record: null },
      { type: 'lockReleased', key: 'vm/v1', owner: 'c1' },
      { type: 'call', commandId: 'c2', slot: 'callback', record: null },
    ]);
    const { opened } = await SnapshotStore.open(disk);
    expect(opened.head).toEqual(store.head);
    expect([...opened.commands]).toEqual([['c1', { ...command, status: 'RUNNING' }]]);
    expect([...opened.tasks]).toEqual([['t1', aTask('t1')]]);
    expect([...opened.entities]).toEqual([['disk/d2', { version: 1, value: null }]]);
    expect([...opened.locks.values()]).toEqual([
      { key: 'disk/d1', mode: 'exclusive', owner: 'c1' },
      { key: 'vm/v1', mode: 'shared', owner: 'c2' },
    ]);
    expect([...opened.calls]).toEqual([['c1', new Map([['callback', aCallRecord('c1', 2)], ['retry-0', aCallRecord('c1', 1)]])]]);
    expect(await readStore(disk)).toEqual(opened);
  });
});

describe('a commit', () => {
  test('is one batch, which ends with the head', async () => {
    const batches: (readonly DiskOp[])[] = [];
    const watched: Disk = {
      get: (key) => disk.get(key),
      scan: (prefix, limit) => disk.scan(prefix, limit),
      write: (ops) => {
        batches.push(ops);
        return disk.write(ops);
      },
    };
    const watchedStore = await SnapshotStore.open(watched);
    await watchedStore.commit([
      { type: 'command', state: command },
      { type: 'history', commandId: 'c1', seq: 0, entry: anEntry(1) },
      { type: 'command', state: { ...command, status: 'RUNNING' } },
    ]);
    expect(batches.map((ops) => ops.map((op) => op.key))).toEqual([['command/c1', 'history/c1/0000000000', 'meta/head']]);
    expect((await readStore(disk)).commands.get('c1')?.['status']).toBe('RUNNING');
  });

  test('is numbered, also when several are under way', async () => {
    expect(await store.commit([])).toBe(1);
    expect(await Promise.all([store.commit([]), store.commit([]), store.beginIncarnation(7), store.commit([])])).toEqual([2, 3, 1, 5]);
    expect(store.head).toMatchObject({ commitSeq: 5, incarnation: 1 });
    expect((await SnapshotStore.open(disk)).head).toEqual(store.head);
  });

  test('does not count before it is durable', async () => {
    const committed = store.commit([]);
    expect(store.head.commitSeq).toBe(0);
    await committed;
    expect(store.head.commitSeq).toBe(1);
  });

  test('of a new incarnation is the only one that changes the number', async () => {
    expect(await store.beginIncarnation(7)).toBe(1);
    await store.commit([]);
    const next = await SnapshotStore.open(disk);
    expect(next.head.incarnation).toBe(1);
    expect(await next.beginIncarnation(7)).toBe(2);
    expect((await readStore(disk)).head.incarnation).toBe(2);
  });

  test('of a new incarnation names the starts before it: from the last that hosts have heard of, and not too many after that', async () => {
    const named = async (starts: number): Promise<readonly string[]> => {
      let last = await SnapshotStore.open(disk);
      for (let start = 0; start < starts; start += 1) await (last = await SnapshotStore.open(disk)).beginIncarnation(start);
      const { life, beganAt, earlier } = last.head;
      return [...earlier.map((one) => `${one.life} ${one.beganAt}-${one.endedAt}`), `${life} ${beganAt}`];
    };
    expect(await named(2)).toEqual([' 0-0', '1.0 1-1', '2.1 2']);
    const heard = await SnapshotStore.open(disk);
    await heard.beginIncarnation(9);
    heard.heard();
    expect(heard.head.earlier).toHaveLength(3);
    await heard.commit([]);
    expect(heard.head.earlier).toEqual([]);
    expect(await named(1)).toEqual(['3.9 3-4', '4.0 5']);
    const many = await named(3 + EARLIER_LIVES);
    expect([many.length, many[0], many[1], many.at(-1)]).toEqual([EARLIER_LIVES + 2, '3.9 3-4', '7.2 8-8', '107.102 108']);
  });

  test('that refuses the store stays with it, over further commits, until an epoch begins beyond them and what was seen', async () => {
    await store.refuse({ commitSeq: 3, incarnation: 2 });
    for (let commit = 0; commit < 5; commit += 1) await store.commit([]);
    expect((await SnapshotStore.open(disk)).head).toMatchObject({ commitSeq: 6, refused: { commitSeq: 3, incarnation: 2 } });
    expect(await store.beginEpoch({ commitSeq: 3, incarnation: 2 }, 5, [])).toBe(3);
    expect((await SnapshotStore.open(disk)).head).toMatchObject({ commitSeq: 7, epoch: 7, beganAt: 7, life: '3.5', earlier: [], refused: null });
  });

  test('gives another chain to another past', async () => {
    const other = await SnapshotStore.open(disk.clone());
    const set = (n: number): Change => ({ type: 'entity', key: 'disk/d1', record: { version: 2, value: n } });
    await store.commit([set(1)]);
    await other.commit([set(2)]);
    await store.commit([set(3)]);
    await other.commit([set(3)]);
    expect(store.head.contents).toBe(other.head.contents);
    expect(store.head.chain).not.toBe(other.head.chain);
  });

  test('that fails is the last one', async () => {
    let fails = false;
    const failing: Disk = {
      get: (key) => disk.get(key),
      scan: (prefix, limit) => disk.scan(prefix, limit),
      write: async (ops) => {
        if (fails) throw new SeatbeltError('STORE_WRITE_FAILED', 'disk full');
        return disk.write(ops);
      },
    };
    const failingStore = await SnapshotStore.open(failing);
    fails = true;
    expect((await failureOf(() => failingStore.commit([]))).code).toBe('STORE_WRITE_FAILED');
    fails = false;
    expect((await failureOf(() => failingStore.commit([]))).code).toBe('STORE_WRITE_FAILED');
    expect((await failureOf(() => failingStore.beginIncarnation(7))).code).toBe('STORE_WRITE_FAILED');
    expect(failingStore.head.commitSeq).toBe(0);
    expect((await SnapshotStore.open(disk)).head.commitSeq).toBe(0);
  });
});

describe('history', () => {
  const entry = (commandId: string, seq: number): Change => ({ type: 'history', commandId, seq, entry: anEntry(seq) });

  test('is read in its order, for one command', async () => {
    await store.commit([entry('a', 0), entry('ab', 0)]);
    for (let seq = 1; seq < 12; seq += 1) await store.commit([entry('a', seq)]);
    expect(await readHistory(disk, 'a')).toEqual(Array.from({ length: 12 }, (_, seq) => anEntry(seq)));
    expect(await store.history('ab')).toEqual([anEntry(0)]);
    expect(await store.history('b')).toEqual([]);
  });

  test('is never rewritten, also not by a later opener; the refused commit changes nothing', async () => {
    await store.commit([entry('a', 0), entry('a', 1), { type: 'command', state: aCommand('a', { historyLength: 2 }) }]);
    for (const writer of [store, await SnapshotStore.open(disk)]) {
      const changes: Change[] = [{ type: 'entity', key: 'disk/d1', record: null }, entry('a', 1)];
      expect((await failureOf(() => writer.commit(changes))).code).toBe('INTERNAL');
      expect((await failureOf(() => writer.commit([entry('b', 0), entry('b', 0)]))).code).toBe('INTERNAL');
    }
    expect(await store.commit([entry('a', 2), entry('b', 0)])).toBe(2);
    expect((await readStore(disk)).entities.has('disk/d1')).toBe(true);
  });
});

describe('a command that is over', () => {
  const over = (id: string, endedAt: number): Change => ({ type: 'command', state: aCommand(id, { endedAt, historyLength: 1 }) });

  test('goes to the archive in the batch that ends it, where it is found, and an opener does not read it', async () => {
    await store.commit([{ type: 'command', state: aCommand('a') }, { type: 'command', state: aCommand('a!0.1.0') }]);
    await store.commit([over('a!0.1.0', 6), { type: 'history', commandId: 'a!0.1.0', seq: 0, entry: anEntry(1) }]);
    await store.commit([over('a', 7), { type: 'history', commandId: 'a', seq: 0, entry: anEntry(1) }]);
    expect((await contentsOf(disk)).map(([key]) => key)).toEqual([
      'done/a/a',
      'done/a/a!0.1.0',
      'ended/0000000000000007/a',
      'entity/disk/d1',
      'history/a!0.1.0/0000000000',
      'history/a/0000000000',
      'meta/head',
      'meta/store',
    ]);
    const asked: string[] = [];
    const watched: Disk = { get: (key) => disk.get(key), scan: (prefix) => (asked.push(prefix), disk.scan(prefix)), write: (ops) => disk.write(ops) };
    const { opened } = await SnapshotStore.open(watched);
    expect([[...opened.commands.keys()], [...opened.done.keys()], opened.head.ended]).toEqual([[], [], 1]);
    expect(asked.filter((prefix) => ['done/', 'ended/', 'history/'].some((archive) => archive.startsWith(prefix)))).toEqual([]);
    expect([...(await readStore(disk)).done.keys()]).toEqual(['a', 'a!0.1.0']);
    expect(await store.findDone('a')).toMatchObject({ id: 'a', endedAt: 7 });
    expect((await store.findDoneFamily('a')).map(({ id }) => id)).toEqual(['a', 'a!0.1.0']);
    expect([await store.findDone('b'), await store.findDone('a!0.1.1'), await store.findDoneFamily('b')]).toEqual([undefined, undefined, []]);
  });

  test('is removed with all that the archive has of it; what is left still adds up, and an opener goes on from there', async () => {
    // One whose id begins like the other's may have ended in the same microsecond.
    await store.commit([over('a', 6), over('ab', 6), over('b', 7), { type: 'history', commandId: 'a', seq: 0, entry: anEntry(1) }]);
    const family = await store.archivedFamily('a', 6);
    expect(family.map(({ key }) => key).sort()).toEqual(['done/a/a', 'ended/0000000000000006/a', 'history/a/0000000000']);
    await store.commit([{ type: 'familyRemoved', rootId: 'a', entries: family }]);
    expect([[...(await readStore(disk)).done.keys()], store.head.ended]).toEqual([['ab', 'b'], 2]);
    expect([await store.isExpired('a'), await store.isExpired('ab'), store.head.expired]).toEqual([true, false, 1]);
    const next = await SnapshotStore.open(disk);
    await next.commit([over('c', 8)]);
    expect([[...(await readStore(disk)).done.keys()], next.head.ended]).toEqual([['ab', 'b', 'c'], 3]);
  });

  test('that is damaged, missing or stale does not keep an engine from starting, and is found by whoever reads everything', async () => {
    await store.commit([over('a', 6), over('b', 7)]);
    await disk.write([{ type: 'del', key: 'done/b/b' }]);
    expect((await SnapshotStore.open(disk)).head.ended).toBe(2);
    expect((await failureOf(() => readStore(disk))).message).toMatch(/commands that are over are missing/);
    await disk.write([{ type: 'put', key: 'done/a/a', value: Uint8Array.of(1) }]);
    expect((await failureOf(() => store.findDone('a'))).message).toContain('done/a/a');
  });
});

test('after any sequence of commits, an opener finds what a plain map would hold', async () => {
  const key = fc.constantFrom('disk/a', 'disk/ab', 'vm/a', 'odd', '%/x y');
  const change = fc.record({ key, value: fc.option(anyData, { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 }), async (commits) => {
      const medium = new MemoryDisk();
      await SnapshotStore.initialise(medium, { storeId: 's', entities: [] });
      let writer = await SnapshotStore.open(medium);
      const model = new Map<string, unknown>();
      for (const [i, changes] of commits.entries()) {
        if (i % 3 === 2) writer = await SnapshotStore.open(medium);
        await writer.commit(
          changes.map((it) => ({ type: 'entity', key: it.key, record: it.value === undefined ? null : { version: i + 1, value: it.value } })),
        );
        for (const it of changes) {
          if (it.value === undefined) model.delete(it.key);
          else model.set(it.key, { version: i + 1, value: it.value });
        }
      }
      expect(new Map((await readStore(medium)).entities)).toEqual(model);
    }),
  );
});
