import { describe, expect, it } from 'vitest';
import type { StoredTask } from '../../../actors/storage-port.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import { AWorld, codeOf, GIB } from './a-world.js';
import { performWhole } from './whole-verb.js';

const CREATED = 'create volume: remove the volume';

const TASK: StoredTask = {
  id: 't1',
  verb: 'createVolume',
  args: {},
  step: { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 },
  state: 'queued',
  stopRequested: false,
  recoveries: [],
};

/** As soon as the lease of whoever has it has expired, for 140 µs. */
function take(storage: SharedStorage, host: string, incarnation: number): void {
  storage.takeLease('pool1', { host, incarnation }, storage.lease('pool1').expiresAt, 140);
}

function withSpm(): { readonly world: AWorld; readonly hold: { readonly pool: string; readonly generation: number } } {
  const world = new AWorld();
  take(world.storage, 'host1', 1);
  return { world, hold: { pool: 'pool1', generation: world.storage.lease('pool1').generation } };
}

describe('the SPM lease', () => {
  it('grows by one in generation and version with each take-over', () => {
    const { storage } = new AWorld();
    expect(storage.lease('pool1')).toEqual({ owner: null, ownerIncarnation: 0, generation: 0, version: -1, expiresAt: 0 });
    take(storage, 'host1', 1);
    take(storage, 'host2', 4);
    expect(storage.lease('pool1')).toEqual({ owner: 'host2', ownerIncarnation: 4, generation: 2, version: 1, expiresAt: 280 });
    expect(storage.lease('pool2').owner).toBeNull();
  });

  it('that is over lets nothing be written', () => {
    const { world, hold } = withSpm();
    const work = { ...world.work('createVolume', { domain: 'domain1', disk: 'd', volume: 'v', parent: null, format: 'raw', sizeBytes: GIB }), hold };
    expect(codeOf(performWhole(world.storage, work))).toBe(0);
    take(world.storage, 'host2', 1);
    const before = world.storage.toData();
    expect(world.storage.saveTask(hold, TASK)).toBe(false);
    expect(world.storage.clearTask(hold, 't1')).toBe(false);
    expect(world.storage.recover(work, [CREATED], false)).toBe('leaseLost');
    expect(world.storage.refuseTask(hold, 't1', { code: 397, message: '' })).toBe(false);
    expect(world.storage.admit(hold, { incarnation: 9, commitSeq: 1, fence: null })).toBe('leaseLost');
    expect(codeOf(performWhole(world.storage, { ...work, key: 'other' }))).toBe(100);
    expect(world.storage.toData()).toEqual(before);
  });
});

describe('the task table', () => {
  it('keeps the order of acceptance over changes, and forgets and fences what is cleared', () => {
    const { world, hold } = withSpm();
    world.storage.saveTask(hold, TASK);
    world.storage.saveTask(hold, { ...TASK, id: 't2' });
    world.storage.saveTask(hold, { ...TASK, state: 'running' });
    expect(world.storage.tasks('pool1').map(({ id, state }) => [id, state])).toEqual([['t1', 'running'], ['t2', 'queued']]);
    world.storage.clearTask(hold, 't1');
    expect(world.storage.tasks('pool1').map(({ id }) => id)).toEqual(['t2']);
    const fenced = (pool: string, id: string): boolean => world.storage.fenceOf(pool, id) !== null;
    expect([fenced('pool1', 't1'), fenced('pool1', 't2'), fenced('pool2', 't1')]).toEqual([true, false, false]);
  });
});

