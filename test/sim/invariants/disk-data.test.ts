import { describe, expect, it } from 'vitest';
import { diskData } from '../../../sim/invariants/disk-data.js';
import type { Data } from '../../../src/model/data.js';
import type { Change } from '../../../src/store/change.js';
import { ThreeSteps } from './definitions.js';
import { Life } from './life.js';
import { DISK_D1, HOST, POOL, VM_VM1, Watched } from './watched.js';

const STEP = { commandId: 'c1', executionIndex: 0 };
const COPY = { disk: 'd1', source: 'hdd', target: 'ssd' };
const LEAF = { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 };

const MERGE = { domain: 'hdd', disk: 'd1', ancestor: 'd1-base', successor: 'leaf' };

const record = (version: number, value: Data): Change => ({ type: 'entity', key: 'disk/d1', record: { version, value } });
const withLeaf = { ...DISK_D1, volumes: [...DISK_D1.volumes, { id: 'leaf', parent: 'd1-base', format: 'cow' }] };

const vm = (value: Data): Change => ({ type: 'entity', key: 'vm/vm1', record: { version: 2, value } });

/** Of a copy of d1. */
const twin = (version: number, value: object): Change => ({ type: 'entity', key: 'disk/d2', record: { version, value: { ...DISK_D1, id: 'd2', domain: 'ssd', vm: null, ...value } } });
const TWIN = { disk: 'd1', source: 'hdd', copy: 'd2', target: 'ssd' };

class Disks extends Life {
  constructor() {
    super(new Watched([ThreeSteps], [diskData]), ThreeSteps);
    this.admitted();
  }

  does(verb: string, args: { readonly [key: string]: Data }): this {
    this.run.perform(`c1/0/${verb}/${this.run.now}`, verb, args, STEP);
    return this;
  }

  /** Only its beginning: it may take long yet. */
  begins(verb: string, args: { readonly [key: string]: Data }): this {
    const key = `c1/0/${verb}/${this.run.now}`;
    this.run.storage.perform({ key, verb, args, step: { reason: 'REGULAR_FLOW', attempt: 1, ...STEP }, host: HOST, hold: null }, 'begin');
    return this;
  }

  /** As a merge would do that moves nothing before it takes the lower volume away. */
  mergesWithoutData(): this {
    const { content, ledger } = this.run.storage;
    const upper = content.images.find('hdd', 'd1')?.volumes.get('leaf');
    if (upper === undefined) throw new Error('there is nothing to merge into');
    content.images.put('hdd', 'd1', { filled: true, volumes: new Map([['leaf', { ...upper, parent: null, format: 'raw' }]]) });
    const effects = [{ sign: '-', verb: 'mergeSnapshots', object: 'volume:hdd/d1/d1-base' }] as const;
    ledger.append({ ...STEP, reason: 'REGULAR_FLOW', attempt: 1, key: 'c1/0/mergeSnapshots', verb: 'mergeSnapshots', host: HOST, part: 'end', effects });
    return this;
  }

  /** The guest has been shut down, of which the engine is told otherwise. */
  shutDown(): this {
    this.run.storage.content.vmDisks.put({ id: 'vm1', host: HOST, desired: 'down', disks: new Map() });
    return this.recorded(vm({ ...VM_VM1, state: 'down' }));
  }

  /** In a batch of its command. */
  recorded(change: Change): this {
    this.returns({ beside: [change] });
    return this;
  }

  snapshot(): this {
    return this.does('createVolume', LEAF).does('snapshot', { vm: 'vm1', snapshot: 's1', disks: [{ disk: 'd1', volume: 'leaf' }] });
  }

  /** Up to the pivot: the target holds it all. */
  copied(): this {
    return this.snapshot().does('cloneImageStructure', COPY).does('diskReplicateStart', { vm: 'vm1', disk: 'd1', target: 'ssd' }).does('syncImageData', COPY);
  }

  pivoted(): this {
    return this.copied().does('diskReplicateFinish', { vm: 'vm1', disk: 'd1', target: 'ssd' });
  }

  /** The command ends, and says this of the disk. */
  ended(value: Data, residue: readonly { readonly verb: string; readonly object: string }[] = []): this {
    this.throws().returns({ beside: [record(2, value)] });
    this.forge({ residue });
    this.run.rest();
    return this;
  }
}

