import { z } from 'zod';

const id = z.string().min(1).max(64);

/** Moves disks of a running VM to another storage domain. */
export const liveMigrateVmDisksParams = z.strictObject({
  /** The storage pool that both domains belong to. */
  pool: id,
  vm: id,
  disks: z
    .array(id)
    .min(1)
    .refine((disks) => new Set(disks).size === disks.length, 'a disk is named twice'),
  targetDomain: id,
});

export type LiveMigrateVmDisksParams = z.output<typeof liveMigrateVmDisksParams>;

/** Moves one of them. Started by LiveMigrateVmDisks, once the snapshot is taken. */
export const liveMigrateDiskParams = z.strictObject({ pool: id, vm: id, disk: id, sourceDomain: id, targetDomain: id });

export type LiveMigrateDiskParams = z.output<typeof liveMigrateDiskParams>;
