import type { Part } from '../rules.js';
import type { Runs } from '../script.js';
import { awaitItems } from './await.js';
import { runOf } from './callback.js';
import { withCleanUps } from './clean-up.js';
import { beginAgain, hasFailed, isDependent, isTask, newTask, outcomesOf, type Item } from './item.js';
import { held } from './operator.js';
import type { Step } from './step.js';
import { Stop, type Tale } from './tale.js';
import { triesAgain } from './retry.js';

// "Failure of step k": from there on everything is undone, in reverse.

/** A step, and how it is undone: in the order in which it is its turn. */
interface Turn {
  readonly step: Step;
  readonly own: () => void;
}

/** @param failed which part of step k has */
export function rollBack(tale: Tale, k: number, failed: Part): string {
  const { endWithFailure, firstCompensated } = tale.rules.failure[failed];
  const step = stepOf(tale, k);
  step.pivot = 'none';
  if (failed === 'endSuccessfully') step.completed = true;
  const first = endWithFailure ? [{ step, own: () => cleanUp(tale, step) }] : [];
  return takeTurns(tale, [...first, ...compensations(tale, firstCompensated(k))]);
}

/** Its parent rolls back, so that a completed command does. */
export function rollBackCompleted(tale: Tale): string {
  return takeTurns(tale, compensations(tale, tale.steps.length - 1));
}

function compensations(tale: Tale, first: number): readonly Turn[] {
  if (first < 0) return [];
  const step = stepOf(tale, first);
  return [{ step, own: () => compensate(tale, step) }, ...compensations(tale, tale.rules.nextUndone(first))];
}

function stepOf(tale: Tale, i: number): Step {
  const step = tale.steps[i];
  if (step === undefined) throw new Error(`the model has not come to step ${i}`);
  return step;
}

function takeTurns(tale: Tale, turns: readonly Turn[]): string {
  let next = 0;
  for (let turn = turns[next]; ; turn = turns[next]) {
    try {
      if (turn !== undefined) takeTurn(tale, turn);
      else if (tale.steps.some(isNotUndone)) throw new Incomplete(null, null);
      else return tale.steps.some(isClosed) ? tale.rules.givenUp : 'ROLLED_BACK';
      next += 1;
    } catch (incomplete) {
      if (!(incomplete instanceof Incomplete)) throw incomplete;
      next = decided(tale, turns, next, incomplete);
    }
  }
}

function takeTurn(tale: Tale, { step, own }: Turn): void {
  if (step.undo !== undefined && !step.goesOn) return;
  step.goesOn = false;
  if (!(step.completed && step.script.leaves && tale.rules.leavesItsChildren)) rollBackChildren(tale, step);
  own();
}

// "A failed undo", and what an operator makes of it.

/** The rollback stops: at a step, or because not every one is undone; at a child that stays. */
class Incomplete extends Error {
  constructor(
    readonly step: Step | null,
    readonly child: Item | null,
  ) {
    super('ROLLBACK_INCOMPLETE');
  }
}

/** @returns whose turn it is then */
function decided(tale: Tale, turns: readonly Turn[], at: number, { step, child }: Incomplete): number {
  const how = held(tale, 'ROLLBACK_INCOMPLETE');
  if (how === 'retry') {
    const again = tale.steps.filter((other) => tale.rules.retried.includes(other.undo ?? '') && !(other.undo === 'notUndoable' && other.items.some(({ undone }) => undone === 'stays')));
    for (const other of again) other.undo = undefined;
    const latest = turns.findIndex((turn) => turn.step === again.at(-1));
    return latest === -1 ? turns.length : latest;
  }
  for (const other of tale.steps) {
    if (step === null ? hasFailedUndo(other) : other === step) other.undo = how;
    else if (other.undo === 'blocked') other.undo = undefined;
  }
  if (step === null || child === null) return at + 1;
  child.undone = 'stays';
  step.goesOn = true;
  return at;
}

function hasFailedUndo({ undo }: Step): boolean {
  return undo === 'failed' || undo === 'notUndoable' || undo === 'blocked';
}

function isGivenUp({ undo }: Step): boolean {
  return undo === 'skipped' || undo === 'resolved';
}

function isNotUndone(step: Step): boolean {
  return step.undo === 'failed' || step.undo === 'notUndoable' || (!isGivenUp(step) && step.items.some(({ undone }) => undone === 'stays'));
}

function isClosed(step: Step): boolean {
  return isGivenUp(step) || hasClosedChild(step);
}

/** Ended by an operator, and so is then all that depends on it. */
export function hasClosedChild({ items }: Step): boolean {
  return items.some((item) => isDependent(item) && item.undone === 'closed');
}

function undoFailed(tale: Tale, step: Step, how: string, child: Item | null = null): void {
  step.undo = how;
  if (step.script.onUndoFailed === 'continue') return;
  for (const earlier of tale.steps.slice(0, step.index)) {
    if (!earlier.script.effectFree && earlier.undo === undefined) earlier.undo = tale.rules.beforeAFailedUndo;
  }
  throw new Incomplete(step, child);
}

