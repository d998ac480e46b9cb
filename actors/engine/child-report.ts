import type { ChildReport } from '../../src/flow/event.js';
import type { CommandState } from '../../src/flow/state.js';
import { isPast } from '../../src/flow/step.js';
import type { ErrorRecord } from '../../src/model/errors.js';

/** Whether a parent has something new to hear of its child. */
export function isNews(before: CommandState, after: CommandState): boolean {
  return before.status !== after.status || before.heldBy?.message !== after.heldBy?.message;
}

/** How a child stands, for its parent. */
export function reportOf(child: CommandState): ChildReport {
  switch (child.status) {
    case 'COMPLETED':
      return { is: 'completed', past: isPast(child) };
    case 'SUCCEEDED':
      return { is: 'ended', outcome: { kind: 'succeeded' } };
    case 'ROLLED_BACK':
    case 'REJECTED':
      return { is: 'ended', outcome: { kind: 'childFailed', error: child.error ?? errorOf(child) } };
    case 'CLOSED_BY_OPERATOR':
      return { is: 'closed', completed: isDone(child), error: child.error ?? errorOf(child) };
    case 'STUCK':
    case 'ROLLBACK_INCOMPLETE':
    case 'PARKED':
      return { is: 'held', status: child.status, error: child.heldBy ?? errorOf(child) };
    case 'SUBMITTED':
    case 'RUNNING':
    case 'ROLLING_BACK':
      return { is: 'underWay' };
  }
}

function isDone({ executionReason, steps, handlers }: CommandState): boolean {
  return executionReason === 'REGULAR_FLOW' && steps.length === handlers.length && steps.every(({ completed }) => completed);
}

function errorOf({ id, status }: CommandState): ErrorRecord {
  return { code: 'CHILD_FAILED', message: `${id} is ${status}`, retryable: false, causes: [] };
}
