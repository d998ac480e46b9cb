import { CallFailed } from '../../model/errors.js';
import { taskHandler, type StepContext } from '../../model/handler.js';
import { Vm } from '../entities.js';
import { NO_REPLICATION } from '../host-codes.js';
import { probeStorage } from '../probe-storage.js';
import type { LiveMigrateDiskParams } from './params.js';

/** Step 1 of a disk: the VM's host mirrors new writes to the target, while the SPM copies the layers below. Undone by ending the replication on the source. */
export const startReplication = taskHandler<LiveMigrateDiskParams>()({
  name: 'startReplication',

  beforeTask: async (ctx) => {
    const { vm, disk, targetDomain } = ctx.params;
    await ctx.call(ctx.entities.get(Vm, vm).host, 'diskReplicateStart', { vm, disk, target: targetDomain });
  },

  createTask: ({ params: { pool, disk, sourceDomain, targetDomain } }) => ({
    verb: 'syncImageData',
    args: { disk, source: sourceDomain, target: targetDomain },
    pool,
    entity: `disk/${disk}`,
  }),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.entities.get(Vm, ctx.params.vm).host, ctx),

  endWithFailure: (ctx) => stayOnSource(ctx),

  // If this fails for good, the target must stay: the VM may still be writing to it.
  compensate: (ctx) => stayOnSource(ctx),
});

async function stayOnSource(ctx: StepContext<LiveMigrateDiskParams, object>): Promise<void> {
  const { vm, disk, sourceDomain } = ctx.params;
  const { host } = ctx.entities.get(Vm, vm);
  try {
    await ctx.call(host, 'diskReplicateFinish', { vm, disk, target: sourceDomain });
  } catch (error) {
    if (!(error instanceof CallFailed) || error.hostCode !== NO_REPLICATION) throw error;
    // The code has several meanings; only the host knows whether writes are still being mirrored.
    const { replication } = (await ctx.call(host, 'getVmDisk', { vm, disk })) as { readonly replication: string | null };
    if (replication !== null) throw error;
  }
}
