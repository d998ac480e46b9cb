import type { WorkOf } from '../log.js';
import { canEnd, fateNow, giveUp, isDependent, isTask, type Fate, type Item } from './item.js';
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
        items.forEach(giveUp);
        continue;
      case 'due':
      case 'ended':
      case 'childHeld': {
        const item = items[entry.ordinal];
        if (item === undefined || item.outcome !== null || entry.of !== of) throw tale.impossible('nothing like that is outstanding');
        if (entry.kind === 'childHeld') item.held = entry.status;
        else if (entry.kind === 'due') {
          if (!item.waits) throw tale.impossible('it does not wait');
          item.waits = false;
        } else {
          const fate = fateNow(item);
          if (item.waits || !canEnd(entry.outcome, fate, item)) throw tale.impossible(`the script says ${fate}`);
          item.outcome = entry.outcome;
          item.held = null;
          item.stays = entry.childIs === 'past';
          if (entry.childIs === 'closed') item.undone = 'closed';
          hasEnded(item, fate);
        }
        tale.understood();
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
