import type { RecoveryChange } from './verb.js';

/** A task's recoveries after these changes. The last one runs first. */
export function changedRecoveries(before: readonly string[], changes: readonly RecoveryChange[]): readonly string[] {
  return changes.reduce(changed, before);
}

function changed(list: readonly string[], change: RecoveryChange): readonly string[] {
  switch (change.do) {
    case 'push':
      return [...list, change.name];
    case 'clear':
      return [];
    case 'replaceAfter':
      // Down to the sentinel and no further: what stands before it belongs to what this is a part of.
      return [...list.slice(0, list.lastIndexOf(change.sentinel) + 1), change.name];
  }
}
