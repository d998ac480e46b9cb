import type { EntityView } from '../../model/entity.js';
import { taskHandler } from '../../model/handler.js';
import { coldDisk, hostToAsk } from '../cold-disk.js';
import { Disk, setDiskStatus, type DiskRecord, type VolumeRecord } from '../entities.js';
import { probeStorage } from '../probe-storage.js';
import type { RemoveDiskSnapshotsParams } from './params.js';

/** A snapshot's volume, and the one upon it, which takes its place. */
type Layers = { readonly ancestor: string; readonly successor: string };

/**
 * Step `i`: one snapshot's volume is merged into its child. There is no way back from a merge: what is merged stays merged, the first one crosses the point of
 * no return, and from then on there is only forward.
 */
export function mergeSnapshot(i: number) {
  return taskHandler<RemoveDiskSnapshotsParams>()({
    name: `mergeSnapshot${i + 1}`,
    retry: { attempts: 3, backoffMs: 10_000, maxBackoffMs: 60_000 },

    pointOfNoReturn: {
      part: 'task',
      hasPassed: async (ctx) => {
        const { pool, disk: id, snapshots } = ctx.params;
        const disk = ctx.entities.get(Disk, id);
        const { ancestor } = layersOf(disk, snapshots[i]);
        const found = (await ctx.read(hostToAsk(ctx.entities, pool, disk, ctx.attempt), 'getVolumesList', { domain: disk.domain, disk: id })) as readonly string[];
        return found.includes(ancestor) ? 'notPassed' : 'passed';
      },
    },

    beforeTask: ({ params, entities }): Layers & { readonly domain: string } => {
      // Locked by the first of the steps, and until the last: the VM must not start in between.
      const disk = i === 0 ? coldDisk(entities, params.disk) : entities.get(Disk, params.disk);
      // Those to come as well: behind the first merge it would be too late to find one missing.
      const [layers] = params.snapshots.slice(i).map((snapshot) => layersOf(disk, snapshot));
      if (layers === undefined) throw new Error(`there is no snapshot ${i + 1}`);
      setDiskStatus(entities, [params.disk], 'LOCKED');
      return { ...layers, domain: disk.domain };
    },

    // If the point of no return is found to be behind, it is merged.
    createTask: ({ params: { pool, disk }, before, passed }) => (passed ? [] : { verb: 'mergeSnapshots', args: { disk, ...before }, pool, entity: `disk/${disk}` }),

    // On hosts that make their own task ids.
    probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, ctx.entities.get(Disk, ctx.params.disk), ctx.attempt), ctx),

    endSuccessfully: ({ params, before, entities }) => {
      recordMerge(entities, params.disk, before);
      if (i === params.snapshots.length - 1) setDiskStatus(entities, [params.disk], 'OK');
    },

    // Nothing was merged.
    endWithFailure: ({ params, before, entities }) => {
      if (before !== undefined) setDiskStatus(entities, [params.disk], 'OK');
    },
  });
}

function layersOf({ id, volumes }: DiskRecord, snapshot: string | undefined): Layers {
  const at = volumes.findIndex((volume) => volume.snapshot !== undefined && volume.snapshot === snapshot);
  const [ancestor, successor] = [volumes[at], volumes[at + 1]];
  if (ancestor === undefined || successor === undefined) throw new Error(`disk ${id} has no snapshot ${snapshot ?? ''}`);
  return { ancestor: ancestor.id, successor: successor.id };
}

function recordMerge(entities: EntityView, id: string, { ancestor, successor }: Layers): void {
  entities.update(Disk, id, (disk) => {
    const lower = disk.volumes.find((volume) => volume.id === ancestor);
    const volumes = disk.volumes
      .filter((volume) => volume.id !== ancestor)
      .map((volume): VolumeRecord => (volume.id === successor && lower !== undefined ? { ...volume, parent: lower.parent, format: lower.parent === null ? lower.format : volume.format } : volume));
    return { ...disk, volumes };
  });
}
