import { taskHandler } from '../../model/handler.js';
import { Disk, setDiskStatus } from '../entities.js';
import type { LiveMigrateVmDisksParams } from './params.js';

/**
 * Step 1: one independent child per disk. Each keeps what it has moved, so the step ends well if one of them does; changes nothing of its own that would
 * have to be undone.
 */
export const migrateDisks = taskHandler<LiveMigrateVmDisksParams>()({
  name: 'migrateDisks',
  effectFree: true,

  beforeTask: ({ params, entities, startChild }) => {
    const { pool, vm, targetDomain } = params;
    for (const disk of params.disks) {
      const sourceDomain = entities.get(Disk, disk).domain;
      startChild({ type: 'LiveMigrateDisk', params: { pool, vm, disk, sourceDomain, targetDomain }, independent: true });
    }
  },

  endSuccessfully: ({ params, entities }) => setDiskStatus(entities, params.disks, 'OK'),
});
