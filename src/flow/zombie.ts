import { cleanUpTask, stopTask } from './clean-up.js';
import type { Instant } from './event.js';
import { stops } from './items.js';
import { isOfOlderStore } from './older-store.js';
import type { CommandState, TaskItem } from './state.js';
import type { Transition } from './step.js';
import { outstandingWork, replaced, withItems } from './work.js';

// A task that has grown older than any should (semantics §4, "Zombie"; oVirt: AsyncTaskZombieTaskLifeInMinutes). It alone is asked to stop, like all that is
// asked to, in a commit and co-operatively: how it ends is still its host's to say.

/** Null: it is not waited for any more, was asked to stop before, or is of an older store, of which an operator decides. */
export function taskOverdue(state: CommandState, id: string, at: Instant): Transition | null {
  if (isOfOlderStore(state)) return null;
  const { of, items } = outstandingWork(state);
  const found = cleanUpTask(items, id);
  const item = found?.item ?? items.find((candidate) => candidate.id === id);
  const task = found?.task ?? item;
  if (item?.kind !== 'task' || task?.kind !== 'task' || !isStoppable(task)) return null;
  const stopped = stopTask(task, 'zombie', at);
  const next = found === null ? stopped : { ...item, cleanUp: { at: 'work' as const, run: found.run, work: found.work.map((other) => (other === task ? stopped : other)) } };
  return { state: withItems(state, of, replaced(items, item, next)), effects: stops([stopped]) };
}

/** Whether it is on a host, as far as anybody knows, and nobody has asked for it to stop. */
function isStoppable({ outcome, stop, notBefore, cleanUp }: TaskItem): boolean {
  return outcome === null && stop === null && notBefore === null && cleanUp === undefined;
}
