import type { KnownVerb } from '../check.js';

/** What a declared command may name besides its own. */
export interface Surroundings {
  /** The pool of tasks that name none. */
  readonly pool: string;
  readonly hosts: readonly string[];
  readonly verbs: readonly KnownVerb[];
  readonly commandTypes: readonly string[];
}