describe('disk data: what is lawful', () => {
  const lawful: Record<string, (life: Disks) => unknown> = {
    'a disk that nobody touches': ({ run }) => run.rest(),
    'a migration': (life) => life.pivoted().does('deleteImage', { domain: 'hdd', disk: 'd1' }).ended({ ...withLeaf, domain: 'ssd' }),
    'a migration that is undone up to the snapshot': (life) =>
      life.copied().does('diskReplicateFinish', { vm: 'vm1', disk: 'd1', target: 'hdd' }).does('deleteImage', { domain: 'ssd', disk: 'd1' }).ended(withLeaf),
    'a copy that is another disk': (life) => life.recorded(twin(1, { status: 'LOCKED' })).does('copyImage', TWIN).recorded(twin(2, {})).ended(DISK_D1),
    'a copy that is given up before it was ever said to be OK': (life) =>
      life.recorded(twin(1, { status: 'LOCKED' })).does('copyImage', TWIN).does('deleteImage', { domain: 'ssd', disk: 'd2' }).recorded({ type: 'entity', key: 'disk/d2', record: null }).ended(DISK_D1),
    'a disk that is removed by a command that says so': (life) =>
      life.recorded(record(2, { ...DISK_D1, status: 'ILLEGAL' })).does('deleteImage', { domain: 'hdd', disk: 'd1' }).recorded({ type: 'entity', key: 'disk/d1', record: null }),
    'a volume that a rollback has declared to leave': (life) => life.does('createVolume', LEAF).ended(DISK_D1, [{ verb: 'createVolume', object: 'volume:hdd/d1/leaf' }]),
    'a disk that is removed, which its record says before': (life) => {
      life.returns({ beside: [record(2, { ...DISK_D1, status: 'ILLEGAL' })] }).does('deleteImage', { domain: 'hdd', disk: 'd1' });
    },
    'a disk of no VM': (life) => life.shutDown().ended({ ...DISK_D1, vm: null }),
    'a VM that somebody else has given a record of his own making': (life) => life.recorded(vm({ pet: true })).ended(DISK_D1),
    'a VM without a record that a rollback has declared to leave': (life) =>
      life.recorded({ type: 'entity', key: 'vm/vm1', record: null }).ended(DISK_D1, [{ verb: 'createVm', object: 'running:vm1' }]),
    'a VM that a held command has in hand': (life) => {
      life.recorded({ type: 'entity', key: 'vm/vm1', record: null }).forge({ status: 'STUCK', phase: { at: 'held', from: null } });
      life.run.rest();
    },
    'an empty disk, of which nothing was ever written': (life) => life.does('createVolume', { ...LEAF, disk: 'd2', parent: null }).recorded(twin(1, { domain: 'hdd', volumes: [{ id: 'leaf', parent: null, format: 'cow' }] })).ended(DISK_D1),
    'a disk of the name of one whose copy was given up': (life) => {
      const work = { key: 'c1/0/copyImage', verb: 'copyImage', args: TWIN, step: { reason: 'REGULAR_FLOW', attempt: 1, ...STEP }, host: HOST, hold: null } as const;
      const begun = life.run.storage.perform(work, 'begin');
      if (begun.ok) life.run.storage.recover(work, begun.recoveries, false);
      life.does('createVolume', { ...LEAF, disk: 'd2', domain: 'ssd', parent: null }).recorded(twin(1, { volumes: [{ id: 'leaf', parent: null, format: 'cow' }] })).ended(DISK_D1);
    },
    'a merge that the record tells': (life) =>
      life.snapshot().does('mergeSnapshots', MERGE).ended({ ...DISK_D1, volumes: [{ id: 'leaf', parent: null, format: 'raw' }] }),
    'what a held command has in hand': (life) => {
      life.copied().returns({ beside: [record(2, { ...DISK_D1, status: 'LOCKED' })] }).forge({ status: 'STUCK', phase: { at: 'held', from: null } });
      life.run.rest();
    },
  };

  it.each(Object.entries(lawful))('%s', (_, happen) => {
    const life = new Disks();
    happen(life);
    expect(life.run.broken).toEqual([]);
  });
});

