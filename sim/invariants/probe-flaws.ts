import { isOver } from '../../actors/host/task-status.js';
import type { CommandState, HistoryEntry, TaskItem } from '../../src/flow/state.js';
import type { ErasedHandler } from '../../src/model/handler.js';
import { awaitedWork } from './awaited-work.js';
import { engineTask } from './engine-task.js';
import type { Scene } from './invariant.js';
import { threw } from './next-callbacks.js';

// The rules of `probe` (semantics §3, hosts that make their own task ids), which runs beside the work of its step.

/**
 * What is wrong with a run of it, in words, or null.
 * @param state the durable state in which it runs, or was committed @param history what was committed before
 * @param outcome null: it merely runs
 */
export function probeFlaw(
  scene: Pick<Scene, 'ownIds' | 'storage'>,
  handler: ErasedHandler | undefined,
  history: readonly HistoryEntry[],
  state: CommandState,
  { attempt, task }: Pick<HistoryEntry, 'attempt' | 'task'>,
  outcome: string | null,
): string | null {
  const item = awaitedWork(state).tasks.find(({ id }) => id === task);
  if (item === undefined) return 'no such task is waited for';
  if (!scene.ownIds.has(item.pool)) return `the hosts of ${item.pool} can be asked about it`;
  if (item.probing === undefined) return 'it was not committed that this is not known';
  if (handler?.probe === undefined && outcome !== null && outcome !== 'cannotTell') return 'its handler has none';
  const runs = history.filter((entry) => entry.callback === 'probe' && entry.task === task);
  if (runs.some((entry) => !threw(entry))) return 'it was answered already';
  if (attempt !== runs.length + 1) return `its last attempt before that was ${runs.length}`;
  const running = scene.storage.tasks(item.pool).find((stored) => engineTask(stored) === task && !isOver(stored));
  return running === undefined ? null : `the hosts of ${item.pool} hold it as ${running.id} (${running.state})`;
}

/** Whether this attempt comes in the place of one that had left nothing: then nothing has to be cleaned up. */
export function isSubmittedAnew({ past }: TaskItem, history: readonly HistoryEntry[]): boolean {
  const last = past.at(-1);
  return history.some(({ callback, task, outcome }) => callback === 'probe' && task === last?.id && outcome === 'notDone');
}
