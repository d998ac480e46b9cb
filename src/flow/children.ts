import { asCauses, type ErrorRecord } from '../model/errors.js';
import type { Outcome } from '../model/outcome.js';
import type { ChildReport, FlowEffect } from './event.js';
import type { ChildItem, CommandState, StepState } from './state.js';
import { stepAt, withStep } from './step.js';

// What binds a dependent child to its parent (semantics §2, "Child commands").

/** The root of its family: the command whose end is its own. Itself, if it depends on nobody. */
export function familyRootId({ id, parent }: CommandState): string {
  return parent === null || parent.independent ? id : parent.familyRootId;
}

/** Whether its end waits for its root's: it may still be rolled back when it has done all its steps. */
export function isDependent({ parent }: CommandState): boolean {
  return parent !== null && !parent.independent;
}

/** A completed command whose root has ended: what it did stays. @param endedAt µs */
export function succeededWithRoot(state: CommandState, endedAt: number): CommandState {
  return { ...state, status: 'SUCCEEDED', phase: { at: 'ended' }, endedAt };
}

export function dependentChildren({ work }: StepState): readonly ChildItem[] {
  return work.filter((item): item is ChildItem => item.kind === 'child' && !item.independent);
}

/** The completed children of the current step that are still to be rolled back, in that order: the last one that was started is the first. */
function childrenToUndo(state: CommandState): readonly ChildItem[] {
  return dependentChildren(stepAt(state)).filter(({ outcome, undo }) => outcome?.kind === 'succeeded' && undo === undefined).toReversed();
}

/** The one whose turn it is. */
export function childToUndo(state: CommandState): ChildItem | undefined {
  return childrenToUndo(state)[0];
}

/** A completed child that should have been rolled back and was not. */
export function childThatStays(step: StepState): ChildItem | undefined {
  return dependentChildren(step).find(({ undo }) => undo === 'stays');
}

/** An operator has ended a child of it: then no command above it ends by its own rules either. */
export function hasClosedChild(step: StepState): boolean {
  return dependentChildren(step).some(({ undo }) => undo === 'closed');
}

/** Whether an independent child of it has succeeded: what that has done is its own, and the step ends well whatever is wished. */
export function hasSucceededAlone({ work }: StepState): boolean {
  return work.some((item) => item.kind === 'child' && item.independent && item.outcome?.kind === 'succeeded');
}

/** The state with one child of its current step changed. */
export function withChild(state: CommandState, child: ChildItem): CommandState {
  return withStep(state, { work: stepAt(state).work.map((item) => (item.id === child.id ? child : item)) });
}

/** Asks the child whose turn it is, if there is one. */
export function rollBackNext(state: CommandState): readonly FlowEffect[] {
  return childrenToUndo(state)
    .slice(0, 1)
    .map((child) => rollBackChild(state, child));
}

export function rollBackChild(state: CommandState, { id }: ChildItem): FlowEffect {
  const error: ErrorRecord = { code: 'PARENT_FAILED', message: `its parent ${state.id} rolls back`, retryable: false, causes: asCauses(state.error) };
  return { do: 'rollBackChild', id, error };
}

/** What a child says of itself by its end: null while it has not ended. */
export function outcomeOf(report: ChildReport): Outcome | null {
  switch (report.is) {
    case 'completed':
      return { kind: 'succeeded' };
    case 'ended':
      return report.outcome;
    case 'closed':
      return report.completed ? { kind: 'succeeded' } : { kind: 'childFailed', error: report.error };
    case 'held':
    case 'underWay':
      return null;
  }
}

/** The child with its being held noted or forgotten. The same object if there is nothing new. */
export function noted(child: ChildItem, report: ChildReport): ChildItem {
  if (report.is === 'held') {
    const { status, error } = report;
    const known = child.held?.status === status && child.held.error.message === error.message;
    return known ? child : { ...child, held: { status, error } };
  }
  if (child.held === undefined) return child;
  const { held: _released, ...free } = child;
  return free;
}

// A held child holds its parent. That is a cover over what the parent is doing, put on and taken off around every event: its other work goes on beneath.

/** The state with the cover, if a child that it waits for is held. */
export function heldByChild(state: CommandState): CommandState {
  const { phase } = state;
  if (phase.at !== 'work' && phase.at !== 'children') return state;
  const child = dependentChildren(stepAt(state)).find(({ held }) => held !== undefined);
  if (child?.held === undefined) return state;
  const { status, error } = child.held;
  const heldBy: ErrorRecord = {
    code: 'CHILD_HELD',
    message: `child ${child.id} (${child.type}) is ${status}: ${error.message}`,
    retryable: false,
    causes: asCauses(error),
  };
  return { ...state, status, heldBy, phase: { at: 'held', from: phase } };
}

/** The state without the cover. */
export function uncovered(state: CommandState): CommandState {
  const { phase, heldBy, executionReason } = state;
  if (phase.at !== 'held' || phase.from === null || heldBy?.code !== 'CHILD_HELD') return state;
  return { ...state, status: executionReason === 'ROLLBACK_FLOW' ? 'ROLLING_BACK' : 'RUNNING', heldBy: null, phase: phase.from };
}
