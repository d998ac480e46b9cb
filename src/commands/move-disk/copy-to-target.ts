import { taskHandler } from '../../model/handler.js';
import { hostToAsk } from '../cold-disk.js';
import { deleteImage } from '../delete-image.js';
import { Disk } from '../entities.js';
import { refuseForeignImage } from '../foreign-image.js';
import { probeStorage } from '../probe-storage.js';
import type { MoveDiskParams } from './params.js';

/** Step 1: a whole copy on the target domain, which nobody uses yet. Undone by deleting it there. */
export const copyToTarget = taskHandler<MoveDiskParams, { readonly lockDisk: { readonly source: string } }>()({
  name: 'copyToTarget',
  // A host that says nothing says nothing about the target: another is asked. The copy itself is made once.
  retry: { attempts: 3, retryIf: { only: { codes: ['CALL_UNKNOWN'], hostCodes: [99] } } },

  beforeTask: async (ctx) => {
    const { pool, disk: id, targetDomain } = ctx.params;
    await refuseForeignImage(ctx, hostToAsk(ctx.entities, pool, ctx.entities.get(Disk, id), ctx.attempt), { domain: targetDomain, disk: id });
  },

  createTask: ({ params: { pool, disk, targetDomain }, outputs }) => ({
    verb: 'copyImage',
    args: { disk, source: outputs.lockDisk.source, copy: disk, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, ctx.entities.get(Disk, ctx.params.disk), ctx.attempt), ctx),

  endWithFailure: ({ params, failure }) => {
    const kind = failure.work[0]?.outcome.kind;
    return kind === undefined || kind === 'refused' || kind === 'notSent' ? undefined : deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk });
  },

  compensate: ({ params }) => deleteImage({ pool: params.pool, domain: params.targetDomain, disk: params.disk }),
});
