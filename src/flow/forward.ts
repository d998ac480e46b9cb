import type { Data } from '../model/data.js';
import type { ErrorRecord } from '../model/errors.js';
import type { Instant, StagedWork } from './event.js';
import { CANCELLED } from './cancelled.js';
import { hasClosedChild, hasSucceededAlone, isDependent } from './children.js';
import { ended } from './ending.js';
import { childId } from './ids.js';
import { effectsOfItem, placedTask } from './items.js';
import { isUncounted, nextAttempt } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CommandState, Phase, WorkItem } from './state.js';
import { isPast, shapeAt, stepAt, numbered, stepNumber, toCallback, withStep, type Transition } from './step.js';
import { stopError } from './stop-error.js';
import { failCompletedStep, failStep } from './undo.js';

// The way forward (semantics §2, "Forward").

export type CallbackPhase = Extract<Phase, { at: 'callback' }>;

/** What a forward callback has been through, the latest failure included. */
export interface Tried {
  readonly of: 'start' | 'createTask' | 'endSuccessfully';
  readonly attempt: number;
  /** Those that the retry policy counts. */
  readonly failures: number;
  readonly error: ErrorRecord;
}

/** Makes step `index` the current one, or ends the command after the last. A dependent child can still be rolled back then. */
export function reach(shape: FlowShape, state: CommandState, index: number, at: Instant): Transition {
  if (index === shape.length) {
    const done = { ...state, executionIndex: index };
    if (state.steps.some((step) => step.closed !== undefined || hasClosedChild(step))) return ended(done, 'CLOSED_BY_OPERATOR');
    return isDependent(state) ? { state: { ...done, status: 'COMPLETED', phase: { at: 'completed' } }, effects: [] } : ended(done, 'SUCCEEDED');
  }
  const handler = shapeAt(shape, index).name;
  const number = Math.max(index, state.nextNumber);
  const step = { handler, ...numbered(index, number), reachedAt: at.now, begun: false, work: [], completed: false, pivot: 'none', revertWork: [] } as const;
  return toCallback({ ...state, executionIndex: index, steps: [...state.steps, step], nextNumber: number + 1 }, 'start');
}

/** `beforeTask` and `createTask` are done: their work is placed, in this very commit. @param before `beforeTask`'s result; no key if it returned nothing */
export function started(
  shape: FlowShape,
  state: CommandState,
  phase: CallbackPhase,
  before: { readonly before?: Data },
  staged: readonly StagedWork[],
): Transition {
  const part = shapeAt(shape, state.executionIndex).pivotPart;
  const { pivot } = stepAt(state);
  const work = staged.map((item, ordinal) => placed(state, phase.attempt, item, ordinal));
  const crossed = part === 'beforeTask' && pivot === 'maybe';
  const crossing = part === 'task' && pivot === 'none' && work.some((item) => item.kind === 'task');
  const next = withStep(state, { begun: true, work, ...before, ...(crossed ? { pivot: 'passed' } : {}), ...(crossing ? { pivot: 'maybe' } : {}) });
  if (work.length === 0) return toCallback(next, 'endSuccessfully');
  return { state: { ...next, phase: { at: 'work', of: 'step' } }, effects: work.flatMap((item) => effectsOfItem(item)) };
}

function placed(state: CommandState, run: number, staged: StagedWork, ordinal: number): WorkItem {
  if (staged.kind === 'task') return placedTask(state, 'step', run, staged.request, ordinal);
  return { ...staged, ordinal, id: childId(state, stepNumber(state), run, ordinal), stop: null, outcome: null };
}

/** All work of the step ended well and `endSuccessfully` is committed. */
export function completed(shape: FlowShape, state: CommandState, output: { readonly output?: Data }, at: Instant): Transition {
  const index = state.executionIndex;
  const crossed = shapeAt(shape, index).pivotPart === 'endSuccessfully' && stepAt(state).pivot === 'maybe';
  const done = withStep(state, { completed: true, ...output, ...(crossed ? { pivot: 'passed' } : {}) });
  if (done.cancel === null) return reach(shape, done, index + 1, at);
  // What an independent child has done is its own, and past a point of no return there is no way back: the wish came too late.
  const tooLate = isPast(done) || hasSucceededAlone(stepAt(done));
  return tooLate ? reach(shape, { ...done, cancel: null }, index + 1, at) : failCompletedStep(shape, done, CANCELLED);
}

/** A forward callback threw. */
export function forwardThrew(shape: FlowShape, before: CommandState, phase: CallbackPhase, error: ErrorRecord, sent: boolean, at: Instant): Transition {
  const state = sent ? withStep(before, { sent: true }) : before;
  const of: Tried['of'] = phase.callback === 'endSuccessfully' || phase.callback === 'createTask' ? phase.callback : 'start';
  const tried = { of, attempt: phase.attempt, failures: phase.failures + 1, error };
  const { pivotPart } = shapeAt(shape, state.executionIndex);
  const crosses = pivotPart === (of === 'start' ? 'beforeTask' : of);
  if (crosses && of !== 'createTask' && stepAt(state).pivot === 'maybe') {
    // The attempt is given up before anybody looks: what it sent and is still under way must not cross behind the answer's back.
    return toCallback(withStep({ ...state, fence: state.fence + 1 }, { asking: { ...tried, of } }), 'hasPassed');
  }
  return again(shape, state, tried, at);
}

/** The next attempt of a forward callback, or what follows if there is none left. */
export function again(shape: FlowShape, state: CommandState, tried: Tried, at: Instant): Transition {
  const { of, attempt, failures, error } = tried;
  const handler = shapeAt(shape, state.executionIndex);
  // Past the point of no return there is only forward: patiently, or not at all.
  const past = isPast(state);
  if (of === 'endSuccessfully' && state.cancel !== null && !past && !hasSucceededAlone(stepAt(state))) return failCompletedStep(shape, state, CANCELLED);
  const stopped = of === 'start' ? stopError(shape, state, error) : null;
  if (stopped !== null) return failStep(shape, state, stopped);
  const counted = !past || !isUncounted(error);
  const due = nextAttempt(past ? handler.undoRetry : handler.retry, { attempt, failures, counted, error }, at);
  if (due !== null) {
    return toCallback({ ...state, fence: state.fence + 1 }, of, { attempt: attempt + 1, failures: counted ? failures : failures - 1, notBefore: due });
  }
  if (past) return stuck(state, error, { at: 'callback', callback: of, attempt, failures, notBefore: null });
  return of !== 'endSuccessfully' ? failStep(shape, state, error) : failCompletedStep(shape, state, error);
}

/** @param from where an operator's retry goes on */
export function stuck(state: CommandState, error: ErrorRecord, from: Phase): Transition {
  return { state: { ...state, status: 'STUCK', heldBy: error, phase: { at: 'held', from } }, effects: [] };
}
