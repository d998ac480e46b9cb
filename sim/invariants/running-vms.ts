import { z } from 'zod';
import { Vm as VmKind } from '../../src/commands/entities.js';
import { entityKey, type EntityKey, type EntityRecord } from '../../src/model/entity.js';
import { runningObject } from '../world/verbs/objects.js';
import type { Vm, VmDisk } from '../world/vm-disks.js';
import { diskKey, diskRecord } from './disk-entity.js';
import type { Scene } from './invariant.js';

/** As much of a VM's record as is held against what runs; the user's own flows may keep more, or something else, in theirs. */
const settled = z.looseObject({ state: z.enum(['up', 'down', 'suspended']) });

/** The key of a VM's record. */
export function vmKey(vm: string): EntityKey {
  return entityKey(VmKind, vm);
}

/** The VM that somebody has started or suspended who has an effect on this object; null: none. */
export function vmOf(object: string): string | null {
  const [kind, vm = ''] = object.split(':');
  return kind === 'running' || kind === 'suspended' ? vm : null;
}

/** Something wrong, and with whose record. */
export interface VmFlaw {
  readonly where: EntityKey;
  readonly detail: string;
}

/**
 * What is wrong at rest with what runs: a VM needs a record, which says so; and what it has in use a record and a volume to write to, on the same domain.
 * @param left objects that rollbacks have declared to leave. @param isInHand what somebody still works on, and so is not judged
 */
export function vmFlaws(scene: Scene, left: ReadonlySet<string>, isInHand: (key: EntityKey) => boolean): readonly VmFlaw[] {
  return [...scene.storage.content.vmDisks.all()].flatMap((vm) => [
    ...(isInHand(vmKey(vm.id)) || left.has(runningObject(vm.id)) ? [] : recordFlaws(vm, scene.mirror.entities.get(vmKey(vm.id)))),
    ...[...vm.disks].flatMap(([disk, use]) => (isInHand(diskKey(disk)) ? [] : diskFlaws(scene, vm, disk, use))),
  ]);
}

function recordFlaws({ id, desired, host }: Vm, record: EntityRecord | undefined): readonly VmFlaw[] {
  const where = vmKey(id);
  if (record === undefined) return desired === 'up' ? [{ where, detail: `at rest it runs on ${host}, and has no record` }] : [];
  const { data } = settled.safeParse(record.value);
  return data === undefined || data.state === desired ? [] : [{ where, detail: `at rest it is ${desired}, and its record says ${data.state}` }];
}

function diskFlaws({ storage, mirror }: Scene, vm: Vm, disk: string, { domain, volume, replication }: VmDisk): readonly VmFlaw[] {
  const where = diskKey(disk);
  const record = diskRecord(mirror.entities.get(where));
  const details: string[] = [];
  if (record === undefined) details.push(`${vm.id} runs on it, and it has no record`);
  else {
    const active = record.volumes.at(-1)?.id ?? 'none';
    if (record.vm !== vm.id) details.push(`${vm.id} runs on it, and the record says that ${record.vm ?? 'no VM'} does`);
    if (domain !== record.domain) details.push(`${vm.id} runs on its copy on ${domain}, and the record says ${record.domain}`);
    if (volume !== active) details.push(`${vm.id} writes to volume ${volume}, and the record says ${active}`);
  }
  if (storage.content.images.find(domain, disk)?.volumes.has(volume) !== true) details.push(`${vm.id} writes to volume ${volume} on ${domain}, which is not there`);
  if (replication !== null) details.push(`it is still being replicated to ${replication}`);
  return details.map((detail) => ({ where, detail: `at rest ${detail}` }));
}
