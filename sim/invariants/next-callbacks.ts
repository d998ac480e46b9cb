import type { CallbackName } from '../../actors/probe.js';
import type { CommandState, CommandStatus, GivenUpRun, HistoryEntry, OperatorEntry, WorkItem } from '../../src/flow/state.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import type { ErasedHandler } from '../../src/model/handler.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { ErrorMatch, RetryIf } from '../../src/model/retry.js';
import { stepNumber } from '../../src/flow/step.js';
import { dependentsOf, isDependent } from './family.js';
import { givenUpRuns, isPassedOver, numberOf, placed, placeOf, type Placed } from './step-places.js';

/** What the rules allow a command to do next. */
export type Next =
  /** To run, and commit, this callback. `outcome`: how alone it may end, where that is not open. */
  | { readonly kind: 'callback'; readonly index: number; readonly callback: CallbackName; readonly attempt: number; readonly outcome: 'ok' | 'threw' | 'any' }
  /** To roll back the completed children of this step; until that is done, nothing may run. */
  | { readonly kind: 'children'; readonly index: number }
  /** To be in this status. */
  | { readonly kind: 'status'; readonly status: CommandStatus };

/** What only whoever has watched the command from commit to commit can know. */
export interface Remembered {
  /** The last callback threw when it was committed already that it might cross the point of no return. */
  readonly mayHaveCrossed: boolean;
  /** Numbers of steps whose `compensationEnded` was last told of revert tasks that had not all ended well: when these are done again, it is told again. */
  readonly toldOfFailure: ReadonlySet<number>;
}

/** A callback of the one order that a command follows: `beforeRetry` and `probe` run beside the work of their step, and have rules of their own. */
type MainEntry = Placed<HistoryEntry & { readonly callback: Exclude<CallbackName, 'beforeRetry' | 'probe'> }>;

function isMain(entry: Placed): entry is MainEntry {
  return entry.callback !== 'beforeRetry' && entry.callback !== 'probe';
}

/** A committed callback that threw; `hasPassed` has three answers instead of one. */
export function threw({ callback, outcome }: HistoryEntry): boolean {
  if (callback === 'probe') return outcome !== 'done' && outcome !== 'notDone' && outcome !== 'cannotTell';
  if (callback === 'hasPassed') return outcome !== 'passed' && outcome !== 'notPassed' && outcome !== 'cannotTell';
  return outcome !== 'ok';
}

/**
 * The rules of order (semantics, "Forward" and "Failure of step k") as a table: what may follow the last of the committed callbacks. Written from the
 * rules alone, and apart from the engine's transitions, which are judged by it. Empty: nothing may run, for work is outstanding.
 * @param history what is committed, from the first on
 * @param state the durable state: how work ended, and whether the point of no return is behind
 */
export function nextCallbacks(
  handlers: readonly ErasedHandler[],
  history: readonly HistoryEntry[],
  state: CommandState,
  remembered: Remembered,
): readonly Next[] {
  const committed = placed(state, history);
  const main = committed.filter((entry) => isMain(entry));
  const rules = new Rules(handlers, main.filter(({ isGone }) => !isGone), state, remembered, committed);
  return rules.after(main.at(-1)).map((next) => afterGivenUp(state, history.length, next));
}

/** A run that a migration has given up since the last callback was committed leaves its attempt out. */
function afterGivenUp(state: CommandState, historyLength: number, next: Next): Next {
  if (next.kind !== 'callback' || state.migrations === undefined) return next;
  const runs = givenUpRuns(state, historyLength).filter((run) => isRunOf(run, next.callback) && placeOf(state, run.number) === next.index);
  return { ...next, attempt: next.attempt + runs.length };
}

function isRunOf({ callback }: GivenUpRun, name: CallbackName): boolean {
  return callback === 'start' ? name === 'beforeTask' || name === 'createTask' : callback === name;
}

class Rules {
  constructor(
    private readonly handlers: readonly ErasedHandler[],
    private readonly history: readonly MainEntry[],
    private readonly state: CommandState,
    private readonly remembered: Remembered,
    /** With `beforeRetry`, and those of steps that are gone. */
    private readonly committed: readonly Placed[],
  ) {}

