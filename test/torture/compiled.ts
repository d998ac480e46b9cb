import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../sim/scenario/package-root.js';

// The campaigns run in many processes, so they are compiled: simulator, engine and campaigns in one tree, which git ignores. A mutant is a copy of it.

const ROOM = join(PACKAGE_ROOT, '.seatbelt');

/** The compiled tree. */
export const COMPILED = join(ROOM, 'torture');

/** A compiled program of the campaigns, in the tree or in a copy of it. */
export function program(name: string, tree: string = COMPILED): string {
  return join(tree, 'test', 'torture', name);
}

/** Where a mutant is put together: within the package, so that it finds its dependencies. */
export function copyFor(name: string): string {
  return join(ROOM, 'mutants', name);
}
