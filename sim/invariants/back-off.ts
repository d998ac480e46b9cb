import { withCleanUps } from '../../src/flow/clean-up.js';
import type { CommandState, HistoryEntry, TaskItem } from '../../src/flow/state.js';
import type { Changed } from './store-mirror.js';

// When an attempt is due is committed before the wait (semantics §2, "Retry"): nothing begins sooner, whatever happens meanwhile. All times are µs.

/** When a run that begins now was due, if that is still to come; else null. */
export function runsBefore({ phase, steps }: CommandState, { index, callback, task }: Pick<HistoryEntry, 'index' | 'callback' | 'task'>, now: number): number | null {
  const item = steps[index]?.work.find(({ id }) => id === task);
  const cleanUp = item?.kind === 'task' && item.cleanUp?.at === 'callback' ? item.cleanUp : null;
  const asked = callback === 'probe' ? tasksOf({ steps }).find(({ id }) => id === task) : undefined;
  const due = callback === 'beforeRetry' ? cleanUp?.notBefore : callback === 'probe' ? asked?.probing?.notBefore : phase.at === 'callback' ? phase.notBefore : null;
  return due !== null && due !== undefined && due > now ? due : null;
}

/** The tasks whose next attempt begins with this change, though it is not due yet. */
export function begunTooSoon({ before, after }: Changed<CommandState>, now: number): readonly string[] {
  if (before === undefined || after === undefined) return [];
  const waits = ({ notBefore }: TaskItem): boolean => notBefore !== null && notBefore > now;
  const tasks = tasksOf(before);
  if (!tasks.some(waits)) return [];
  const waiting = new Set(tasks.filter(waits).map(({ id }) => id));
  return tasksOf(after).flatMap(({ id, notBefore, outcome }) => (waiting.has(id) && notBefore === null && outcome === null ? [id] : []));
}

function tasksOf({ steps }: Pick<CommandState, 'steps'>): readonly TaskItem[] {
  return steps.flatMap(({ work, revertWork }) => [...work, ...revertWork].flatMap((item) => (item.kind === 'task' ? withCleanUps(item) : [])));
}
