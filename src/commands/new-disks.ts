import type { EntityView } from '../model/entity.js';
import type { StepFailure } from '../model/handler.js';
import type { TaskRequest } from '../model/task.js';
import { deleteImage } from './delete-image.js';
import { activeVolume, Disk, type DiskRecord } from './entities.js';

/** A disk that a command makes. Its id is the command's own, so whatever goes by it on storage is too. */
export type NewDisk = Pick<DiskRecord, 'id' | 'domain' | 'volumes' | 'size'>;

/** One of a single, empty volume. @param size bytes */
export function emptyDisk(id: string, volume: string, domain: string, size: number): NewDisk {
  return { id, domain, volumes: [{ id: volume, parent: null, format: 'raw' }], size };
}

/** Makes it. */
export function createVolumeOf(pool: string, disk: NewDisk): TaskRequest {
  const { id, domain, size } = disk;
  return { verb: 'createVolume', args: { domain, disk: id, volume: activeVolume(disk), parent: null, format: 'raw', sizeBytes: size }, pool, entity: `disk/${id}` };
}

/** Records disks that are about to be made. */
export function recordNewDisks(entities: EntityView, disks: readonly NewDisk[], more: Pick<DiskRecord, 'vm' | 'use'>): void {
  for (const disk of disks) entities.put(Disk, disk.id, { ...disk, status: 'LOCKED', ...more });
}

/** Those of a failed step's disks, one for each of its tasks, that may be on storage. */
export function mayExist(disks: readonly NewDisk[], { work }: StepFailure): readonly NewDisk[] {
  return disks.filter((_, i) => {
    const kind = work[i]?.outcome.kind;
    return kind !== undefined && kind !== 'refused' && kind !== 'notSent';
  });
}

/**
 * Gives up disks that were made, or begun. Until their images are gone, their records say that they are of no use; those that are not on storage need none
 * any more.
 * @returns the revert tasks, after which {@link forgetNewDisks} is to be called
 */
export function giveUpNewDisks(entities: EntityView, pool: string, disks: readonly NewDisk[], onStorage: readonly NewDisk[]): readonly TaskRequest[] {
  forgetNewDisks(entities, disks.filter((disk) => !onStorage.includes(disk)));
  for (const { id } of onStorage) entities.update(Disk, id, (disk) => ({ ...disk, status: 'ILLEGAL' as const }));
  return onStorage.map(({ id, domain }) => deleteImage({ pool, domain, disk: id }));
}

export function forgetNewDisks(entities: EntityView, disks: readonly NewDisk[]): void {
  for (const { id } of disks) entities.remove(Disk, id);
}
