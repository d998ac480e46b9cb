import type { ErrorRecord } from '../model/errors.js';
import type { Failure } from '../model/outcome.js';
import { errorOfOutcome } from './retry.js';
import type { WorkItem } from './state.js';
import { IllegalTransition } from './step.js';

// Why a step's work, or the revert tasks of an undo, did not end well. All of it has ended.

export function taskFailure(items: readonly WorkItem[]): ErrorRecord | null {
  return ownFailure(items.filter(({ kind }) => kind === 'task'));
}

/** The error of the task or dependent child that failed first in order, or null. The cause, not what was stopped because of it. */
export function ownFailure(items: readonly WorkItem[]): ErrorRecord | null {
  const failures = failed(items.filter((item) => item.kind === 'task' || !item.independent));
  const cause = failures.find((failure) => !wasStopped(failure)) ?? failures[0];
  return cause === undefined ? null : describe(cause);
}

/** Of independent children, one that succeeded is enough. */
export function noneSucceeded(items: readonly WorkItem[]): ErrorRecord | null {
  const children = items.filter((item) => item.kind === 'child' && item.independent);
  const failures = failed(children);
  const [first] = failures;
  return first !== undefined && failures.length === children.length ? describe(first) : null;
}

/** A piece of work, and its end, which was no end well. */
interface Failed {
  readonly item: WorkItem;
  readonly outcome: Failure;
}

function failed(items: readonly WorkItem[]): readonly Failed[] {
  return items.flatMap((item) => {
    const { id, outcome } = item;
    if (outcome === null) throw new IllegalTransition(`${id} has not ended`);
    return outcome.kind === 'succeeded' ? [] : [{ item, outcome }];
  });
}

function wasStopped({ item, outcome }: Failed): boolean {
  if (item.kind === 'child') return item.stop !== null;
  // A zombie was stopped for its own sake.
  return (outcome.kind === 'aborted' && outcome.reason !== 'zombie') || outcome.kind === 'notSent' || item.givenUp?.error === null;
}

function describe({ item, outcome }: Failed): ErrorRecord {
  if (item.kind === 'child') return errorOfOutcome(`child ${item.id} (${item.type})`, outcome);
  const error = errorOfOutcome(`task ${item.id} (${item.verb})`, outcome);
  const why = item.givenUp?.error ?? null;
  return why === null ? error : { ...error, causes: [`the clean-up before its next attempt failed: ${why.message}`, ...why.causes] };
}
