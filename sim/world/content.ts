import { holds, joinData, type Images } from './images.js';
import type { Ledger } from './ledger.js';
import type { Repositories } from './repositories.js';
import type { VmDisks } from './vm-disks.js';

/** What verbs read and change. */
export interface Content {
  readonly images: Images;
  readonly repositories: Repositories;
  readonly vmDisks: VmDisks;
  readonly ledger: Ledger;
}

/**
 * The guest writes something new to a disk. Whenever the place that its writes go to changes, so that a copy that they no longer reach is no
 * longer a copy of the disk. They reach the active volume and, during a replication, its mirror.
 */
export function guestWrites({ images, vmDisks }: Content, vm: string, disk: string): void {
  const state = vmDisks.findDisk(vm, disk);
  if (state === undefined) return;
  const token = `run:${disk}#${vmDisks.dataOf(disk).length}`;
  vmDisks.wrote(disk, token);
  for (const domain of [state.domain, state.replication].filter((name) => name !== null)) {
    const volume = images.find(domain, disk)?.volumes.get(state.volume);
    if (volume !== undefined) images.putVolume(domain, disk, { ...volume, data: joinData(volume.data, [token]) });
  }
}

/** The domains that hold a complete legal chain with all of the disk's data; none if that data is lost. */
export function legalCopies({ images, vmDisks }: Content, disk: string): readonly string[] {
  const data = vmDisks.dataOf(disk);
  return images.domains.filter((domain) => {
    const image = images.find(domain, disk);
    return data.length > 0 && image !== undefined && holds(image, data);
  });
}
