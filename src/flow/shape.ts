import type { ErasedHandler } from '../model/handler.js';
import { NO_RETRY, UNDO_RETRY, type RetryPolicy } from '../model/retry.js';

/** What the flow has to know of a handler: which callbacks it has and its policies, but none of its code. */
export interface HandlerShape {
  readonly name: string;
  readonly hasCreateTask: boolean;
  readonly hasBeforeRetry: boolean;
  readonly hasProbe: boolean;
  readonly hasEndWithFailure: boolean;
  readonly hasCompensate: boolean;
  readonly hasCompensationEnded: boolean;
  readonly hasLeaves: boolean;
  readonly effectFree: boolean;
  /** How long the step may take for its work. */
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy;
  readonly undoRetry: RetryPolicy;
  readonly pivotPart: 'beforeTask' | 'task' | 'endSuccessfully' | null;
  readonly onUndoFailed: 'stop' | 'continue';
}

export type FlowShape = readonly HandlerShape[];

export function shapeOf(handlers: readonly ErasedHandler[]): FlowShape {
  return handlers.map((handler) => ({
    name: handler.name,
    hasCreateTask: handler.createTask !== undefined,
    hasBeforeRetry: handler.beforeRetry !== undefined,
    hasProbe: handler.probe !== undefined,
    hasEndWithFailure: handler.endWithFailure !== undefined,
    hasCompensate: handler.compensate !== undefined,
    hasCompensationEnded: handler.compensationEnded !== undefined,
    hasLeaves: handler.leaves !== undefined,
    effectFree: handler.effectFree ?? false,
    timeoutMs: handler.timeoutMs ?? null,
    retry: { ...NO_RETRY, ...handler.retry },
    undoRetry: { ...UNDO_RETRY, ...handler.undoRetry },
    pivotPart: handler.pointOfNoReturn?.part ?? null,
    onUndoFailed: handler.onUndoFailed ?? 'stop',
  }));
}
