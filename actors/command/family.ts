import type { CommandState } from '../../src/flow/state.js';
import type { ErrorRecord } from '../../src/model/errors.js';

/** The commands that started this one, and those that it has started, as far as it has to do with them. */
export interface Family {
  /** A child's first snapshot is committed: start its actor. */
  childPlaced(child: CommandState): void;
  /** Pass the wish to cancel on to a child. */
  cancelChild(childId: string): void;
  /** Roll back a completed child. @param error why, in the child's words */
  rollBackChild(childId: string, error: ErrorRecord): void;
  /** The durable states of those above it, its parent first. */
  ancestors(): readonly CommandState[];
  /** The durable states of those below it whose end is its own: completed, and dependent all the way up to it. */
  completed(): readonly CommandState[];
  /** With its end, they have succeeded, durably. */
  succeeded(states: readonly CommandState[]): void;
}
