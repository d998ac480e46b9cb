import type { Outcome } from '../../../src/model/outcome.js';
import { fateOf, type ChildScript, type TaskFate, type TaskScript } from '../script.js';

export type Kind = Outcome['kind'];
/** What the script says of the attempt of a task that is under way; nothing of a child. */
export type Fate = TaskFate | 'child';

/** A piece of work: how its attempts ended, and whether it waits for the next one, has been asked to stop, or is over. */
export interface Item {
  readonly piece: { readonly task: TaskScript } | { readonly child: ChildScript };
  attempt: number;
  failures: number;
  past: Kind[];
  waits: boolean;
  stopAsked: boolean;
  outcome: Kind | null;
  /** What comes before its next attempt, which `attempt` tells of already: `beforeRetry`, and then the tasks that that has returned. */
  cleanUp: { attempt: number; failures: number; tasks: Item[] | null } | null;
  /** The tasks of clean-ups that are over. */
  readonly cleanedUp: Item[];
  /** Runs of `beforeRetry` for the next attempt that are used up, for that was given up; and why. */
  cleanUpsGivenUp: number;
  retryGivenUp: 'failed' | 'stopped' | null;
  /** Of a child: it waits for an operator, and is so. */
  held: string | null;
  /** Of a child: it has completed, and cannot be rolled back any more. */
  stays: boolean;
  /** Of a child that had completed, or that an operator has closed. */
  undone: 'rolledBack' | 'stays' | 'closed' | null;
}

export function newItem(piece: Item['piece']): Item {
  return { piece, attempt: 1, failures: 0, past: [], waits: false, stopAsked: false, outcome: null, cleanUp: null, cleanedUp: [], cleanUpsGivenUp: 0, retryGivenUp: null, held: null, stays: false, undone: null };
}

export function newTask(task: TaskScript): Item {
  return newItem({ task });
}

export function isTask({ piece }: Item): boolean {
  return 'task' in piece;
}

export function isDependent({ piece }: Item): boolean {
  return 'child' in piece && !piece.child.independent;
}

export function isIndependent({ piece }: Item): boolean {
  return 'child' in piece && piece.child.independent;
}

export function fateNow({ piece, attempt }: Item): Fate {
  return 'child' in piece ? 'child' : fateOf(piece.task, attempt);
}

export function hasFailed({ outcome }: Item): boolean {
  return outcome !== null && outcome !== 'succeeded';
}

/** What a callback is shown of work. */
export function outcomesOf(items: readonly Item[]): string {
  return items.map(({ past, outcome }) => [...past, outcome ?? 'none'].join('>')).join(' ');
}

/** The next attempt. @param waits whether that comes after a back-off */
export function tryAgain(item: Item, waits: boolean): void {
  if (item.outcome !== null) item.past.push(item.outcome);
  item.outcome = null;
  item.attempt += 1;
  item.waits = waits;
  item.stopAsked = false;
}

/** What has failed for good has all its attempts again, at once. */
export function beginAgain(item: Item): void {
  if (hasFailed(item)) tryAgain(item, false);
  item.waits = false;
  item.failures = 0;
}

/** Whether it can be said to have ended so. A task that was asked to stop may have ended before; or does not. */
export function canEnd(outcome: Kind, fate: Fate, item: Item): boolean {
  const { piece, stopAsked } = item;
  if ('child' in piece) return outcome === 'succeeded' || outcome === 'childFailed';
  // A host's word that a stopped task did not succeed is the end that was asked for, whatever its code.
  if (outcome === 'notSent') return stopAsked;
  if (outcome === 'aborted') return stopAsked && (piece.task.heedsStop || fate !== 'well');
  switch (fate) {
    case 'well':
    case 'goneAlready':
    case 'refusedAsGone':
      return outcome === 'succeeded';
    case 'refused':
      return outcome === 'refused';
    default:
      return outcome === 'failed';
  }
}
