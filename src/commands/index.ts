import type { CommandDefinition } from '../model/command.js';
import { AddVmFromTemplate } from './add-vm-from-template/index.js';
import { HibernateVm } from './hibernate-vm/index.js';
import { ImportRepoImage } from './import-repo-image/index.js';
import { LiveMigrateDisk, LiveMigrateVmDisks } from './live-migration/index.js';
import { CreateAllSnapshotsFromVm } from './live-snapshot/index.js';
import { MoveDisk } from './move-disk/index.js';
import { RemoveDiskSnapshots } from './remove-disk-snapshots/index.js';
import { RemoveImage } from './remove-image/index.js';
import { RunVm } from './run-vm/index.js';

const COMMANDS: readonly CommandDefinition[] = [
  LiveMigrateVmDisks,
  LiveMigrateDisk,
  CreateAllSnapshotsFromVm,
  MoveDisk,
  RemoveDiskSnapshots,
  RemoveImage,
  ImportRepoImage,
  AddVmFromTemplate,
  HibernateVm,
  RunVm,
];

/** The commands that ship, by type. */
export const BUILT_IN_COMMANDS: ReadonlyMap<string, CommandDefinition> = new Map(COMMANDS.map((command) => [command.type, command]));
