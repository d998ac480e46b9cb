import { asCauses, type ErrorRecord } from '../model/errors.js';
import { CANCELLED } from './cancelled.js';
import type { FlowShape } from './shape.js';
import type { CommandState } from './state.js';
import { isPast, shapeAt, stepAt } from './step.js';

/**
 * Why the current step, going forward, is not to try anything again: it was cancelled, or its time is up. Null if it may, or if that came too late.
 * @param cause what failed in being stopped, or before
 */
export function stopError(shape: FlowShape, state: CommandState, cause: ErrorRecord | null = null): ErrorRecord | null {
  if (isPast(state)) return null;
  if (state.cancel !== null) return CANCELLED;
  if (stepAt(state).timedOut === undefined) return null;
  const { name, timeoutMs } = shapeAt(shape, state.executionIndex);
  const message = `step ${state.executionIndex} (${name}) was not over after ${timeoutMs} ms`;
  return { code: 'STEP_TIMEOUT', message, retryable: false, causes: cause?.code === 'STEP_TIMEOUT' ? [] : asCauses(cause) };
}