describe('a roll-back on the host', () => {
  const clone = { disk: 'disk1', source: 'domain1', target: 'domain2' };

  it('takes back what was registered, and what is gone already is no failure', () => {
    const world = new AWorld();
    const work = world.work('cloneImageStructure', clone);
    const result = performWhole(world.storage, work);
    if (!result.ok) throw new Error(result.message);
    expect(world.storage.recover(work, result.recoveries, false)).toBe('clean');
    expect([world.deleteImage('domain2'), world.open()]).toEqual([268, []]);
    expect(world.storage.recover(work, result.recoveries, false)).toBe('clean');
  });

  it('of an execution that failed has nothing to take back: the first volume stays', () => {
    const world = new AWorld();
    world.clone();
    const second = performWhole(world.storage, world.work('cloneImageStructure', clone));
    expect(second).toMatchObject({ ok: false, code: 212 });
    expect(world.storage.content.images.find('domain2', 'disk1')).toBeDefined();
  });

  it('that fails stops there: what was registered before is not run', () => {
    const world = new AWorld();
    const work = world.work('createVolume', { domain: 'domain1', disk: 'd', volume: 'v', parent: null, format: 'raw', sizeBytes: GIB });
    performWhole(world.storage, work);
    expect(world.storage.recover(work, [CREATED, 'no such recovery'], false)).toBe('dirty');
    expect(world.storage.recover(work, [CREATED], true)).toBe('dirty');
    expect(world.storage.content.images.find('domain1', 'd')).toBeDefined();
    expect(world.storage.recover(work, ['no such recovery', CREATED], false)).toBe('dirty');
    expect(world.storage.content.images.find('domain1', 'd')).toBeUndefined();
  });

  it('is all there is for a task whose verb registers nothing: what it did stays', () => {
    const world = new AWorld();
    expect(performWhole(world.storage, world.work('deleteImage', { domain: 'domain1', disk: 'disk1' }))).toMatchObject({ ok: true, recoveries: [] });
    expect(world.copies).toEqual([]);
    expect(world.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'end']);
  });
});

describe('legal copies', () => {
  it('are those that are complete; an unknown disk has none', () => {
    const world = new AWorld();
    expect(world.copies).toEqual(['domain1']);
    world.clone();
    expect(world.copies).toEqual(['domain1']);
    expect(world.storage.legalCopies('disk9')).toEqual([]);
  });

  it('are not those with an illegal volume, or whose chain is broken', () => {
    const world = new AWorld();
    const { images } = world.storage.content;
    const volume = images.find('domain1', 'disk1')?.volumes.get('base');
    if (volume === undefined) throw new Error('the world has no base volume');
    for (const changed of [{ ...volume, legal: false }, { ...volume, parent: 'nowhere' }, { ...volume, parent: 'base' }]) {
      images.putVolume('domain1', 'disk1', changed);
      expect(world.copies).toEqual([]);
      images.putVolume('domain1', 'disk1', volume);
      expect(world.copies).toEqual(['domain1']);
    }
  });
});

describe('setting a world up', () => {
  it.each([
    ['an unknown VM', { vm: 'vm9' }, /vm9/],
    ['an unknown domain', { domain: 'domain9' }, /domain9/],
    ['a disk that is there', { disk: 'disk1' }, /disk1/],
  ])('is refused for %s', (_what, change, message) => {
    const { storage } = new AWorld();
    const before = storage.toData();
    const add = (): void => storage.addDisk({ disk: 'disk2', vm: 'vm1', domain: 'domain1', volumes: [{ id: 'base2', parent: null, format: 'raw' }], sizeBytes: GIB, ...change });
    expect(add).toThrow(expect.objectContaining({ code: 'BAD_SCENARIO', message: expect.stringMatching(message) as string }));
    expect(storage.toData()).toEqual(before);
  });

  it('gives equal data for equal states, whatever the order of building', () => {
    const build = (domains: readonly string[], vms: readonly string[]): string => {
      const storage = new SharedStorage(VERBS);
      for (const domain of domains) storage.addDomain(domain);
      for (const vm of vms) storage.addVm(vm, 'host1');
      storage.addDisk({ disk: 'disk1', vm: 'vm1', domain: 'a', volumes: [{ id: 'base', parent: null, format: 'raw' }], sizeBytes: GIB });
      return JSON.stringify(storage.toData());
    };
    expect(build(['a', 'b'], ['vm1', 'vm2'])).toBe(build(['b', 'a'], ['vm2', 'vm1']));
    expect(build(['a', 'b'], ['vm1'])).not.toBe(build(['a', 'c'], ['vm1']));
  });
});
