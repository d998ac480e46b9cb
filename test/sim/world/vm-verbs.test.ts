import { beforeEach, describe, expect, it } from 'vitest';
import { AWorld } from './a-world.js';

let world: AWorld;

beforeEach(() => {
  world = new AWorld();
});

const state = (host = 'host1'): unknown => {
  const answer = world.storage.read('getVm', { vm: 'vm1' }, host);
  return answer.ok ? answer.result : answer.code;
};
const MEMORY = { domain: 'domain2', disk: 'm', volume: 'mv' };
const METADATA = { domain: 'domain2', disk: 'n', volume: 'nv' };
const DISKS = [{ domain: 'domain1', disk: 'disk1', volume: 'base' }];

function hibernate(host?: string): number {
  return world.run('hibernate', { vm: 'vm1', memory: MEMORY, metadata: METADATA }, 'c1', host);
}

function withVolumes(): void {
  for (const { domain, disk, volume } of [MEMORY, METADATA]) world.createVolume(volume, null, domain, disk);
}

describe('hibernate', () => {
  it('saves what the VM has in memory, and stops it', () => {
    withVolumes();
    expect([state(), hibernate(), state()]).toEqual([{ state: 'up' }, 0, { state: 'suspended' }]);
    expect([world.storage.legalCopies('m'), world.storage.legalCopies('n'), world.copies]).toEqual([['domain2'], ['domain2'], ['domain1']]);
    expect(world.active).toBe(1);
    expect(world.open()).toEqual(expect.arrayContaining(['+content:domain2/m', '+content:domain2/n', '+suspended:vm1']));
  });

  it.each<[what: string, prepare: () => unknown, host: string | undefined, code: number]>([
    ['there is nowhere to save it', () => undefined, undefined, 201],
    ['it runs on another host', () => withVolumes(), 'host2', 1],
    ['it is suspended already', () => [withVolumes(), hibernate()], undefined, 1],
    ['a disk is being replicated', () => [withVolumes(), world.createVolume('leaf', 'base'), world.snapshot('leaf'), world.clone(), world.replicate()], undefined, 100],
  ])('changes nothing when %s', (_, prepare, host, code) => {
    prepare();
    const before = world.storage.toData();
    expect([hibernate(host), world.storage.toData()]).toEqual([code, before]);
  });
});

describe('createVm', () => {
  const create = (memory: readonly object[], host = 'host1'): number => world.run('createVm', { vm: 'vm1', disks: DISKS, memory: memory as never }, 'c2', host);

  it('lets a suspended VM go on from its memory, on any host; the guest writes again', () => {
    withVolumes();
    hibernate();
    const before = world.storage.content.vmDisks.dataOf('disk1').length;
    expect([create([MEMORY, METADATA], 'host2'), state('host2'), state('host1')]).toEqual([0, { state: 'up' }, { state: 'down' }]);
    expect([world.storage.content.vmDisks.dataOf('disk1').length, world.copies, world.open('c2')]).toEqual([before + 1, ['domain1'], ['-suspended:vm1']]);
  });

  it.each<[what: string, prepare: () => unknown, memory: readonly object[], code: number]>([
    ['it runs', () => undefined, [], 4],
    ['it is suspended, and its memory is not named', () => [withVolumes(), hibernate()], [], 100],
    ['its memory is gone', () => [withVolumes(), hibernate(), world.run('deleteImage', { domain: 'domain2', disk: 'm' })], [MEMORY, METADATA], 13],
    ['its disk is gone', () => [withVolumes(), hibernate(), world.deleteImage('domain1')], [MEMORY, METADATA], 13],
  ])('changes nothing when %s', (_, prepare, memory, code) => {
    prepare();
    const before = world.storage.toData();
    expect([create(memory), world.storage.toData()]).toEqual([code, before]);
  });
});

describe('downloadImage', () => {
  const download = (image = 'fedora'): number => world.run('downloadImage', { repository: 'glance', image, domain: 'domain1', disk: 'new', volume: 'v' });

  beforeEach(() => {
    world.storage.addRepoImage('glance', 'fedora', 10);
  });

  it('fills an empty disk with what the repository has', () => {
    world.createVolume('v', null, 'domain1', 'new');
    expect([download(), world.storage.legalCopies('new'), world.storage.content.vmDisks.dataOf('new')]).toEqual([0, ['domain1'], ['image:glance/fedora']]);
    expect(world.open()).toContain('+content:domain1/new');
  });

  it('fails when there is nothing to download, nowhere to put it, or something there already', () => {
    expect(download()).toBe(201);
    world.createVolume('v', null, 'domain1', 'new');
    expect([download('debian'), download(), download()]).toEqual([100, 0, 100]);
  });

  it('has something there from its start, which is in the way of another, and goes with the image', () => {
    world.createVolume('v', null, 'domain1', 'new');
    const begun = world.work('downloadImage', { repository: 'glance', image: 'fedora', domain: 'domain1', disk: 'new', volume: 'v' });
    expect(world.storage.perform(begun, 'begin')).toMatchObject({ ok: true, recoveries: [] });
    expect([world.open(), world.storage.legalCopies('new')]).toEqual([expect.arrayContaining(['+content:domain1/new']), []]);
    expect(download()).toBe(100);
    expect([world.run('deleteImage', { domain: 'domain1', disk: 'new' }), world.open()]).toEqual([0, []]);
    expect(world.storage.perform(begun, 'end')).toMatchObject({ ok: false, code: 201 });
  });
});