  after(last: MainEntry | undefined): readonly Next[] {
    const acted = this.state.operator.findLast(({ historyLength }) => historyLength === this.committed.length);
    return acted === undefined ? this.follows(last) : this.operated(acted, last);
  }

  private follows(last: MainEntry | undefined): readonly Next[] {
    if (last === undefined) return this.stepOver(-1);
    // A step that is gone was undone, if it was not behind the command.
    if (last.isGone) return this.state.executionReason === 'ROLLBACK_FLOW' ? this.below(this.state.steps.length) : this.follows(this.history.at(-1));
    const { index: k, attempt, callback } = last;
    switch (callback) {
      case 'beforeTask':
        // Both are one commit: if createTask throws, beforeTask is not committed either.
        return threw(last) ? this.startThrew(k, attempt) : [oneOf(k, 'createTask', attempt, 'ok')];
      case 'createTask':
        if (threw(last)) return this.hasAnsweredPassed(k) ? [oneOf(k, 'createTask', attempt + 1), inStatus('STUCK')] : this.startThrew(k, attempt);
        return this.workEnded(k);
      case 'endSuccessfully':
        if (threw(last)) return this.endThrew(k, attempt);
        // A cancel that came while the step's work was under way takes effect once it is completed; a later one, in the next step.
        if (this.state.cancel !== null && this.state.executionReason === 'ROLLBACK_FLOW' && !this.hasSucceededAlone(k)) return this.undo(k);
        return this.stepOver(k);
      case 'hasPassed':
        return this.answered(last);
      case 'endWithFailure':
      case 'compensate':
        return threw(last) ? [oneOf(k, callback, attempt + 1), ...this.undoFailed(k)] : this.undone(k);
      case 'compensationEnded':
        return threw(last) ? [oneOf(k, callback, attempt + 1), ...this.undoFailed(k)] : this.undoOver(k);
    }
  }

  // Operators.

  /** An operator has acted since the last callback, on a command that was held at step k. */
  private operated({ action, status, ...at }: OperatorEntry, last: MainEntry | undefined): readonly Next[] {
    const k = this.state.migrations === undefined ? at.index : placeOf(this.state, numberOf(at));
    if (action === 'abandon') return [inStatus('CLOSED_BY_OPERATOR')];
    if (status === 'PARKED') return this.follows(last);
    if (status === 'STUCK') return action === 'retry' ? this.stuckAgain(k) : this.stepOver(k);
    return action === 'retry' ? this.undoAllAgain() : this.below(Math.max(k, 0));
  }

  private stuckAgain(k: number): readonly Next[] {
    const failed = this.history.findLast(({ callback }) => callback !== 'hasPassed');
    if (failed === undefined || failed.index !== k) return [];
    if (!threw(failed)) return this.workEnded(k);
    return failed.callback === 'endSuccessfully' ? [oneOf(k, 'endSuccessfully', failed.attempt + 1)] : this.start(k, failed.attempt + 1);
  }

  /** Whatever is not undone has another turn, the latest step first. */
  private undoAllAgain(): readonly Next[] {
    const latest = this.handlers.findLastIndex((_, i) => this.isUndone(i) !== 'yes');
    return latest < 0 ? this.below(0) : this.undoTurn(latest);
  }

  /** The next turn of step k's undo, after those that it has had. */
  private undoTurn(k: number): readonly Next[] {
    const entries = this.history.filter(({ index }) => index === k);
    const last = entries.findLast(({ callback }) => callback === 'endWithFailure' || callback === 'compensate');
    if (last !== undefined) return threw(last) ? [oneOf(k, last.callback, last.attempt + 1)] : this.undone(k);
    return entries.some(({ callback }) => callback === 'endSuccessfully') ? this.undo(k) : this.failed(k);
  }

  private isGivenUp(k: number): boolean {
    const undo = this.state.steps[k]?.undo;
    return undo === 'skipped' || undo === 'resolved';
  }

  /** Whether step i's undo has had its turn, and needs no other. */
  private isSettled(i: number): boolean {
    const undos = ['endWithFailure', 'compensate', 'compensationEnded'];
    return isPassedOver(this.state, i) || this.isGivenUp(i) || (undos.includes(this.history.findLast(({ index }) => index === i)?.callback ?? '') && this.isUndone(i) === 'yes');
  }

