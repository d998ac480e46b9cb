import { tryAgain, type Fate, type Item } from './item.js';
import type { Step } from './step.js';
import type { Tale } from './tale.js';

// "Retries are per task".

/** Whether a task that failed has an attempt left; then it waits for it. */
export function triesAgain(tale: Tale, step: Step, item: Item, fate: Fate, patient: boolean): boolean {
  const { script } = step;
  if (item.outcome === null || item.retryGivenUp === 'failed' || (item.stopAsked && !tale.rules.stoppedTriedAgain)) return false;
  if (fate === 'child' || (!patient && tale.stopped(step) !== null)) return false;
  const counts = !(patient && tale.rules.isUncountedTask(item.outcome, fate));
  if (counts && (item.failures + 1 >= (patient ? tale.patience(script) : script.attempts) || !tale.picks(script, fate))) return false;
  if (counts) item.failures += 1;
  tryAgain(item, true);
  return true;
}
