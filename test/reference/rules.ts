import type { Outcome } from '../../src/model/outcome.js';
import type { Picky, RunEnd, TaskFate } from './script.js';

/** What may have failed, or ended a step, at its place in the life of a step. */
export type Part = 'start' | 'work' | 'endSuccessfully';

/** The rules of semantics §2 that are a matter of this or that. How they work together is in model.ts. */
export interface Rules {
  /** "Failure of step k": whether `endWithFailure(k)` comes first, and at which step `compensate` begins. */
  readonly failure: { readonly [P in Part]: { readonly endWithFailure: boolean; readonly firstCompensated: (k: number) => number } };
  /** Which completed step is undone after step i. */
  readonly nextUndone: (i: number) => number;
  /** What says nothing about the work itself, and does not use up the attempts of undo work, or of any work past the point of no return. */
  readonly uncountedRuns: readonly RunEnd[];
  readonly isUncountedTask: (outcome: Outcome['kind'], fate: string) => boolean;
  /** "Which errors": whether a handler that is so picky tries again what has ended like this, if it counts. */
  readonly picks: { readonly [P in Picky]: (what: RunEnd | TaskFate) => boolean };
  /** Whether nothing is tried any more once the time of a step is up. */
  readonly timeLimitStops: boolean;
  /** What becomes of a step whose handler could not be told how its revert tasks had ended. */
  readonly untold: 'failed' | 'compensated';
  /** What becomes of a task whose clean-up before its next attempt has failed for good, or was asked to stop. */
  readonly withoutCleanUp: 'endsAsItsLastAttempt' | 'isTriedAgain';
  /** Whether a task that was asked to stop has attempts left. */
  readonly stoppedTriedAgain: boolean;
  /** After this outcome nothing can have happened on a host. */
  readonly neverRan: readonly Outcome['kind'][];
  /** What becomes of the siblings of a task of a step that has failed for good; those of a revert task run on. */
  readonly siblings: 'areStopped' | 'runOn';
  /** Whether a step whose independent children ended like this has ended well. */
  readonly childrenEndedWell: (succeeded: number, all: number) => boolean;
  /** In which order the completed dependent children of a step are rolled back. */
  readonly childrenRolledBack: 'lastFirst' | 'firstFirst';
  /** Whether what a completed step `leaves` is also what its children did. */
  readonly leavesItsChildren: boolean;
  /** What a cancel, or a time limit, is to a callback that is under way. */
  readonly stopInRun: 'refusesItsCommit' | 'waits';
  /** A completed step of which nothing says how to undo it. */
  readonly withoutCompensate: 'notUndoable' | 'nothingToUndo';
  /** What `onUndoFailed: stop` makes of the completed steps before. */
  readonly beforeAFailedUndo: 'blocked' | undefined;
  /** Steps whose undo came to this have another turn when an operator retries. */
  readonly retried: readonly string[];
  /** What there is something of, by how its undo ended, once an operator has ended the command. */
  readonly listed: readonly string[];
  /** How a rollback ends in which an operator has given something up. */
  readonly givenUp: 'CLOSED_BY_OPERATOR' | 'ROLLED_BACK';
  /** Whether the residue of a step that `leaves` is what it declares. */
  readonly residueIsDeclared: boolean;
  /** What a failure asks when the point of no return may be behind. */
  readonly maybeAsks: boolean;
  /** Attempts after `passed`. */
  readonly attemptsAfterPassed: 'ofUndoWork' | 'ofForwardWork';
}

export const RULES: Rules = {
  failure: {
    start: { endWithFailure: true, firstCompensated: (k) => k - 1 },
    work: { endWithFailure: true, firstCompensated: (k) => k - 1 },
    endSuccessfully: { endWithFailure: false, firstCompensated: (k) => k },
  },
  nextUndone: (i) => i - 1,
  uncountedRuns: ['busy', 'unanswered'],
  isUncountedTask: (outcome, fate) => outcome === 'lost' || (outcome === 'failed' && (fate === 'busy' || fate === 'takenOver')),
  picks: {
    no: () => true,
    onlyThrown: (what) => what === 'throws',
    notThrown: (what) => what !== 'throws',
    only261: (what) => what === 'fails',
    neither654NorUnknown: (what) => what !== 'busy' && what !== 'unanswered',
  },
  timeLimitStops: true,
  untold: 'failed',
  withoutCleanUp: 'endsAsItsLastAttempt',
  stoppedTriedAgain: false,
  neverRan: ['refused', 'notSent'],
  siblings: 'areStopped',
  childrenEndedWell: (succeeded, all) => all === 0 || succeeded > 0,
  childrenRolledBack: 'lastFirst',
  leavesItsChildren: true,
  stopInRun: 'refusesItsCommit',
  withoutCompensate: 'notUndoable',
  beforeAFailedUndo: 'blocked',
  retried: ['failed', 'notUndoable', 'blocked'],
  listed: ['failed', 'notUndoable', 'blocked', 'skipped'],
  givenUp: 'CLOSED_BY_OPERATOR',
  residueIsDeclared: true,
  maybeAsks: true,
  attemptsAfterPassed: 'ofUndoWork',
};
