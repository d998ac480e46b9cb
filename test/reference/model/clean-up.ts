import { runOf } from './callback.js';
import { canEnd, fateNow, hasFailed, isIndependent, newTask, type Item, type Kind } from './item.js';
import { triesAgain } from './retry.js';
import type { Step } from './step.js';
import type { Tale } from './tale.js';

// "an optional `beforeRetry` cleans up, and may return clean-up tasks; the new placeholder is committed when they ended": beside the rest of the step's work.

/** The back-off of a task is over, or an operator wants it again. */
export function dueAgain({ script }: Step, item: Item): void {
  item.waits = false;
  if (script.beforeRetry !== null) item.cleanUp = { attempt: item.cleanUpsGivenUp + 1, failures: 0, tasks: null };
}

/** A run of `beforeRetry` has ended. @returns whether the task has failed for good with it */
export function prepares(tale: Tale, step: Step, ordinal: number): boolean {
  const item = step.items[ordinal];
  const { beforeRetry, cleanUps, attempts } = step.script;
  if (item?.cleanUp?.tasks !== null || beforeRetry === null) throw tale.impossible('nothing is to be cleaned up');
  const { cleanUp } = item;
  const refused = item.stopAsked ? (tale.stopped(step) ?? 'TASK_FAILED') : null;
  const shown = `before ${step.index} #${item.attempt} ${item.past.join('>')}`;
  const end = runOf(tale, step, 'beforeRetry', cleanUp.attempt, beforeRetry, shown, refused, ordinal);
  if (beforeRetry.calls) step.sent = true;
  if (end === 'ok') {
    cleanUp.tasks = cleanUps.map(newTask);
    return cleanedSoFar(tale, item);
  }
  const counts = !(tale.isPast && tale.isUncounted(end));
  if (counts) cleanUp.failures += 1;
  const isOver = counts && (cleanUp.failures >= (tale.isPast ? tale.patience(step.script) : attempts) || !tale.picks(step.script, end));
  if (!item.stopAsked && !isOver) {
    cleanUp.attempt += 1;
    return false;
  }
  return givenUp(item, item.stopAsked ? 'stopped' : 'failed');
}

/** A task of a clean-up has ended. @returns whether the task that it was for has failed for good with it */
export function cleanUpEnded(tale: Tale, step: Step, item: Item, nth: number, outcome: Kind): boolean {
  const tasks = item.cleanUp?.tasks ?? [];
  const task = tasks[nth];
  if (task === undefined || task.outcome !== null || task.waits) throw tale.impossible('nothing like that is cleaned up');
  const fate = fateNow(task);
  if (!canEnd(outcome, fate, task)) throw tale.impossible(`the script says ${fate}`);
  task.outcome = outcome;
  tale.understood();
  if (hasFailed(task)) {
    if (triesAgain(tale, step, task, fate, tale.isPast)) return false;
    if (step.pivot === 'none' && !tale.isPast && tale.rules.siblings === 'areStopped') for (const other of tasks) stop(other);
  }
  return cleanedSoFar(tale, item);
}

function cleanedSoFar({ rules }: Tale, item: Item): boolean {
  const tasks = item.cleanUp?.tasks ?? [];
  if (tasks.some(({ outcome }) => outcome === null)) return false;
  item.cleanedUp.push(...tasks);
  const isGivenUp = item.stopAsked || tasks.some(hasFailed);
  if (isGivenUp && rules.withoutCleanUp === 'endsAsItsLastAttempt') return givenUp(item, tasks.some(hasFailed) ? 'failed' : 'stopped');
  item.cleanUp = null;
  item.cleanUpsGivenUp = 0;
  item.retryGivenUp = null;
  return false;
}

/** It has ended as its last attempt did. */
function givenUp(item: Item, why: 'failed' | 'stopped'): true {
  item.cleanUpsGivenUp = item.cleanUp?.attempt ?? 0;
  item.cleanUp = null;
  item.retryGivenUp = why;
  backToLastAttempt(item);
  return true;
}

function backToLastAttempt(item: Item): void {
  item.waits = false;
  item.stopAsked = false;
  item.attempt -= 1;
  item.outcome = item.past.pop() ?? 'notSent';
}

function stop(item: Item): void {
  if (item.outcome !== null) return;
  if (item.waits) backToLastAttempt(item);
  else item.stopAsked = true;
}

/** The work of a step is asked to stop; what waits for its next attempt, and has nothing under way, is over. */
export function giveUp(tale: Tale, { items }: Step, spares: (item: Item) => boolean = () => false): void {
  items.forEach((item, ordinal) => {
    if (spares(item)) return;
    if (item.outcome !== null || item.cleanUp === null || item.stopAsked) return stop(item);
    // Nothing but the world can say whether a run was under way.
    if (item.cleanUp.tasks === null && !tale.wasPreparing(ordinal)) return void givenUp(item, 'stopped');
    item.stopAsked = true;
    item.cleanUp.tasks?.forEach(stop);
    if (item.cleanUp.tasks !== null) cleanedSoFar(tale, item);
  });
}

/** Something of the step has failed for good. */
export function stopSiblings(tale: Tale, step: Step): void {
  if (step.pivot === 'maybe' || tale.isPast || tale.rules.siblings === 'runOn') return;
  giveUp(tale, step, isIndependent);
}

/** What `beforeRetry` was for may have had effects of its own. */
export function withCleanUps(item: Item): readonly Item[] {
  return [item, ...item.cleanedUp, ...(item.cleanUp?.tasks ?? [])];
}
