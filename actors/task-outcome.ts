import type { StopReason } from '../src/flow/state.js';
import type { Outcome } from '../src/model/outcome.js';
import type { TaskStatus } from './wire.js';

/**
 * What a host's status says about a task (semantics §4); null while it is not over. `finished` alone is not success: an ordinary failed SPM task
 * ends `finished/cleanSuccess`.
 * @param stop why we had asked for it to be stopped, if we had
 */
export function outcomeOf(status: TaskStatus, stop: StopReason | null): Outcome | null {
  if (status.taskState !== 'finished') return null;
  if (status.taskResult === 'success' && status.code === 0) return { kind: 'succeeded' };
  if (stop !== null) return { kind: 'aborted', reason: stop };
  // Code 0 with a roll-back is what a task shows whose host died and which the next SPM rolled back (vdsm-facts §1).
  return { kind: 'failed', code: status.code, message: status.message, takeOver: status.code === 0 };
}
