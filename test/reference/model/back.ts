import type { Part } from '../rules.js';
import type { Runs } from '../script.js';
import { awaitItems } from './await.js';
import { runOf } from './callback.js';
import { hasFailed, isDependent, isTask, newTask, outcomesOf, type Item } from './item.js';
import type { Step } from './step.js';
import { CANCELLED, Stop, type Tale } from './tale.js';
import { triesAgain } from './work.js';

// "Failure of step k": from there on everything is undone, in reverse.

/** @param failed which part of step k has */
export function rollBack(tale: Tale, k: number, failed: Part): string {
  const { endWithFailure, firstCompensated } = tale.rules.failure[failed];
  const step = stepOf(tale, k);
  step.pivot = 'none';
  if (failed === 'endSuccessfully') step.completed = true;
  if (endWithFailure) {
    rollBackChildren(tale, step);
    cleanUp(tale, step);
  }
  return compensateFrom(tale, firstCompensated(k));
}

/** Steps `first` to 0, all of them completed. */
export function compensateFrom(tale: Tale, first: number): string {
  for (let i = first; i >= 0; i = tale.rules.nextUndone(i)) compensate(tale, stepOf(tale, i));
  return tale.steps.some(({ undo }) => undo === 'failed' || undo === 'notUndoable') ? 'ROLLBACK_INCOMPLETE' : 'ROLLED_BACK';
}

function stepOf(tale: Tale, i: number): Step {
  const step = tale.steps[i];
  if (step === undefined) throw new Error(`the model has not come to step ${i}`);
  return step;
}

/** What the failed step did half-way. */
function cleanUp(tale: Tale, step: Step): void {
  const { endWithFailure, effectFree } = step.script;
  if (endWithFailure !== null) undo(tale, step, 'endWithFailure', endWithFailure, `${step.begun} ${outcomesOf(step)}`);
  else if (!effectFree && (step.sent || step.items.some((item) => mayHaveRun(tale, item)))) undoFailed(tale, step, 'notUndoable');
}

function mayHaveRun(tale: Tale, item: Item): boolean {
  return isTask(item) && [...item.past, ...(item.outcome === null ? [] : [item.outcome])].some((kind) => !tale.rules.neverRan.includes(kind));
}

function compensate(tale: Tale, step: Step): void {
  const { compensate: runs, leaves, effectFree } = step.script;
  if (!(leaves && tale.rules.leavesItsChildren)) rollBackChildren(tale, step);
  if (runs !== null || leaves) undo(tale, step, 'compensate', runs, step.hasOutput ? `output ${step.index}` : 'undefined');
  else if (effectFree || tale.rules.withoutCompensate === 'nothingToUndo') step.undo ??= 'nothingToUndo';
  else undoFailed(tale, step, 'notUndoable');
}

/** One undo callback and its revert tasks. Undo work is patient. */
function undo(tale: Tale, step: Step, callback: 'endWithFailure' | 'compensate', runs: Runs | null, shown: string): void {
  const { script } = step;
  let failures = 0;
  for (let attempt = 1; ; attempt += 1) {
    const end = runOf(tale, step, callback, attempt, runs, shown);
    if (end === 'ok') break;
    if (end === CANCELLED || !tale.rules.uncountedRuns.includes(end)) failures += 1;
    if (failures >= script.undoAttempts) return undoFailed(tale, step, 'failed');
  }
  if (callback === 'compensate' && script.leaves && tale.rules.residueIsDeclared) tale.residue.push(`leave step${step.index}`);
  const reverts = runs === null ? [] : script.reverts.map(newTask);
  awaitItems(tale, reverts, 'undo', (item, fate) => {
    if (hasFailed(item)) triesAgain(tale, item, fate, script, true);
  });
  if (reverts.some(hasFailed)) return undoFailed(tale, step, 'failed');
  if (step.completed) step.undo ??= runs === null ? 'left' : 'compensated';
}

function undoFailed(tale: Tale, step: Step, how: string): void {
  step.undo = how;
  if (step.script.onUndoFailed === 'continue') return;
  for (const earlier of tale.steps.slice(0, step.index)) {
    if (!earlier.script.effectFree && tale.rules.beforeAFailedUndo !== undefined) earlier.undo = tale.rules.beforeAFailedUndo;
  }
  throw new Stop('ROLLBACK_INCOMPLETE');
}

// "Child commands".

/** The completed children of a step, one at a time. */
function rollBackChildren(tale: Tale, step: Step): void {
  const completed = step.items.filter((item) => isDependent(item) && item.outcome === 'succeeded');
  for (const child of tale.rules.childrenRolledBack === 'lastFirst' ? completed.toReversed() : completed) {
    if (child.stays) {
      undoFailed(tale, step, 'notUndoable');
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
