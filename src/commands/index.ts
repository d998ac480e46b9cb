import type { CommandDefinition } from '../model/command.js';
import { LiveMigrateDisk, LiveMigrateVmDisks } from './live-migration/index.js';

/** The commands that ship, by type. */
export const BUILT_IN_COMMANDS: ReadonlyMap<string, CommandDefinition> = new Map([LiveMigrateVmDisks, LiveMigrateDisk].map((command) => [command.type, command]));
