import { defineCommand } from '../../model/command.js';
import { createImagePlaceholder } from './create-image-placeholder.js';
import { finishReplication } from './finish-replication.js';
import { migrateDisks } from './migrate-disks.js';
import { liveMigrateDiskParams, liveMigrateVmDisksParams } from './params.js';
import { startReplication } from './start-replication.js';
import { takeSnapshot } from './take-snapshot.js';

/** Moves disks of a running VM to another storage domain: one snapshot, then each disk by a child of its own. */
export const LiveMigrateVmDisks = defineCommand({
  type: 'LiveMigrateVmDisks',
  params: liveMigrateVmDisksParams,
  locks: ({ vm, disks }) => [{ key: `vm/${vm}`, mode: 'exclusive' }, ...disks.map((disk) => ({ key: `disk/${disk}`, mode: 'exclusive' as const }))],
})
  .step(takeSnapshot)
  .step(migrateDisks)
  .build();

/** Moves one disk of a running VM whose snapshot is taken. */
export const LiveMigrateDisk = defineCommand({
  type: 'LiveMigrateDisk',
  params: liveMigrateDiskParams,
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
})
  .step(createImagePlaceholder)
  .step(startReplication)
  .step(finishReplication)
  .build();