describe('disk data: what is caught', () => {
  const unlawful: readonly [string, (life: Disks) => unknown, RegExp][] = [
    [
      'the only copy deleted',
      (life) => life.does('deleteImage', { domain: 'hdd', disk: 'd1' }),
      /disk\/d1: no legal copy holds all of its data, since deleteImage \(c1\/0\/deleteImage\/\d+\) on host1/,
    ],
    [
      'the only copy deleted, of a disk that somebody else says is illegal',
      (life) => {
        life.run.commit(record(2, { ...DISK_D1, status: 'ILLEGAL' }));
        life.run.perform('other/0', 'deleteImage', { domain: 'hdd', disk: 'd1' }, { commandId: 'other', executionIndex: 0 });
      },
      /disk\/d1: no legal copy holds all of its data, since deleteImage/,
    ],
    ['an illegal disk at rest', (life) => life.ended({ ...DISK_D1, status: 'ILLEGAL' }), /at rest its record is ILLEGAL, and no command works on it/],
    ['the only copy of a disk of no VM deleted', (life) => life.returns({ beside: [record(2, { ...DISK_D1, vm: null })] }).does('deleteImage', { domain: 'hdd', disk: 'd1' }), /no legal copy holds all of its data/],
    ['two copies of a disk of no VM', (life) => life.does('copyImage', { ...COPY, copy: 'd1' }).ended({ ...DISK_D1, vm: null }), /at rest its image on ssd is an orphan: the record says hdd/],
    ['a merge that the record does not tell', (life) => life.snapshot().does('mergeSnapshots', MERGE).ended(withLeaf), /at rest volume d1-base of the record is not on hdd/],
    ['the target deleted that the VM runs on', (life) => life.pivoted().does('deleteImage', { domain: 'ssd', disk: 'd1' }), /no legal copy holds all of its data, since deleteImage/],
    ['the leaf deleted that the VM writes to', (life) => life.snapshot().does('deleteVolume', { domain: 'hdd', disk: 'd1', volume: 'leaf' }), /no legal copy holds all of its data/],
    ['a new disk that is OK when its copy is not there', (life) => life.does('copyImage', TWIN).does('deleteImage', { domain: 'ssd', disk: 'd2' }).recorded(twin(1, {})), /disk\/d2: its record says OK, and its copy on ssd does not hold all that it must hold/],
    ['a new disk that is OK when its copy is elsewhere', (life) => life.does('copyImage', TWIN).recorded(twin(1, { domain: 'hdd' })), /disk\/d2: its record says OK, and its copy on hdd does not hold all that it must hold/],
    ['a new disk whose copy goes when it has been OK', (life) => life.does('copyImage', TWIN).recorded(twin(1, {})).does('deleteImage', { domain: 'ssd', disk: 'd2' }), /disk\/d2: no legal copy holds all of its data, since deleteImage/],
    [
      'a disk that is said to be removed when it has gone already',
      (life) => life.does('deleteImage', { domain: 'hdd', disk: 'd1' }).recorded(record(2, { ...DISK_D1, status: 'ILLEGAL' })),
      /disk\/d1: no legal copy holds all of its data, since deleteImage/,
    ],
    [
      'a disk whose data goes as it is ILLEGAL, by nobody who removes it',
      (life) => life.snapshot().recorded(record(2, { ...withLeaf, status: 'ILLEGAL' })).does('deleteVolume', { domain: 'hdd', disk: 'd1', volume: 'leaf' }),
      /no legal copy holds all of its data, since deleteVolume/,
    ],
    [
      'a VM that is left in the middle of its hibernation',
      (life) => life.recorded({ type: 'entity', key: 'vm/vm1', record: { version: 1, value: { id: 'vm1', host: 'host1', state: 'savingState', disks: ['d1'] } } }).ended(DISK_D1),
      /vm\/vm1: at rest its record is savingState, and no command works on it/,
    ],
    ['a new disk that is OK before its copy is', (life) => life.begins('copyImage', TWIN).recorded(twin(1, {})), /disk\/d2: its record says OK, and its copy on ssd does not hold all that it must hold/],
    ['a new disk that is OK, and of which nothing is there', (life) => life.recorded(twin(1, {})), /disk\/d2: its record says OK, and volume d1-base is not on ssd/],
    [
      'an empty disk that is OK again, and whose volume is another',
      (life) => life.does('createVolume', { ...LEAF, disk: 'd2', parent: null }).recorded(twin(1, { domain: 'hdd', status: 'LOCKED', volumes: [{ id: 'leaf', parent: null, format: 'cow' }] })).recorded(twin(2, { domain: 'hdd' })),
      /disk\/d2: its record says OK, and volume d1-base is not on hdd/,
    ],
    ['a disk that is OK again, where its data is not', (life) => life.recorded(record(2, { ...DISK_D1, status: 'LOCKED' })).recorded(record(3, { ...DISK_D1, domain: 'ssd' })), /disk\/d1: its record says OK, and its copy on ssd does not hold all that it must hold/],
    ['a disk whose record says that it is elsewhere now', (life) => life.recorded(record(2, { ...DISK_D1, domain: 'ssd' })), /disk\/d1: its record says OK, and its copy on ssd does not hold all that it must hold/],
    ['a merged volume that lacks what was in the other', (life) => life.snapshot().mergesWithoutData().recorded(record(2, withLeaf)), /disk\/d1: no legal copy holds all of its data, since mergeSnapshots \(c1\/0\/mergeSnapshots\) on host1/],
    ['a VM that runs, and has no record', (life) => life.recorded({ type: 'entity', key: 'vm/vm1', record: null }).ended(DISK_D1), /vm\/vm1: at rest it runs on host1, and has no record/],
    ['a VM that runs, and its record says otherwise', (life) => life.recorded(vm({ ...VM_VM1, state: 'down' })).ended(DISK_D1), /vm\/vm1: at rest it is up, and its record says down/],
    ['a VM that is down, and its record says otherwise', (life) => {
        life.shutDown();
        life.run.commit(vm(VM_VM1));
        life.ended(DISK_D1);
      }, /vm\/vm1: at rest it is down, and its record says up/],
    [
      'a VM that runs on a disk without record',
      ({ run }) => {
        run.commit({ type: 'entity', key: 'disk/d1', record: null });
        run.rest();
      },
      /disk\/d1: at rest vm1 runs on it, and it has no record/,
    ],
    ['a VM that runs on a disk of another', (life) => life.ended({ ...DISK_D1, vm: 'vm2' }), /disk\/d1: at rest vm1 runs on it, and the record says that vm2 does/],
    ['a VM that runs without an image', (life) => life.does('deleteImage', { domain: 'hdd', disk: 'd1' }).ended(DISK_D1), /disk\/d1: at rest vm1 writes to volume d1-base on hdd, which is not there/],
    ['a new disk of which nothing was ever made', (life) => life.recorded(twin(1, {})).ended(DISK_D1), /disk\/d2: at rest volume d1-base of the record is not on ssd/],
    ['two copies at rest', (life) => life.pivoted().ended({ ...withLeaf, domain: 'ssd' }), /at rest its image on hdd is an orphan: the record says ssd/],
    ['a record that says the old place', (life) => life.pivoted().does('deleteImage', { domain: 'hdd', disk: 'd1' }).ended(withLeaf), /at rest it should have one copy, on hdd, and has copies on ssd/],
    ['a VM that runs elsewhere', (life) => life.pivoted().ended(withLeaf), /at rest vm1 runs on its copy on ssd, and the record says hdd/],
    ['a replication that goes on', (life) => life.copied().ended(withLeaf), /at rest it is still being replicated to ssd/],
    ['a volume that no record has', (life) => life.does('createVolume', LEAF).ended(DISK_D1), /at rest volume leaf on hdd is an orphan/],
    ['a volume that only the record has', (life) => life.ended(withLeaf), /at rest volume leaf of the record is not on hdd/],
    ['a disk that is left locked', (life) => life.ended({ ...DISK_D1, status: 'LOCKED' }), /at rest its record is LOCKED, and no command works on it/],
    ['an image of a disk that does not exist', (life) => life.does('createVolume', { ...LEAF, disk: 'd9', parent: null }).ended(DISK_D1), /disk\/d9: at rest its image on hdd is an orphan: the record does not exist/],
  ];

  it.each(unlawful)('%s', (_, happen, message) => {
    const life = new Disks();
    happen(life);
    expect(life.run.broken).toContainEqual(expect.stringMatching(message));
  });

  it('tells once that data is lost', () => {
    const life = new Disks().does('deleteImage', { domain: 'hdd', disk: 'd1' }).does('createVolume', { ...LEAF, parent: null });
    expect(life.run.broken).toHaveLength(1);
    expect(life.run.storage.tasks(POOL)).toEqual([]);
  });
});
