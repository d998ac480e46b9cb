import { taskHandler } from '../../model/handler.js';
import { deleteImage } from '../delete-image.js';
import { Vm } from '../entities.js';
import { refuseForeignImage } from '../foreign-image.js';
import { probeStorage } from '../probe-storage.js';
import type { LiveMigrateDiskParams } from './params.js';

/** Step 0 of a disk: the same chain of volumes on the target domain, still empty. Undone by deleting it there. */
export const createImagePlaceholder = taskHandler<LiveMigrateDiskParams>()({
  name: 'createImagePlaceholder',

  beforeTask: async (ctx) => {
    const { vm, disk, targetDomain } = ctx.params;
    await refuseForeignImage(ctx, ctx.entities.get(Vm, vm).host, { domain: targetDomain, disk });
  },

  createTask: ({ params: { pool, disk, sourceDomain, targetDomain } }) => ({
    verb: 'cloneImageStructure',
    args: { disk, source: sourceDomain, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

  endWithFailure: ({ params, failure }) => {
    const kind = failure.work[0]?.outcome.kind;
    return kind === undefined || kind === 'refused' || kind === 'notSent' ? undefined : deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk });
  },

  compensate: ({ params }) => deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk }),
});
