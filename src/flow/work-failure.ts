import type { ErrorRecord } from '../model/errors.js';
import { errorOfOutcome } from './retry.js';
import type { WorkItem } from './state.js';
import { IllegalTransition } from './step.js';

// Why a step's work, or the revert tasks of an undo, did not end well.

export function taskFailure(items: readonly WorkItem[]): ErrorRecord | null {
  return ownFailure(items.filter(({ kind }) => kind === 'task'));
}

/** The error of the task or dependent child that failed first in order, or null. The cause, not what was stopped because of it. */
export function ownFailure(items: readonly WorkItem[]): ErrorRecord | null {
  const failures = items.filter((item) => (item.kind === 'task' || !item.independent) && item.outcome?.kind !== 'succeeded');
  const cause = failures.find((item) => !wasStopped(item)) ?? failures[0];
  return cause === undefined ? null : describe(cause);
}

function wasStopped(item: WorkItem): boolean {
  return item.kind === 'child' ? item.stop !== null : item.outcome?.kind === 'aborted' || item.outcome?.kind === 'notSent' || item.givenUp?.error === null;
}

/** Of independent children, one that succeeded is enough. */
export function noneSucceeded(items: readonly WorkItem[]): ErrorRecord | null {
  const children = items.filter((item) => item.kind === 'child' && item.independent);
  const first = children[0];
  return first !== undefined && children.every((child) => child.outcome?.kind !== 'succeeded') ? describe(first) : null;
}

function describe(item: WorkItem): ErrorRecord {
  if (item.outcome === null) throw new IllegalTransition(`${item.id} has not ended`);
  if (item.kind === 'child') return errorOfOutcome(`child ${item.id} (${item.type})`, item.outcome);
  const error = errorOfOutcome(`task ${item.id} (${item.verb})`, item.outcome);
  const why = item.givenUp?.error ?? null;
  return why === null ? error : { ...error, causes: [`the clean-up before its next attempt failed: ${why.message}`, ...why.causes] };
}
