import { taskHandler } from '../../model/handler.js';
import { deleteImage } from '../delete-image.js';
import { Vm } from '../entities.js';
import { VOLUME_ALREADY_EXISTS } from '../host-codes.js';
import { probeStorage } from '../probe-storage.js';
import type { LiveMigrateDiskParams } from './params.js';

/** Step 0 of a disk: the same chain of volumes on the target domain, still empty. Undone by deleting it there. */
export const createImagePlaceholder = taskHandler<LiveMigrateDiskParams>()({
  name: 'createImagePlaceholder',

  createTask: ({ params: { pool, disk, sourceDomain, targetDomain } }) => ({
    verb: 'cloneImageStructure',
    args: { disk, source: sourceDomain, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

  endWithFailure: ({ params, failure }) => {
    const outcome = failure.work[0]?.outcome;
    if (outcome === undefined || outcome.kind === 'refused' || outcome.kind === 'notSent') return undefined;
    // What stands there already is somebody else's.
    if (outcome.kind === 'failed' && outcome.code === VOLUME_ALREADY_EXISTS) return undefined;
    return deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk });
  },

  compensate: ({ params }) => deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk }),
});
