import type { WorkOf } from '../log.js';
import { cleanUpEnded, dueAgain, giveUp, prepares, stopSiblings } from './clean-up.js';
import { canEnd, fateNow, isDependent, isTask, type Fate, type Item } from './item.js';
import type { Step } from './step.js';
import { Stop, type Tale } from './tale.js';

// What the world tells while a command waits for work.

/** Takes what is told of these items until all are over. */
export function awaitItems(tale: Tale, step: Step, items: readonly Item[], of: WorkOf, hasEnded: (item: Item, fate: Fate) => void): void {
  while (items.some(({ outcome }) => outcome === null)) {
    const { entry } = tale;
    if (entry === undefined && items.every((item) => !isTask(item) || item.outcome !== null)) throw waitingForChildren(items);
    switch (entry?.kind) {
      case 'cancel':
      case 'timeout':
        if (of === 'undo') throw tale.impossible('there is nothing to stop');
        tale.stopComes(step);
        giveUp(tale, step);
        continue;
      case 'callback':
        if (of === 'undo' || entry.beforeRetryOf === null) throw tale.impossible('work is outstanding');
        if (prepares(tale, step, entry.beforeRetryOf)) stopSiblings(tale, step);
        continue;
      case 'due':
      case 'ended':
      case 'childHeld': {
        const item = items[entry.ordinal];
        if (item === undefined || item.outcome !== null || entry.of !== of) throw tale.impossible('nothing like that is outstanding');
        if (entry.kind === 'childHeld') {
          item.held = entry.status;
          tale.understood();
        } else if (entry.kind === 'due') {
          const waiting = entry.cleanUp === null ? item : item.cleanUp?.tasks?.[entry.cleanUp];
          if (waiting?.waits !== true) throw tale.impossible('it does not wait');
          waiting.waits = false;
          if (waiting === item && of === 'step') dueAgain(step, item);
          tale.understood();
        } else if (entry.cleanUp !== null) {
          if (cleanUpEnded(tale, step, item, entry.cleanUp, entry.outcome)) stopSiblings(tale, step);
        } else {
          const fate = fateNow(item);
          if (item.waits || item.cleanUp !== null || !canEnd(entry.outcome, fate, item)) throw tale.impossible(`the script says ${fate}`);
          item.outcome = entry.outcome;
          item.held = null;
          item.stays = entry.childIs === 'past';
          if (entry.childIs === 'closed') item.undone = 'closed';
          tale.understood();
          hasEnded(item, fate);
        }
        continue;
      }
      default:
        throw tale.impossible('work is outstanding');
    }
  }
}

/** A held child holds its parent; an independent one keeps it waiting. */
function waitingForChildren(items: readonly Item[]): Stop {
  return new Stop(items.find((item) => isDependent(item) && item.held !== null)?.held ?? 'RUNNING');
}
