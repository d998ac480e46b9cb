import type { Effect } from '../../model/effect.js';
import type { EntityView } from '../../model/entity.js';
import { taskHandler, type StepContext } from '../../model/handler.js';
import type { TaskRequest } from '../../model/task.js';
import { activeVolume, Disk, setDiskStatus, Snapshot, Vm } from '../entities.js';
import { VOLUME_DOES_NOT_EXIST } from '../host-codes.js';
import type { LiveMigrateVmDisksParams } from './params.js';

/** A new leaf for one disk. */
type Leaf = { readonly disk: string; readonly domain: string; readonly volume: string; readonly parent: string; readonly sizeBytes: number };
type Planned = { readonly snapshot: string; readonly host: string; readonly leaves: readonly Leaf[] };
type Context = StepContext<LiveMigrateVmDisksParams, object>;

/**
 * Step 0: a live snapshot, so that what is copied no longer changes. Creates a new leaf per disk, in parallel, then makes the VM write to them. A
 * rollback leaves the snapshot: there is no live merge.
 */
export const takeSnapshot = taskHandler<LiveMigrateVmDisksParams>()({
  name: 'takeSnapshot',

  beforeTask: ({ params, entities, newId }): Planned => {
    const { host } = entities.get(Vm, params.vm);
    const leaves = params.disks.map((id): Leaf => {
      const disk = entities.get(Disk, id);
      if (disk.vm !== params.vm) throw new Error(`disk ${id} is not of VM ${params.vm} but of ${disk.vm}`);
      if (disk.domain === params.targetDomain) throw new Error(`disk ${id} is on ${params.targetDomain} already`);
      if (disk.status !== 'OK') throw new Error(`disk ${id} is ${disk.status}`);
      return { disk: id, domain: disk.domain, volume: newId(`leaf-${id}`), parent: activeVolume(disk), sizeBytes: disk.size };
    });
    const snapshot = newId('snapshot');
    setDiskStatus(entities, params.disks, 'LOCKED');
    entities.put(Snapshot, snapshot, { id: snapshot, vm: params.vm, status: 'LOCKED' });
    return { snapshot, host, leaves };
  },

  createTask: ({ params, before }) =>
    before.leaves.map((leaf) => ({ verb: 'createVolume', args: { ...leaf, format: 'cow' }, pool: params.pool, entity: `disk/${leaf.disk}` })),

  endSuccessfully: async (ctx) => {
    const { before, params } = ctx;
    const disks = before.leaves.map(({ disk, volume }) => ({ disk, volume }));
    await ctx.call(before.host, 'snapshot', { vm: params.vm, snapshot: before.snapshot, disks });
    recordSnapshot(ctx.entities, before);
  },

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
    if (entities.get(Snapshot, before.snapshot).status === 'OK') return undefined;
    // The snapshot verb failed, or was not answered: only the VM's host knows whether the VM writes to the new leaves.
    if (await isTaken(ctx, before)) {
      recordSnapshot(entities, before);
      return undefined;
    }
    entities.remove(Snapshot, before.snapshot);
    return before.leaves.map((leaf) => removal(leaf, params));
  },

  leaves: ({ before, params, entities }): readonly Effect[] => {
    if (entities.find(Snapshot, before.snapshot)?.status !== 'OK') return [];
    return [
      ...before.leaves.map(({ domain, disk, volume }) => ({ verb: 'createVolume', object: `volume:${domain}/${disk}/${volume}` })),
      { verb: 'snapshot', object: `snapshot:${params.vm}/${before.snapshot}` },
    ];
  },
});

function recordSnapshot(entities: EntityView, { snapshot, leaves }: Planned): void {
  for (const { disk, volume, parent } of leaves) {
    entities.update(Disk, disk, (record) => ({ ...record, volumes: [...record.volumes, { id: volume, parent, format: 'cow' as const }] }));
  }
  entities.update(Snapshot, snapshot, (record) => ({ ...record, status: 'OK' as const }));
}

function removal({ domain, disk, volume }: Leaf, { pool }: LiveMigrateVmDisksParams): TaskRequest {
  return { verb: 'deleteVolume', args: { domain, disk, volume }, pool, entity: `disk/${disk}`, doneCodes: [VOLUME_DOES_NOT_EXIST] };
}

/** The verb takes all disks or none, so one of them tells. */
async function isTaken(ctx: Context, { host, leaves }: Planned): Promise<boolean> {
  const first = leaves[0];
  if (first === undefined) return false;
  const { volume } = (await ctx.call(host, 'getVmDisk', { vm: ctx.params.vm, disk: first.disk })) as { readonly volume: string };
  return volume === first.volume;
}
