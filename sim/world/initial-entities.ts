import { entityKey, type EntityKey } from '../../src/model/entity.js';
import type { Data } from '../../src/model/data.js';
import { Disk, Pool, RepoImage, repoImageId, Snapshot, Template, Vm } from '../../src/commands/entities.js';
import type { DiskRecord, PoolRecord, RepoImageRecord, SnapshotRecord, TemplateRecord, VmRecord, VolumeRecord } from '../../src/commands/entities.js';
import type { Scenario } from '../scenario/schema.js';
import type { SharedStorage } from './shared-storage.js';

/** Of a disk in a scenario. */
interface Layers {
  readonly id: string;
  readonly snapshots: readonly string[];
}

/** A disk's volumes, the base first: one for each snapshot, named after the one that it came after, and the active one. */
function volumesOf({ id, snapshots }: Layers): readonly VolumeRecord[] {
  const ids = ['base', ...snapshots].map((name) => `${id}-${name}`);
  return ids.map((volume, i) => {
    const snapshot = snapshots[i];
    return { id: volume, parent: ids[i - 1] ?? null, format: i === 0 ? 'raw' : 'cow', ...(snapshot === undefined ? {} : { snapshot }) };
  });
}

/** A template's disk. */
function onlyBase(id: string): readonly VolumeRecord[] {
  return volumesOf({ id, snapshots: [] });
}

/** The storage domains of a scenario, and the images outside, which are the same for ever. */
export function mount(storage: SharedStorage, { domains, images }: Scenario): void {
  for (const { id, pool } of domains) storage.addDomain(id, pool);
  for (const { id, repository, size } of images) storage.addRepoImage(repository, id, size);
}

/** What a scenario has on its domains before anything happens. */
export function furnish(storage: SharedStorage, { vms, disks, templates }: Scenario): void {
  for (const { id, host, state } of vms) storage.addVm(id, host, state);
  for (const disk of disks) {
    const vm = vms.find(({ id, state }) => id === disk.vm && state === 'up')?.id ?? null;
    storage.addDisk({ disk: disk.id, vm, domain: disk.domain, volumes: volumesOf(disk), sizeBytes: disk.size });
  }
  for (const { id, domain, size } of templates.flatMap((template) => template.disks)) {
    storage.addDisk({ disk: id, vm: null, domain, volumes: onlyBase(id), sizeBytes: size });
  }
}

/** What the engine knows of it then. */
export function initialEntities({ pools, hosts, vms, disks, templates, images }: Scenario): { readonly key: EntityKey; readonly value: Data }[] {
  return [
    ...pools.map(({ id }) => {
      const record: PoolRecord = { id, hosts: hosts.filter(({ pool }) => pool === id).map((host) => host.id) };
      return { key: entityKey(Pool, id), value: record };
    }),
    ...disks.map((disk) => {
      const { id, vm = null, domain, size } = disk;
      const record: DiskRecord = { id, vm, domain, volumes: volumesOf(disk), size, status: 'OK' };
      return { key: entityKey(Disk, id), value: record };
    }),
    ...snapshotsOf(disks).map((record) => ({ key: entityKey(Snapshot, record.id), value: record })),
    ...vms.map(({ id, host, state }) => {
      const record: VmRecord = { id, host, state, disks: disks.filter((disk) => disk.vm === id).map((disk) => disk.id) };
      return { key: entityKey(Vm, id), value: record };
    }),
    ...templates.flatMap((template) => template.disks).map(({ id, domain, size }) => {
      const record: DiskRecord = { id, vm: null, domain, volumes: onlyBase(id), size, status: 'OK', use: 'template' };
      return { key: entityKey(Disk, id), value: record };
    }),
    ...templates.map(({ id, disks: ofTemplate }) => {
      const record: TemplateRecord = { id, disks: ofTemplate.map((disk) => disk.id) };
      return { key: entityKey(Template, id), value: record };
    }),
    ...images.map(({ id, repository, size }) => {
      const record: RepoImageRecord = { id, repository, size };
      return { key: entityKey(RepoImage, repoImageId(repository, id)), value: record };
    }),
  ];
}

function snapshotsOf(disks: Scenario['disks']): readonly SnapshotRecord[] {
  const records = disks.flatMap(({ vm, snapshots }) => (vm === undefined ? [] : snapshots.map((id): SnapshotRecord => ({ id, vm, status: 'OK' }))));
  return [...new Map(records.map((record) => [record.id, record])).values()];
}
