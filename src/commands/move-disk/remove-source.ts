import { taskHandler } from '../../model/handler.js';
import { hostToAsk } from '../cold-disk.js';
import { deleteImage } from '../delete-image.js';
import { Disk } from '../entities.js';
import { probeStorage } from '../probe-storage.js';
import type { MoveDiskParams } from './params.js';

/**
 * Step 2: the disk is the copy from now on, and the source goes. With the remap, which is committed before the deletion can leave, the point of no return is
 * behind: a source that cannot be deleted is tried again, and to undo would be to delete the only copy that counts.
 */
export const removeSource = taskHandler<MoveDiskParams, { readonly lockDisk: { readonly source: string } }>()({
  name: 'removeSource',
  retry: { attempts: 3, backoffMs: 10_000, maxBackoffMs: 60_000 },

  pointOfNoReturn: {
    part: 'task',
    hasPassed: ({ params, entities }) => (entities.get(Disk, params.disk).domain === params.targetDomain ? 'passed' : 'notPassed'),
  },

  beforeTask: ({ params, entities }) => entities.update(Disk, params.disk, (disk) => ({ ...disk, domain: params.targetDomain })),

  createTask: ({ params, outputs }) => deleteImage({ pool: params.pool, domain: outputs.lockDisk.source, disk: params.disk }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(hostToAsk(ctx.entities, ctx.params.pool, ctx.entities.get(Disk, ctx.params.disk), ctx.attempt), ctx),

  endSuccessfully: ({ params, entities }) => entities.update(Disk, params.disk, (disk) => ({ ...disk, status: 'OK' as const })),

  // Reached only if the remap was not committed.
  endWithFailure: () => undefined,
});
