import { withCleanUps } from '../../src/flow/clean-up.js';
import type { CommandState, HistoryEntry, TaskItem } from '../../src/flow/state.js';
import type { ErasedHandler } from '../../src/model/handler.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { threw } from './next-callbacks.js';
import { isSubmittedAnew } from './probe-flaws.js';
import { givenUpRuns } from './step-places.js';

// The rules of `beforeRetry` (semantics §2, "Retry"), which runs beside the work of its step: judged one by one, apart from the order of the others.

/**
 * What is wrong with a run of it, in words, or null.
 * @param state the durable state in which it runs, or was committed @param history what was committed before
 * @param outcome null: it merely runs
 */
export function beforeRetryFlaw(
  handler: ErasedHandler | undefined,
  history: readonly HistoryEntry[],
  state: CommandState,
  { index, attempt, task }: Pick<HistoryEntry, 'index' | 'attempt' | 'task'>,
  outcome: string | null,
  isPlaced: boolean,
): string | null {
  if (handler?.beforeRetry === undefined) return 'its handler has none';
  const work = state.steps[index]?.work ?? [];
  const item = work.find(({ id }) => id === task);
  if (task === undefined || item?.kind !== 'task' || item.outcome !== null) return 'no such task is to be tried again';
  if (isPlaced) return 'that attempt is placed already';
  const past = state.steps.some(({ pivot }) => pivot === 'passed');
  const last = item.past.at(-1)?.outcome.kind ?? 'nothing';
  if (last === 'nothing' || last === 'succeeded' || (last === 'aborted' && !past)) return `the attempt before it ended as ${last}`;
  const runs = history.filter((entry) => entry.callback === 'beforeRetry' && entry.task === task);
  const givenUp = givenUpRuns(state).filter((run) => run.callback === 'beforeRetry' && run.task === task);
  const before = Math.max(0, ...[...runs, ...givenUp].map((run) => run.attempt));
  if (attempt !== before + 1) return `its last attempt before that was ${before}`;
  // With what an operator has tried again, and behind a point of no return, there may be further runs.
  if (past || state.operator.length > 0) return null;
  if (runs.some((entry) => !threw(entry))) return 'it was done already';
  if (attempt - givenUp.length > (handler.retry?.attempts ?? 1)) return 'its attempts are used up';
  const isStopped = state.cancel !== null || state.steps[index]?.timedOut !== undefined || (state.steps[index]?.pivot === 'none' && work.some(hasFailed));
  return outcome === 'ok' && isStopped ? 'the step is being stopped' : null;
}

/** A task, or a dependent child, that has failed for good: then nothing of the step is tried again. */
function hasFailed(item: CommandState['steps'][number]['work'][number]): boolean {
  return (item.kind === 'task' || !item.independent) && item.outcome !== null && item.outcome.kind !== 'succeeded';
}

/** What is wrong with the placing of a task, as far as what comes before a further attempt is concerned; or null. */
export function placingFlaw(handlers: readonly ErasedHandler[], history: readonly HistoryEntry[], state: CommandState, task: SpmAsyncTask): string | null {
  const { id, executionIndex, attempt } = task;
  const items = (state.steps[executionIndex]?.work ?? []).filter((item): item is TaskItem => item.kind === 'task');
  const item = items.find((candidate) => candidate.id === id);
  if (item === undefined || attempt === 1 || isSubmittedAnew(item, history) || handlers[executionIndex]?.beforeRetry === undefined) return null;
  const done = history.find((entry) => entry.callback === 'beforeRetry' && entry.task === id && !threw(entry));
  if (done === undefined) return 'it was placed without the clean-up before it';
  const run = history.findLast((entry) => entry.callback === 'beforeRetry' && entry.task === id)?.attempt ?? 0;
  const undone = withCleanUps(item).find((cleanUp) => cleanUp.id.startsWith(`${id}.r${run}.`) && cleanUp.outcome?.kind !== 'succeeded');
  return undone === undefined ? null : `it was placed, and clean-up task ${undone.id} had not ended well`;
}