  // Forward.

  /** Step k is completed, by its own rules or by an operator. */
  private stepOver(k: number): readonly Next[] {
    const next = this.handlers.findIndex((_, i) => i > k && !isPassedOver(this.state, i));
    if (next >= 0) return this.start(next, 1);
    const closed = this.state.steps.some((step) => step.closed !== undefined || dependentsOf(step).some(({ undo }) => undo === 'closed'));
    return closed ? [inStatus('CLOSED_BY_OPERATOR')] : this.allDone(this.handlers.length - 1);
  }

  private start(k: number, attempt: number): readonly Next[] {
    return [oneOf(k, 'beforeTask', attempt), oneOf(k, 'createTask', attempt, 'threw')];
  }

  private startThrew(k: number, attempt: number): readonly Next[] {
    return this.crosses(k, 'beforeTask') && this.remembered.mayHaveCrossed ? [oneOf(k, 'hasPassed', 1)] : this.startAgain(k, attempt);
  }

  private startAgain(k: number, attempt: number): readonly Next[] {
    if (this.isPast()) return [...this.start(k, attempt + 1), inStatus('STUCK')];
    // Of a command that is cancelled, or a step whose time is up, nothing is tried again; the wish may have come after the next attempt was due.
    if (this.state.cancel !== null || this.state.steps[k]?.timedOut !== undefined) return this.state.executionReason === 'ROLLBACK_FLOW' ? this.failed(k) : this.start(k, attempt + 1);
    return this.isLastAttempt(k, attempt, 'createTask') ? this.failed(k) : this.start(k, attempt + 1);
  }

  private workEnded(k: number): readonly Next[] {
    const work = this.state.steps[k]?.work ?? [];
    if (work.some((item) => item.outcome === null)) return [];
    if (endedWell(work)) return [oneOf(k, 'endSuccessfully', 1)];
    if (this.isWorkAsked(k)) return [oneOf(k, 'hasPassed', 1)];
    return this.isPast() ? [inStatus('STUCK')] : this.failed(k);
  }

  /** A dependent child waits for its root: it succeeds with it, or is rolled back. */
  private allDone(k: number): readonly Next[] {
    if (!isDependent(this.state)) return [inStatus('SUCCEEDED')];
    return this.state.executionReason === 'ROLLBACK_FLOW' ? this.undo(k) : [inStatus('COMPLETED'), inStatus('SUCCEEDED')];
  }

  private endThrew(k: number, attempt: number): readonly Next[] {
    return this.crosses(k, 'endSuccessfully') && this.remembered.mayHaveCrossed ? [oneOf(k, 'hasPassed', 1)] : this.endAgain(k, attempt);
  }

  private endAgain(k: number, attempt: number): readonly Next[] {
    if (this.isPast()) return [oneOf(k, 'endSuccessfully', attempt + 1), inStatus('STUCK')];
    if (this.state.cancel !== null && !this.hasSucceededAlone(k)) return this.state.executionReason === 'ROLLBACK_FLOW' ? this.undo(k) : [oneOf(k, 'endSuccessfully', attempt + 1)];
    return this.isLastAttempt(k, attempt, 'endSuccessfully') ? this.undo(k) : [oneOf(k, 'endSuccessfully', attempt + 1)];
  }

  /** An answer decides which way what had failed goes on; without one it is asked again. */
  private answered({ index: k, attempt, outcome }: MainEntry): readonly Next[] {
    if (outcome !== 'passed' && outcome !== 'notPassed') return [oneOf(k, 'hasPassed', attempt + 1)];
    const failed = this.history.findLast(({ callback }) => callback !== 'hasPassed');
    if (failed === undefined) return [];
    // The part that crossed runs again: for tasks, what says which there are.
    if (!threw(failed) && outcome === 'passed' && this.handlers[k]?.createTask !== undefined) return [oneOf(k, 'createTask', failed.attempt + 1)];
    if (!threw(failed)) return this.askedWorkEnded(k);
    return failed.callback === 'endSuccessfully' ? this.endAgain(k, failed.attempt) : this.startAgain(k, failed.attempt);
  }

