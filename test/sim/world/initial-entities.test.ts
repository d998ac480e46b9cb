import { describe, expect, test } from 'vitest';
import { furnish, initialEntities, mount } from '../../../sim/world/initial-entities.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import { chainOf } from '../../../sim/world/images.js';
import { read } from '../scenario/reading.js';

const SCENARIO = read(`
domains: [{ id: hdd }]
vms: [{ id: up, host: host2 }, { id: down, host: host3, state: down }]
disks:
  - { id: d1, vm: up, domain: hdd, size: 1 GiB }
  - { id: d2, vm: down, domain: hdd, size: 1 GiB, snapshots: [s1, s2] }
  - { id: d3, domain: hdd, size: 1 GiB }
templates: [{ id: t1, disks: [{ id: t1d, domain: hdd, size: 1 GiB }] }]
images: [{ id: fedora, repository: glance, size: 2 GiB }]
`);

describe('what a scenario begins with', () => {
  test('is in the engine’s records: VMs in their states, chains with their snapshots, and disks of nobody', () => {
    const records = Object.fromEntries(initialEntities(SCENARIO).map(({ key, value }) => [key, value]));
    expect(records).toMatchObject({
      'vm/up': { state: 'up', disks: ['d1'] },
      'vm/down': { host: 'host3', state: 'down', disks: ['d2'] },
      'disk/d1': { vm: 'up', volumes: [{ id: 'd1-base', parent: null, format: 'raw' }], status: 'OK' },
      'disk/d3': { vm: null },
      'template/t1': { id: 't1', disks: ['t1d'] },
      'disk/t1d': { vm: null, use: 'template', status: 'OK' },
      'repoImage/glance/fedora': { id: 'fedora', repository: 'glance', size: 2 * 2 ** 30 },
      'snapshot/s1': { id: 's1', vm: 'down', status: 'OK' },
      'snapshot/s2': { id: 's2', vm: 'down', status: 'OK' },
    });
    expect(records['disk/d2']).toHaveProperty('volumes', [
      { id: 'd2-base', parent: null, format: 'raw', snapshot: 's1' },
      { id: 'd2-s1', parent: 'd2-base', format: 'cow', snapshot: 's2' },
      { id: 'd2-s2', parent: 'd2-s1', format: 'cow' },
    ]);
  });

  test('is on storage: each layer with content of its own, and only running VMs have disks in use', () => {
    const storage = new SharedStorage(VERBS);
    mount(storage, SCENARIO);
    furnish(storage, SCENARIO);
    const { images, vmDisks } = storage.content;
    const image = images.find('hdd', 'd2');
    expect(image === undefined ? [] : chainOf(image)?.map(({ id, data }) => [id, data])).toEqual([
      ['d2-s2', ['layer:d2#2']],
      ['d2-s1', ['layer:d2#1']],
      ['d2-base', ['base:d2']],
    ]);
    expect(['d1', 'd2', 'd3', 't1d'].map((disk) => storage.legalCopies(disk))).toEqual([['hdd'], ['hdd'], ['hdd'], ['hdd']]);
    expect(storage.content.repositories.find('glance', 'fedora')).toEqual({ sizeBytes: 2 * 2 ** 30, data: ['image:glance/fedora'] });
    expect([vmDisks.findDisk('up', 'd1')?.volume, vmDisks.find('down')]).toMatchObject(['d1-base', { desired: 'down', disks: new Map() }]);
  });
});
