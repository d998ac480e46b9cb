import { entityKey, type EntityKey } from '../../src/model/entity.js';
import type { Data } from '../../src/model/data.js';
import { Disk, Vm, type DiskRecord, type VmRecord } from '../../src/commands/entities.js';
import type { Scenario } from '../scenario/schema.js';
import type { SharedStorage } from './shared-storage.js';

/** The id of a disk's base volume. */
function baseVolume(disk: string): string {
  return `${disk}-base`;
}

/** The storage domains of a scenario, which are the same for ever. */
export function mount(storage: SharedStorage, { domains }: Scenario): void {
  for (const { id } of domains) storage.addDomain(id);
}

/** What a scenario has on its domains before anything happens. */
export function furnish(storage: SharedStorage, { vms, disks }: Scenario): void {
  for (const { id, host } of vms) storage.addVm(id, host);
  for (const { id, vm, domain, size } of disks) storage.addDisk({ disk: id, vm, domain, volume: baseVolume(id), sizeBytes: size });
}

/** What the engine knows of it then. */
export function initialEntities({ vms, disks }: Scenario): { readonly key: EntityKey; readonly value: Data }[] {
  return [
    ...disks.map(({ id, vm, domain, size }) => {
      const record: DiskRecord = { id, vm, domain, volumes: [{ id: baseVolume(id), parent: null, format: 'raw' }], size, status: 'OK' };
      return { key: entityKey(Disk, id), value: record };
    }),
    ...vms.map(({ id, host }) => {
      const record: VmRecord = { id, host, disks: disks.filter((disk) => disk.vm === id).map((disk) => disk.id) };
      return { key: entityKey(Vm, id), value: record };
    }),
  ];
}
