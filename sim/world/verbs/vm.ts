import { z } from 'zod';
import { guestWrites, legalCopies } from '../content.js';
import { joinData } from '../images.js';
import type { Vm } from '../vm-disks.js';
import { minus, pivotObject, plus, replicationObject, snapshotObject } from './objects.js';
import { defineVerb, failed, idArg, succeeded } from './verb.js';

const vmDiskArgs = z.strictObject({ vm: idArg, disk: idArg });
const replicationArgs = vmDiskArgs.extend({ target: idArg });

/** A host knows only the VMs that run on it. */
export function runsOn(vm: Vm | undefined, host: string): vm is Vm {
  return vm?.desired === 'up' && vm.host === host;
}

/**
 * The guest's writes go to new leaves, which must exist, from now on: for all the disks or for none. A disk that is there already is passed over,
 * so a repetition changes nothing.
 */
export const snapshot = defineVerb({
  name: 'snapshot',
  kind: 'hsm',
  args: z.strictObject({ vm: idArg, snapshot: idArg, disks: z.array(z.strictObject({ disk: idArg, volume: idArg })).min(1) }),
  latency: { kind: 'lognormal', median: 1_000_000, p95: 4_000_000 },
  run: (content, { vm: id, snapshot: snapshotId, disks }, host) => {
    const { images, vmDisks } = content;
    const vm = vmDisks.find(id);
    if (!runsOn(vm, host)) return failed('noSuchVm', `${id} on ${host}`);
    for (const { disk, volume } of disks) {
      const active = vm.disks.get(disk);
      if (active === undefined) return failed('driveNotFound', `${id}/${disk}`);
      if (active.volume === volume) continue;
      if (active.replication !== null) return failed('snapshotFailed', `${id}/${disk} is being replicated`);
      if (images.find(active.domain, disk)?.volumes.get(volume)?.parent !== active.volume) {
        return failed('snapshotFailed', `${active.domain}/${disk}/${volume} is no layer upon ${active.volume}`);
      }
    }
    const moved = disks.filter(({ disk, volume }) => vm.disks.get(disk)?.volume !== volume);
    for (const { disk, volume } of moved) {
      const active = vmDisks.findDisk(id, disk);
      if (active === undefined) continue;
      vmDisks.putDisk(id, disk, { ...active, volume });
      guestWrites(content, id, disk);
    }
    return succeeded(moved.length === 0 ? [] : [plus('snapshot', snapshotObject(id, snapshotId))]);
  },
});

/** Copies what is written in the active volume to the same volume on the target domain, and mirrors the guest's writes there from now on. */
export const diskReplicateStart = defineVerb({
  name: 'diskReplicateStart',
  kind: 'hsm',
  args: replicationArgs,
  latency: { kind: 'lognormal', median: 1_000_000, p95: 4_000_000 },
  run: (content, { vm: id, disk, target }, host) => {
    const { images, vmDisks } = content;
    const vm = vmDisks.find(id);
    if (!runsOn(vm, host)) return failed('noSuchVm', `${id} on ${host}`);
    const active = vm.disks.get(disk);
    const from = active === undefined ? undefined : images.find(active.domain, disk)?.volumes.get(active.volume);
    if (active === undefined || from === undefined) return failed('driveNotFound', `${id}/${disk}`);
    const to = images.find(target, disk)?.volumes.get(active.volume);
    if (active.replication !== null) return failed('replicationError', `${id}/${disk} is being replicated already`);
    if (to === undefined || target === active.domain) return failed('replicationError', `no volume ${target}/${disk}/${active.volume} to replicate to`);
    images.putVolume(target, disk, { ...to, data: joinData(to.data, from.data) });
    vmDisks.putDisk(id, disk, { ...active, replication: target });
    guestWrites(content, id, disk);
    return succeeded([plus('diskReplicateStart', replicationObject(id, disk))]);
  },
});

/**
 * Ends a replication. To the domain that is replicated to: the guest goes on there, the pivot. To the domain that it runs on: the replication is
 * cancelled, and the mirror is left behind as it is.
 */
export const diskReplicateFinish = defineVerb({
  name: 'diskReplicateFinish',
  kind: 'hsm',
  args: replicationArgs,
  latency: { kind: 'lognormal', median: 1_000_000, p95: 5_000_000 },
  run: (content, { vm: id, disk, target }, host) => {
    const { vmDisks } = content;
    const vm = vmDisks.find(id);
    if (!runsOn(vm, host)) return failed('noSuchVm', `${id} on ${host}`);
    const active = vm.disks.get(disk);
    if (active === undefined) return failed('driveNotFound', `${id}/${disk}`);
    if (active.replication === null) return failed('replicationError', `${id}/${disk} is not being replicated`);
    const ended = minus('diskReplicateFinish', replicationObject(id, disk));
    if (target === active.domain) {
      vmDisks.putDisk(id, disk, { ...active, replication: null });
      guestWrites(content, id, disk);
      return succeeded([ended]);
    }
    if (target !== active.replication) return failed('replicationError', `${id}/${disk} is being replicated to ${active.replication}`);
    if (!legalCopies(content, disk).includes(target)) return failed('notConverged', `${target}/${disk} does not hold all of the disk yet`);
    vmDisks.putDisk(id, disk, { ...active, domain: target, replication: null });
    guestWrites(content, id, disk);
    return succeeded([ended, plus('diskReplicateFinish', pivotObject(id, disk))]);
  },
});

/** Where a VM's disk is: `{ domain, volume, replication }`, the last one null unless writes are being mirrored to that domain. */
export const getVmDisk = defineVerb({
  name: 'getVmDisk',
  kind: 'read',
  args: vmDiskArgs,
  latency: { kind: 'lognormal', median: 30_000, p95: 300_000 },
  run: ({ vmDisks }, { vm: id, disk }, host) => {
    const vm = vmDisks.find(id);
    if (!runsOn(vm, host)) return failed('noSuchVm', `${id} on ${host}`);
    const active = vm.disks.get(disk);
    return active === undefined ? failed('driveNotFound', `${id}/${disk}`) : succeeded([], { ...active });
  },
});
