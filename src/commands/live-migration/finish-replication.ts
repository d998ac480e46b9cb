import { taskHandler } from '../../model/handler.js';
import { deleteImage } from '../delete-image.js';
import { Disk, Vm } from '../entities.js';
import { probeStorage } from '../probe-storage.js';
import type { LiveMigrateDiskParams } from './params.js';

/**
 * Step 2 of a disk: the VM goes on on the target, and the source is deleted. The pivot is the point of no return: behind it, the source is stale and
 * there is only forward.
 */
export const finishReplication = taskHandler<LiveMigrateDiskParams>()({
  name: 'finishReplication',
  // "Not converged" (40) passes by itself.
  retry: { attempts: 4, backoffMs: 10_000, maxBackoffMs: 60_000 },

  pointOfNoReturn: {
    part: 'beforeTask',
    hasPassed: async (ctx) => {
      const { vm, disk, targetDomain } = ctx.params;
      const found = (await ctx.read(ctx.entities.get(Vm, vm).host, 'getVmDisk', { vm, disk })) as { readonly domain: string };
      return found.domain === targetDomain ? 'passed' : 'notPassed';
    },
  },

  beforeTask: async (ctx) => {
    const { vm, disk, targetDomain } = ctx.params;
    if (!ctx.passed) await ctx.call(ctx.entities.get(Vm, vm).host, 'diskReplicateFinish', { vm, disk, target: targetDomain });
    ctx.entities.update(Disk, disk, (record) => ({ ...record, domain: targetDomain }));
  },

  createTask: ({ params: { pool, disk, sourceDomain } }) => deleteImage({ pool, domain: sourceDomain, disk }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

  // Reached only if the pivot is known not to have happened, and then nothing has: ending the replication is the previous step's undo.
  endWithFailure: () => undefined,
});
