import type { EntityView } from '../model/entity.js';
import { Disk, Pool, Vm, type DiskRecord } from './entities.js';

/**
 * The record of a disk that no guest can write to, and no other command works on.
 * @throws Error one does, or may
 */
export function coldDisk(entities: EntityView, id: string): DiskRecord {
  const disk = entities.get(Disk, id);
  if (disk.status !== 'OK') throw new Error(`disk ${id} is ${disk.status}`);
  refuseIfInUse(entities, disk);
  return disk;
}

/** @throws Error a VM that is not down has it, or templates are made of it */
export function refuseIfInUse(entities: EntityView, { id, vm, use }: DiskRecord): void {
  if (use !== undefined) throw new Error(`disk ${id} is a ${use} disk`);
  if (vm !== null && entities.get(Vm, vm).state !== 'down') throw new Error(`disk ${id} is of VM ${vm}, which is not down`);
}

/**
 * Whom to ask what is on storage: the host that the disk's VM ran on last, if there is one, and with each further attempt another host of the pool. All see the same, and
 * the one before may be down.
 * @param attempt of the callback that asks, from 1
 */
export function hostToAsk(entities: EntityView, pool: string, { vm }: Pick<DiskRecord, 'vm'>, attempt: number): string {
  const { hosts } = entities.get(Pool, pool);
  const first = vm === null ? 0 : Math.max(0, hosts.indexOf(entities.get(Vm, vm).host));
  const host = hosts[(first + attempt - 1) % hosts.length];
  if (host === undefined) throw new Error(`pool ${pool} has no hosts`);
  return host;
}
