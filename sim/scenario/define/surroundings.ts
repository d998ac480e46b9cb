import type { KnownVerb } from '../check.js';
import type { Pool } from '../pools.js';

/** What a declared command may name besides its own. */
export interface Surroundings {
  /** Where there is one, tasks need not name it. */
  readonly pools: readonly Pool[];
  readonly hosts: readonly string[];
  readonly verbs: readonly KnownVerb[];
  readonly commandTypes: readonly string[];
}
