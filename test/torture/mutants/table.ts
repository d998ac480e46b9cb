import { BREAKING_COMMANDS } from './breaking-commands.js';
import { BREAKING_FEATURES } from './breaking-features.js';
import { BREAKING_LEASES } from './breaking-leases.js';
import { BREAKING_STORE } from './breaking-store.js';
import { BREAKING_TASKS } from './breaking-tasks.js';
import type { Mutant } from './mutant.js';
import { TIMID } from './timid.js';

/** The first one that breaks each invariant is planted in every test run, all of them by `npm run mutants`. */
export const MUTANTS: readonly Mutant[] = [...TIMID, ...BREAKING_COMMANDS, ...BREAKING_STORE, ...BREAKING_TASKS, ...BREAKING_FEATURES, ...BREAKING_LEASES];
