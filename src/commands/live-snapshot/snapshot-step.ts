import type { Effect } from '../../model/effect.js';
import type { EntityView } from '../../model/entity.js';
import { taskHandler, type StepContext } from '../../model/handler.js';
import type { TaskRequest } from '../../model/task.js';
import { activeVolume, Disk, setDiskStatus, Snapshot, Vm, type DiskRecord, type DiskStatus, type VmState } from '../entities.js';
import { VOLUME_DOES_NOT_EXIST } from '../host-codes.js';
import { probeStorage } from '../probe-storage.js';

/** What a command whose step is a snapshot must say. */
export interface SnapshotParams {
  readonly pool: string;
  readonly vm: string;
  readonly disks: readonly string[];
}

interface Rules<P> {
  /** What the command has against this disk of this VM, in words; or null. */
  readonly objection: (disk: DiskRecord, params: P, state: VmState) => string | null;
  /** What the disks are when the snapshot is taken. */
  readonly afterwards: DiskStatus;
}

/** A new leaf for one disk. */
type Leaf = { readonly disk: string; readonly domain: string; readonly volume: string; readonly parent: string; readonly sizeBytes: number };
/** `host`: which the VM runs on; null: it is down, and nobody has to be told to write elsewhere. */
type Planned = { readonly snapshot: string; readonly host: string | null; readonly leaves: readonly Leaf[] };

/**
 * A snapshot, so that what is on the disks no longer changes: creates a new leaf per disk, in parallel, then makes the VM write to them. A rollback leaves the
 * snapshot of a running VM: there is no live merge.
 */
export function snapshotStep<P extends SnapshotParams>({ objection, afterwards }: Rules<P>) {
  return taskHandler<P>()({
    name: 'takeSnapshot',

    beforeTask: ({ params, entities, newId }): Planned => {
      const vm = entities.get(Vm, params.vm);
      if (vm.state !== 'up' && vm.state !== 'down') throw new Error(`VM ${params.vm} is ${vm.state}`);
      const leaves = params.disks.map((id): Leaf => {
        const disk = entities.get(Disk, id);
        if (disk.vm !== params.vm) throw new Error(`disk ${id} is not of VM ${params.vm} but of ${disk.vm ?? 'none'}`);
        const against = objection(disk, params, vm.state);
        if (against !== null) throw new Error(against);
        if (disk.status !== 'OK') throw new Error(`disk ${id} is ${disk.status}`);
        return { disk: id, domain: disk.domain, volume: newId(`leaf-${id}`), parent: activeVolume(disk), sizeBytes: disk.size };
      });
      const snapshot = newId('snapshot');
      setDiskStatus(entities, params.disks, 'LOCKED');
      entities.put(Snapshot, snapshot, { id: snapshot, vm: params.vm, status: 'LOCKED' });
      return { snapshot, host: vm.state === 'down' ? null : vm.host, leaves };
    },

    createTask: ({ params, before }) =>
      before.leaves.map((leaf) => ({ verb: 'createVolume', args: { ...leaf, format: 'cow' }, pool: params.pool, entity: `disk/${leaf.disk}` })),

    endSuccessfully: async (ctx) => {
      const { before, params } = ctx;
      const disks = before.leaves.map(({ disk, volume }) => ({ disk, volume }));
      if (before.host !== null) await ctx.call(before.host, 'snapshot', { vm: params.vm, snapshot: before.snapshot, disks });
      recordSnapshot(ctx.entities, before);
      setDiskStatus(ctx.entities, params.disks, afterwards);
    },

    // On hosts that make their own task ids.
    probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

    endWithFailure: ({ before, failure, params, entities }) => {
      if (before === undefined) return undefined;
      entities.remove(Snapshot, before.snapshot);
      setDiskStatus(entities, params.disks, 'OK');
      const mayExist = before.leaves.filter((_, i) => failure.work[i]?.outcome.kind !== 'refused' && failure.work[i]?.outcome.kind !== 'notSent');
      return mayExist.map((leaf) => removal(leaf, params));
    },

    compensate: async (ctx) => {
      const { before, params, entities } = ctx;
      setDiskStatus(entities, params.disks, 'OK');
      if (isRecorded(entities, before)) {
        if (before.host !== null) return undefined;
        forgetLeaves(entities, before);
      } else if (await isTaken(ctx, before)) {
        // The snapshot verb failed, or was not answered: only the VM's host knows whether the VM writes to the new leaves.
        recordSnapshot(entities, before);
        return undefined;
      }
      entities.remove(Snapshot, before.snapshot);
      return before.leaves.map((leaf) => removal(leaf, params));
    },

    leaves: ({ before, params, entities }): readonly Effect[] => {
      if (!isRecorded(entities, before)) return [];
      return [
        ...before.leaves.map(({ domain, disk, volume }) => ({ verb: 'createVolume', object: `volume:${domain}/${disk}/${volume}` })),
        { verb: 'snapshot', object: `snapshot:${params.vm}/${before.snapshot}` },
      ];
    },
  });
}

function isRecorded(entities: EntityView, { snapshot }: Planned): boolean {
  return entities.find(Snapshot, snapshot)?.status === 'OK';
}

function recordSnapshot(entities: EntityView, { snapshot, leaves }: Planned): void {
  for (const { disk, volume, parent } of leaves) {
    entities.update(Disk, disk, (record) => {
      const frozen = record.volumes.map((other) => (other.id === parent ? { ...other, snapshot } : other));
      return { ...record, volumes: [...frozen, { id: volume, parent, format: 'cow' as const }] };
    });
  }
  entities.update(Snapshot, snapshot, (record) => ({ ...record, status: 'OK' as const }));
}

/** The reverse, of a VM that is down: nobody has written to the leaves. */
function forgetLeaves(entities: EntityView, { leaves }: Planned): void {
  for (const { disk, volume, parent } of leaves) {
    entities.update(Disk, disk, (record) => {
      const rest = record.volumes.filter((other) => other.id !== volume);
      return { ...record, volumes: rest.map(({ snapshot, ...other }) => (other.id === parent || snapshot === undefined ? other : { ...other, snapshot })) };
    });
  }
}

function removal({ domain, disk, volume }: Leaf, { pool }: SnapshotParams): TaskRequest {
  return { verb: 'deleteVolume', args: { domain, disk, volume }, pool, entity: `disk/${disk}`, doneCodes: [VOLUME_DOES_NOT_EXIST] };
}

/** The verb takes all disks or none, so one of them tells. */
async function isTaken(ctx: StepContext<SnapshotParams, object>, { host, leaves }: Planned): Promise<boolean> {
  const first = leaves[0];
  if (host === null || first === undefined) return false;
  const { volume } = (await ctx.call(host, 'getVmDisk', { vm: ctx.params.vm, disk: first.disk })) as { readonly volume: string };
  return volume === first.volume;
}
