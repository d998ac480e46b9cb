import { epochOf } from '../../src/flow/ids.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { LedgerEntry } from '../world/ledger.js';
import type { Scene } from './invariant.js';

// What an engine cannot know that goes on from an older copy of its store: what the lost commits had hosts do.

/** Whether it was under way when an older store was accepted, or is about to be, when that is accepted: its status is true of what the store knows alone. */
export function isInDoubt({ epoch }: Pick<Scene, 'epoch'>, state: CommandState): boolean {
  return state.inDoubt === true || ((state.epoch ?? 0) < epoch && !isTerminal(state.status));
}

/** Whether an effect may have been had by commits that are lost: for a command that was under way in the copy, for one that it did not know, or for a namesake of one that was submitted since. */
export function isOfLostCommits({ mirror, epoch }: Scene, { commandId, key, task }: LedgerEntry): boolean {
  const made = epochOf(task ?? key);
  if (made >= epoch) return false;
  const state = mirror.commands.get(commandId);
  if (state === undefined) return !mirror.expired.has(rootIdOf(commandId));
  return isInDoubt({ epoch }, state) || (state.epoch ?? 0) > made;
}
