import type { Failure } from '../model/outcome.js';
import type { Instant } from './event.js';
import { isTriedAgain, nextTaskAttempt } from './items.js';
import { errorOfOutcome, isUncountedOutcome, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CommandState, TaskItem, WorkOf } from './state.js';
import { isPast, shapeAt } from './step.js';
import { stopError } from './stop-error.js';

// Whether a task that ended badly is tried again (semantics §2, "Retry").

/** The item waiting for its next attempt, or null if it has failed for good. */
export function retried(shape: FlowShape, state: CommandState, of: WorkOf, item: TaskItem, outcome: Failure, at: Instant): TaskItem | null {
  if (!isTriedAgain(item, outcome) || item.stop !== null) return null;
  if (of === 'step' && stopError(shape, state) !== null) return null;
  // What comes before every further attempt has failed for good.
  if (item.givenUp !== undefined && item.givenUp.error !== null) return null;
  const handler = shapeAt(shape, state.executionIndex);
  const patient = of !== 'step' || isPast(state);
  const counted = !patient || !isUncountedOutcome(outcome);
  const failures = item.failures + (counted ? 1 : 0);
  const failed = { attempt: item.attempt, failures, counted, error: errorOfOutcome(item.id, outcome) };
  const due = nextAttempt(patient ? handler.undoRetry : handler.retry, failed, at);
  return due === null ? null : nextTaskAttempt(item, { outcome, failures, notBefore: due }, state);
}
