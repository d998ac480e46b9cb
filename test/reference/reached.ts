import { textOf } from './log.js';
import type { Life } from './play.js';

/** What a life has come to: each kind of line in its log, the ends of its undos, its status. A generator that no longer brings one of them about compares less. */
export function reachedIn({ log, state }: Life): ReadonlySet<string> {
  return new Set([
    ...log.map(({ entry }) => textOf(entry).replace(/ #?\d+/g, '')),
    ...state.steps.flatMap(({ undo }) => (undo === undefined ? [] : [`undo ${undo}`])),
    `status ${state.status}`,
  ]);
}
