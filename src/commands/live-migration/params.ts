import { z } from 'zod';
import { id, someOf } from '../ids.js';

/** Moves disks of a running VM to another storage domain. */
export const liveMigrateVmDisksParams = z.strictObject({
  /** The storage pool that both domains belong to. */
  pool: id,
  vm: id,
  disks: someOf('a disk'),
  targetDomain: id,
});

export type LiveMigrateVmDisksParams = z.output<typeof liveMigrateVmDisksParams>;

/** Moves one of them. Started by LiveMigrateVmDisks, once the snapshot is taken. */
export const liveMigrateDiskParams = z.strictObject({ pool: id, vm: id, disk: id, sourceDomain: id, targetDomain: id });

export type LiveMigrateDiskParams = z.output<typeof liveMigrateDiskParams>;
