import { taskHandler } from '../../model/handler.js';
import { coldDisk, hostToAsk } from '../cold-disk.js';
import { deleteImage } from '../delete-image.js';
import { setDiskStatus } from '../entities.js';
import type { MoveDiskParams } from './params.js';

/** Step 0: a whole copy on the target domain, which nobody uses yet. Undone by deleting it there. */
export const copyToTarget = taskHandler<MoveDiskParams>()({
  name: 'copyToTarget',

  // Asked under the disk's lock, so what stands on the target from now on is this command's: however the copy ends, that may be deleted, and nothing else is.
  beforeTask: async (ctx) => {
    const { pool, disk: id, targetDomain } = ctx.params;
    const disk = coldDisk(ctx.entities, id);
    if (disk.domain === targetDomain) throw new Error(`disk ${id} is on ${targetDomain} already`);
    const found = (await ctx.call(hostToAsk(ctx.entities, pool, disk), 'getVolumesList', { domain: targetDomain, disk: id })) as readonly string[];
    if (found.length > 0) throw new Error(`an image of disk ${id} stands on ${targetDomain}, which the engine does not know of`);
    setDiskStatus(ctx.entities, [id], 'LOCKED');
    return { source: disk.domain };
  },

  createTask: ({ params: { pool, disk, targetDomain }, before }) => ({
    verb: 'copyImage',
    args: { disk, source: before.source, copy: disk, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  endSuccessfully: ({ before }) => before,

  endWithFailure: ({ params, before, failure, entities }) => {
    if (before === undefined) return undefined;
    setDiskStatus(entities, [params.disk], 'OK');
    const kind = failure.work[0]?.outcome.kind;
    return kind === undefined || kind === 'refused' || kind === 'notSent' ? undefined : deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk });
  },

  compensate: ({ params, entities }) => {
    setDiskStatus(entities, [params.disk], 'OK');
    return deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk });
  },
});
