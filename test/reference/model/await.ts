import type { WorkOf } from '../log.js';
import { fateOf } from '../script.js';
import { canEnd, giveUp, isDependent, isTask, type Item } from './item.js';
import { Stop, type Tale } from './tale.js';

// What the world tells while a command waits for work.

/** Takes what is told of these items until all are over. */
export function awaitItems(tale: Tale, items: readonly Item[], of: WorkOf, hasEnded: (item: Item, fate: string) => void): void {
  while (items.some(({ outcome }) => outcome === null)) {
    const { entry } = tale;
    if (entry === undefined && items.every((item) => !isTask(item) || item.outcome !== null)) throw waitingForChildren(items);
    switch (entry?.kind) {
      case 'cancel':
        if (of === 'undo') throw tale.impossible('a cancel is refused here');
        tale.cancelComes();
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
          const fate = 'child' in item.piece ? 'child' : fateOf(item.piece.task, item.attempt);
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
