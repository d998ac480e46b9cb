import { runEnd } from '../script.js';
import { awaitItems } from './await.js';
import { ask } from './callback.js';
import { dueAgain, stopSiblings } from './clean-up.js';
import { beginAgain, fateNow, hasFailed, isDependent, isIndependent, isTask, newTask, outcomesOf, type Item } from './item.js';
import { stuck } from './operator.js';
import { triesAgain } from './retry.js';
import type { Step } from './step.js';
import type { Tale } from './tale.js';

// "Several tasks", "Retry", and what children are to the step that started them.

/** Waits until all work of the step is over. @returns whether it ended well */
export function work(tale: Tale, step: Step): boolean {
  const { script } = step;
  for (;;) {
    awaitItems(tale, step, step.items, 'step', (item, fate) => {
      if (isIndependent(item) || item.outcome === 'succeeded') return;
      if (isTask(item) && (step.pivot === 'maybe' || triesAgain(tale, step, item, fate, tale.isPast))) return;
      stopSiblings(tale, step);
    });
    const failed = step.items.filter((item) => isTask(item) && hasFailed(item));
    if (failed.length > 0 && step.pivot === 'maybe') {
      if (ask(tale, step, attemptsOf(step)) === 'passed') {
        step.pivot = 'passed';
        tale.cancelled = false;
        createAgain(tale, step, failed);
        continue;
      }
      // A child is not tried again, so that the step fails all the same.
      if (step.items.some((item) => isDependent(item) && hasFailed(item)) && !tale.isPast) return tale.fails(tale.stopped(step) ?? 'CHILD_FAILED');
      const over = failed.filter((item) => !triesAgain(tale, step, item, fateNow(item), tale.isPast));
      if (over.length === 0) continue;
      if (!tale.isPast) return tale.fails(tale.stopped(step) ?? 'TASK_FAILED');
      stuck(tale);
      failed.forEach((item) => fromTheBeginning(step, item));
      continue;
    }
    if (step.pivot === 'maybe' && script.pivot === 'task') step.pivot = 'passed';
    const error = errorOfWork(tale, step);
    if (error === null) return true;
    if (!tale.isPast) return tale.fails(tale.stopped(step) ?? error);
    stuck(tale);
    if (failed.length === 0) throw tale.impossible('a child is not tried again');
    failed.forEach((item) => fromTheBeginning(step, item));
  }
}

/** An operator wants it again. */
function fromTheBeginning(step: Step, item: Item): void {
  beginAgain(item);
  dueAgain(step, item);
}

/** Of the piece that failed, rather than was stopped because of another one. */
function errorOfWork(tale: Tale, { items }: Step): string | null {
  const bad = items.filter((item) => !isIndependent(item) && hasFailed(item));
  const cause = bad.find((item) => (isTask(item) ? item.outcome !== 'aborted' && item.outcome !== 'notSent' && item.retryGivenUp !== 'stopped' : !item.stopAsked)) ?? bad[0];
  if (cause !== undefined) return isTask(cause) ? 'TASK_FAILED' : 'CHILD_FAILED';
  const independent = items.filter(isIndependent);
  return tale.rules.childrenEndedWell(independent.filter(({ outcome }) => outcome === 'succeeded').length, independent.length) ? null : 'CHILD_FAILED';
}

/** Past the point of no return, `createTask` says what remains in the place of the tasks that had failed. It must succeed in that. */
function createAgain(tale: Tale, step: Step, failed: readonly Item[]): void {
  const { script } = step;
  let failures = 0;
  for (let attempt = step.startedBy + 1; ; attempt += 1) {
    const end = runEnd(script.createTask, attempt);
    tale.expect(step, 'createTask', attempt, end);
    if (end === 'ok') {
      tale.writes(step, 'createTask', attempt, script.createTask, `before ${step.index} ${outcomesOf(step.items)}`);
      step.items = [...step.items.filter((item) => !failed.includes(item)), ...script.createdTasks.map(newTask)];
      return;
    }
    if (tale.isUncounted(end)) continue;
    failures += 1;
    if (failures < tale.patience(script) && tale.picks(script, end)) continue;
    stuck(tale);
    failures = 0;
  }
}

function attemptsOf({ items }: Step): number {
  return items.filter(isTask).reduce((sum, { past, outcome }) => sum + [...past, outcome].filter((kind) => kind !== 'notSent').length, 0);
}
