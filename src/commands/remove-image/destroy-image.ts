import { taskHandler } from '../../model/handler.js';
import { hostToAsk, refuseIfInUse } from '../cold-disk.js';
import { deleteImage } from '../delete-image.js';
import { Disk, Vm, type DiskStatus } from '../entities.js';
import { probeStorage } from '../probe-storage.js';
import type { RemoveImageParams } from './params.js';

/**
 * The only step. From the moment that the deletion may leave, the record says that nobody may count on the data: what is destroyed is not undone. If it fails
 * for good, storage is asked: an image that is whole is the disk's again, and behind anything else there is only forward.
 */
export const destroyImage = taskHandler<RemoveImageParams>()({
  name: 'destroyImage',
  // What holds on to an image lets go of it.
  retry: { attempts: 3, backoffMs: 10_000, maxBackoffMs: 60_000 },

  pointOfNoReturn: {
    part: 'task',
    hasPassed: async (ctx) => {
      const { pool, disk: id } = ctx.params;
      const disk = ctx.entities.get(Disk, id);
      const found = (await ctx.read(hostToAsk(ctx.entities, pool, disk, ctx.attempt), 'getVolumesList', { domain: disk.domain, disk: id })) as readonly string[];
      return disk.volumes.every((volume) => found.includes(volume.id)) ? 'notPassed' : 'passed';
    },
  },

  // Also one that may not hold its data: to remove it is the way to get rid of it.
  beforeTask: ({ params, entities }): { readonly domain: string; readonly was: DiskStatus } => {
    const disk = entities.get(Disk, params.disk);
    if (disk.status === 'LOCKED') throw new Error(`disk ${disk.id} is LOCKED`);
    refuseIfInUse(entities, disk);
    entities.update(Disk, disk.id, (record) => ({ ...record, status: 'ILLEGAL' as const }));
    return { domain: disk.domain, was: disk.status };
  },

  createTask: ({ params, before }) => deleteImage({ pool: params.pool, domain: before.domain, disk: params.disk }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, ctx.entities.get(Disk, ctx.params.disk), ctx.attempt), ctx),

  endSuccessfully: ({ params, entities }) => {
    const { vm } = entities.get(Disk, params.disk);
    entities.remove(Disk, params.disk);
    if (vm !== null) entities.update(Vm, vm, (record) => ({ ...record, disks: record.disks.filter((disk) => disk !== params.disk) }));
  },

  // Reached only if nothing was deleted.
  endWithFailure: ({ params, before, entities }) => {
    if (before !== undefined) entities.update(Disk, params.disk, (record) => ({ ...record, status: before.was }));
  },
});