  /** If an earlier step is past the point of no return, work whose attempts are used up cannot go back either. */
  private askedWorkEnded(k: number): readonly Next[] {
    const next = this.workEnded(k);
    return next.length > 0 && this.isWorkAsked(k) && this.isPast() ? [...next, inStatus('STUCK')] : next;
  }

  // Back.

  /** Step k has failed, and was never completed. Without `endWithFailure`, what it may have done half-way cannot be undone. */
  private failed(k: number): readonly Next[] {
    return this.childrenFirst(k) ?? this.failedItself(k);
  }

  /** The completed children of a step are rolled back before it is undone itself; null if there are none. */
  private childrenFirst(k: number): readonly Next[] | null {
    const child = dependentsOf(this.state.steps[k]).findLast(({ outcome, undo }) => outcome?.kind === 'succeeded' && undo === undefined);
    if (child === undefined) return null;
    return child.past === true ? [inStatus('ROLLBACK_INCOMPLETE')] : [{ kind: 'children', index: k }];
  }

  private failedItself(k: number): readonly Next[] {
    if (this.handlers[k]?.endWithFailure !== undefined) return [oneOf(k, 'endWithFailure', 1)];
    switch (this.partialWork(k)) {
      case 'none':
        return this.below(k);
      case 'some':
        return this.undoFailed(k);
      case 'unknown':
        return [...this.below(k), ...this.undoFailed(k)];
    }
  }

  private below(k: number): readonly Next[] {
    if (k > 0) return this.isSettled(k - 1) ? this.below(k - 1) : this.undoTurn(k - 1);
    const reached = this.handlers.map((_, i) => this.isUndone(i));
    if (reached.includes('no')) return [inStatus('ROLLBACK_INCOMPLETE')];
    const closed = this.state.steps.some((step, i) => this.isGivenUp(i) || dependentsOf(step).some(({ undo }) => undo === 'closed'));
    const over = inStatus(closed ? 'CLOSED_BY_OPERATOR' : 'ROLLED_BACK');
    return reached.includes('unknown') ? [inStatus('ROLLBACK_INCOMPLETE'), over] : [over];
  }

  /** Step k is completed, and to be undone. */
  private undo(k: number): readonly Next[] {
    if (isPassedOver(this.state, k)) return this.below(k);
    const handler = this.handlers[k];
    // What a step leaves on purpose, its children have done too.
    const children = handler?.leaves === undefined ? this.childrenFirst(k) : null;
    if (children !== null) return children;
    if (handler?.compensate !== undefined || handler?.leaves !== undefined) return [oneOf(k, 'compensate', 1)];
    return handler?.effectFree === true ? this.below(k) : this.undoFailed(k);
  }

  /** An undo callback is committed; what it started has to be over too. */
  private undone(k: number): readonly Next[] {
    const reverts = this.state.steps[k]?.revertWork ?? [];
    if (reverts.some((item) => item.outcome === null)) return [];
    const told = this.handlers[k]?.compensationEnded !== undefined && reverts.length > 0;
    const before = this.history.filter(({ index, callback }) => index === k && callback === 'compensationEnded').length;
    return told ? [oneOf(k, 'compensationEnded', before + 1)] : this.undoOver(k);
  }

  private undoOver(k: number): readonly Next[] {
    return endedWell(this.state.steps[k]?.revertWork ?? []) ? this.below(k) : this.undoFailed(k);
  }

  private undoFailed(k: number): readonly Next[] {
    return this.handlers[k]?.onUndoFailed === 'continue' ? this.below(k) : [inStatus('ROLLBACK_INCOMPLETE')];
  }

  /** Whether step i, if it was reached, has left nothing but what it declares. */
  private isUndone(i: number): 'yes' | 'no' | 'unknown' {
    const entries = this.history.filter(({ index }) => index === i);
    const last = entries.at(-1);
    if (last === undefined || this.isGivenUp(i)) return 'yes';
    if (dependentsOf(this.state.steps[i]).some(({ undo }) => undo === 'stays')) return 'no';
    if (last.callback === 'endWithFailure' || last.callback === 'compensate' || last.callback === 'compensationEnded') {
      const isUntold = last.callback === 'compensationEnded' && this.remembered.toldOfFailure.has(stepNumber(this.state, i));
      return threw(last) || isUntold || !endedWell(this.state.steps[i]?.revertWork ?? []) ? 'no' : 'yes';
    }
    if (this.handlers[i]?.effectFree === true) return 'yes';
    // endSuccessfully is only run for a step whose work ended well: it is completed, even if that threw.
    if (entries.some(({ callback }) => callback === 'endSuccessfully')) return 'no';
    return ({ none: 'yes', some: 'no', unknown: 'unknown' } as const)[this.partialWork(i)];
  }