// What is undone of a step.

/** What the failed step did half-way. */
function cleanUp(tale: Tale, step: Step): void {
  const { endWithFailure, effectFree } = step.script;
  if (endWithFailure !== null) undo(tale, step, 'endWithFailure', endWithFailure, `${step.begun} ${outcomesOf(step.items)}`);
  else if (!effectFree && (step.sent || step.items.some((item) => mayHaveRun(tale, item)))) undoFailed(tale, step, 'notUndoable');
}

function mayHaveRun(tale: Tale, item: Item): boolean {
  const ends = withCleanUps(item).flatMap(({ past, outcome }) => [...past, ...(outcome === null ? [] : [outcome])]);
  return isTask(item) && ends.some((kind) => !tale.rules.neverRan.includes(kind));
}

function compensate(tale: Tale, step: Step): void {
  const { compensate: runs, leaves, effectFree } = step.script;
  if (runs !== null || leaves) undo(tale, step, 'compensate', runs, step.hasOutput ? `output ${step.index}` : 'undefined');
  else if (effectFree || tale.rules.withoutCompensate === 'nothingToUndo') step.undo ??= 'nothingToUndo';
  else undoFailed(tale, step, 'notUndoable');
}

/** One undo callback and its revert tasks. Undo work is patient. If an operator wants it again: what of it has failed. */
function undo(tale: Tale, step: Step, callback: 'endWithFailure' | 'compensate', runs: Runs | null, shown: string): void {
  const { reverts } = step;
  if (reverts.length > 0) reverts.forEach(beginAgain);
  else if (!undoCallback(tale, step, callback, runs, shown)) return undoFailed(tale, step, 'failed');
  awaitItems(tale, step, step.reverts, 'undo', (item, fate) => {
    if (hasFailed(item)) triesAgain(tale, step, item, fate, true);
  });
  const told = tellOfReverts(tale, step, callback);
  if (step.reverts.some(hasFailed) || (!told && tale.rules.untold === 'failed')) return undoFailed(tale, step, 'failed');
  if (step.completed) step.undo ??= runs === null ? 'left' : 'compensated';
}

function undoCallback(tale: Tale, step: Step, callback: 'endWithFailure' | 'compensate', runs: Runs | null, shown: string): boolean {
  const { script } = step;
  const { well, attempt } = patiently(tale, step, callback, step.undoRuns + 1, runs, shown);
  step.undoRuns = attempt;
  if (!well) return false;
  if (callback === 'compensate' && script.leaves && tale.rules.residueIsDeclared) tale.residue.push(`leave step${step.index}`);
  if (runs !== null) step.reverts = script.reverts.map(newTask);
  return true;
}

/** The handler is told how its revert tasks have ended, if there were some; that makes nothing good that has failed. @returns whether it took that */
function tellOfReverts(tale: Tale, step: Step, of: 'endWithFailure' | 'compensate'): boolean {
  const { compensationEnded } = step.script;
  if (step.reverts.length === 0 || compensationEnded === null) return true;
  const shown = `${of} ${outcomesOf(step.reverts)} ${step.reverts.some(hasFailed) ? 'TASK_FAILED' : 'well'}`;
  const { well, attempt } = patiently(tale, step, 'compensationEnded', step.told + 1, compensationEnded, shown);
  step.told = attempt;
  return well;
}

/** Runs a callback as undo work is. @param first its attempt @returns whether it has ended well, and the last attempt */
function patiently(tale: Tale, step: Step, callback: string, first: number, runs: Runs | null, shown: string): { readonly well: boolean; readonly attempt: number } {
  let failures = 0;
  for (let attempt = first; ; attempt += 1) {
    const end = runOf(tale, step, callback, attempt, runs, shown);
    if (end === 'ok') return { well: true, attempt };
    if (tale.isUncounted(end)) continue;
    failures += 1;
    if (failures >= step.script.undoAttempts || !tale.picks(step.script, end)) return { well: false, attempt };
  }
}

// "Child commands".

/** The completed children of a step, one at a time. */
function rollBackChildren(tale: Tale, step: Step): void {
  const completed = step.items.filter((item) => isDependent(item) && item.outcome === 'succeeded' && item.undone === null);
  for (const child of tale.rules.childrenRolledBack === 'lastFirst' ? completed.toReversed() : completed) {
    if (child.stays) {
      undoFailed(tale, step, 'notUndoable', child);
      child.undone = 'stays';
    } else awaitRollback(tale, step, child);
  }
}

function awaitRollback(tale: Tale, step: Step, child: Item): void {
  const ordinal = step.items.indexOf(child);
  while (child.undone === null) {
    const { entry } = tale;
    if (entry === undefined) throw new Stop(child.held ?? 'ROLLING_BACK', { step: step.index, ordinal });
    if ((entry.kind !== 'childHeld' && entry.kind !== 'childUndone') || entry.ordinal !== ordinal) throw tale.impossible(`child ${ordinal} is being rolled back`);
    if (entry.kind === 'childHeld') child.held = entry.status;
    else child.undone = entry.how;
    tale.understood();
  }
}
