import { taskHandler } from '../../model/handler.js';
import { coldDisk, hostToAsk } from '../cold-disk.js';
import { deleteImage } from '../delete-image.js';
import { Disk, setDiskStatus } from '../entities.js';
import { refuseForeignImage } from '../foreign-image.js';
import { probeStorage } from '../probe-storage.js';
import type { MoveDiskParams } from './params.js';

/** Step 0: a whole copy on the target domain, which nobody uses yet. Undone by deleting it there. */
export const copyToTarget = taskHandler<MoveDiskParams>()({
  name: 'copyToTarget',

  beforeTask: async (ctx) => {
    const { pool, disk: id, targetDomain } = ctx.params;
    const disk = coldDisk(ctx.entities, id);
    if (disk.domain === targetDomain) throw new Error(`disk ${id} is on ${targetDomain} already`);
    await refuseForeignImage(ctx, hostToAsk(ctx.entities, pool, disk), { domain: targetDomain, disk: id });
    setDiskStatus(ctx.entities, [id], 'LOCKED');
    return { source: disk.domain };
  },

  createTask: ({ params: { pool, disk, targetDomain }, before }) => ({
    verb: 'copyImage',
    args: { disk, source: before.source, copy: disk, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, ctx.entities.get(Disk, ctx.params.disk)), ctx),

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