  // Facts.

  /** Whether a failed step may have effects. Of a callback that threw, only the engine knows whether its calls had left. */
  private partialWork(k: number): 'none' | 'some' | 'unknown' {
    if (this.handlers[k]?.effectFree === true) return 'none';
    const work = this.state.steps[k]?.work ?? [];
    const mayHaveRun = ({ kind }: Outcome): boolean => kind !== 'refused' && kind !== 'notSent';
    if (work.some((item) => item.kind === 'task' && withCleanUps(item).some(({ past, outcome }) => [...past.map((attempt) => attempt.outcome), ...(outcome === null ? [] : [outcome])].some(mayHaveRun)))) return 'some';
    if ((this.state.steps[k]?.called ?? []).length > 0) return 'some';
    return this.committed.some((entry) => entry.index === k && entry.callback !== 'probe' && (entry.callback === 'beforeRetry' || threw(entry))) ? 'unknown' : 'none';
  }

  /** What an independent child has done is its own: then a cancel comes too late for the step that started it. */
  private hasSucceededAlone(k: number): boolean {
    return (this.state.steps[k]?.work ?? []).some((item) => item.kind === 'child' && item.independent && item.outcome?.kind === 'succeeded');
  }

  private isLastAttempt(k: number, attempt: number, callback: CallbackName): boolean {
    const { attempts = 1, retryIf } = this.handlers[k]?.retry ?? {};
    const givenUp = givenUpRuns(this.state).filter((run) => isRunOf(run, callback) && placeOf(this.state, run.number) === k);
    return attempt - givenUp.length >= attempts || !this.isTriedAgain(k, retryIf);
  }

  /** Whether the policy has the latest error of step k's forward callbacks in its set. */
  private isTriedAgain(k: number, retryIf: RetryIf | undefined): boolean {
    const failed = this.history.findLast((entry) => entry.index === k && entry.callback !== 'hasPassed');
    if (retryIf === undefined || failed === undefined) return true;
    const isIn = ({ codes, hostCodes }: ErrorMatch): boolean => codes?.some((code) => code === failed.outcome) === true || hostCodes?.some((code) => code === failed.hostCode) === true;
    return 'only' in retryIf ? isIn(retryIf.only) : !isIn(retryIf.except);
  }

  private crosses(k: number, part: 'beforeTask' | 'task' | 'endSuccessfully'): boolean {
    return this.handlers[k]?.pointOfNoReturn?.part === part;
  }

  /** Tasks that cross may have done so from their placing on, until they ended well or that was asked. */
  private isWorkAsked(k: number): boolean {
    return this.crosses(k, 'task') && this.state.steps[k]?.pivot === 'maybe';
  }

  private hasAnsweredPassed(k: number): boolean {
    return this.history.some(({ index, callback, outcome }) => index === k && callback === 'hasPassed' && outcome === 'passed');
  }

  private isPast(): boolean {
    return this.state.steps.some(({ pivot }) => pivot === 'passed');
  }
}

/** Every task and dependent child ended well; of independent children, one is enough. */
export function endedWell(work: readonly WorkItem[]): boolean {
  const independent = (item: WorkItem): boolean => item.kind === 'child' && item.independent;
  const children = work.filter(independent);
  const well = ({ outcome }: WorkItem): boolean => outcome?.kind === 'succeeded';
  return work.every((item) => independent(item) || well(item)) && (children.length === 0 || children.some(well));
}

function oneOf(index: number, callback: CallbackName, attempt: number, outcome: 'ok' | 'threw' | 'any' = 'any'): Next {
  return { kind: 'callback', index, callback, attempt, outcome };
}

function inStatus(status: CommandStatus): Next {
  return { kind: 'status', status };
}
