import { RULES, type Rules } from './rules.js';

export interface PlantedRule {
  readonly name: string;
  readonly rules: Rules;
}

function but(name: string, change: Partial<Rules>): PlantedRule {
  return { name, rules: { ...RULES, ...change } };
}

const { failure } = RULES;

/** Rules that are wrong, one each: a comparison that does not notice them compares nothing. */
export const PLANTED: readonly PlantedRule[] = [
  but('a step whose task failed is not cleaned up', { failure: { ...failure, work: { ...failure.work, endWithFailure: false } } }),
  but('a step whose start threw is not cleaned up', { failure: { ...failure, start: { ...failure.start, endWithFailure: false } } }),
  but('a step whose start threw is compensated', { failure: { ...failure, start: { ...failure.start, firstCompensated: (k) => k } } }),
  but('a failed step is compensated like a completed one', { failure: { ...failure, work: { ...failure.work, firstCompensated: (k) => k } } }),
  but('a completed step whose end threw is not compensated', { failure: { ...failure, endSuccessfully: { ...failure.endSuccessfully, firstCompensated: (k) => k - 1 } } }),
  but('every other step is left out on the way back', { nextUndone: (i) => i - 2 }),
  but('an unanswered call uses up the attempts of undo work', { uncountedRuns: ['busy'] }),
  but('a host that is not SPM uses up the attempts of undo work', { uncountedRuns: ['unanswered'] }),
  but('a take-over uses up the attempts of a revert task', { isUncountedTask: (outcome, fate) => outcome === 'failed' && fate === 'busy' }),
  but('what `retryIf` leaves out is tried again', { picks: { ...RULES.picks, onlyThrown: () => true, only261: () => true } }),
  but('`retryIf` except is taken for only', { picks: { ...RULES.picks, notThrown: RULES.picks.onlyThrown } }),
  but('a time limit stops nothing', { timeLimitStops: false }),
  but('that a handler could not be told of its revert tasks does not matter', { untold: 'compensated' }),
  but('a task is tried again though the clean-up before has failed for good', { withoutCleanUp: 'isTriedAgain' }),
  but('a task that was asked to stop is tried again', { stoppedTriedAgain: true }),
  but('a refused task may have run', { neverRan: ['notSent'] }),
  but('the siblings of a task that failed for good run on', { siblings: 'runOn' }),
  but('children are rolled back in the order in which they were started', { childrenRolledBack: 'firstFirst' }),
  but('the children of a step that leaves what it did are rolled back', { leavesItsChildren: false }),
  but('all children must succeed', { childrenEndedWell: (succeeded, all) => succeeded === all }),
  but('children may fail as they like', { childrenEndedWell: () => true }),
  but('a cancel does not refuse the commit of the callback under way', { stopInRun: 'waits' }),
  but('a step without compensate counts as undone', { withoutCompensate: 'nothingToUndo' }),
  but('a failed undo does not block those before it', { beforeAFailedUndo: undefined }),
  but('an operator\'s retry does not take up steps that were blocked', { retried: ['failed', 'notUndoable'] }),
  but('what an operator has given up counts as rolled back', { givenUp: 'ROLLED_BACK' }),
  but('what an operator has skipped is not listed', { listed: ['failed', 'notUndoable', 'blocked'] }),
  but('what a step leaves is not listed', { residueIsDeclared: false }),
  but('nobody asks whether the point of no return is behind', { maybeAsks: false }),
  but('past the point of no return, attempts are those of forward work', { attemptsAfterPassed: 'ofForwardWork' }),
];
