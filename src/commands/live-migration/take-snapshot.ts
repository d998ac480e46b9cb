import { snapshotStep } from '../live-snapshot/snapshot-step.js';
import type { LiveMigrateVmDisksParams } from './params.js';

/** Step 0: a live snapshot, so that what is copied no longer changes. The disks stay locked for what comes. */
export const takeSnapshot = snapshotStep<LiveMigrateVmDisksParams>({
  objection: ({ id, domain }, { vm, targetDomain }, state) => {
    if (state !== 'up') return `VM ${vm} is ${state}`;
    return domain === targetDomain ? `disk ${id} is on ${targetDomain} already` : null;
  },
  afterwards: 'LOCKED',
});
