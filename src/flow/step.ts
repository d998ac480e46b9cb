import type { HandlerShape, FlowShape } from './shape.js';
import type { FlowEffect } from './event.js';
import type { Callback, CommandState, Phase, StepState } from './state.js';

// The vocabulary that the transitions are written in: looking at and replacing one step of a state.

export interface Transition {
  readonly state: CommandState;
  readonly effects: readonly FlowEffect[];
}

/** A state and an event that cannot meet. The engine's own defect, or a store that somebody else wrote. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
}

export function stepAt(state: CommandState, index: number = state.executionIndex): StepState {
  const step = state.steps[index];
  if (step === undefined) throw new IllegalTransition(`${state.id}: step ${index} was never reached`);
  return step;
}

/** Which step it is for good, and what its ids are made from: the index that it was reached at, wherever a migration may have put it since. */
export function stepNumber(state: CommandState, index: number = state.executionIndex): number {
  return stepAt(state, index).number ?? index;
}

/** The number of step `index`, to be kept with what belongs to it: absent where it is the index. */
export function numberAt({ steps }: CommandState, index: number): { readonly number?: number } {
  return numbered(index, steps[index]?.number ?? index);
}

export function numbered(index: number, number: number): { readonly number?: number } {
  return number === index ? {} : { number };
}

export function shapeAt(shape: FlowShape, index: number): HandlerShape {
  const handler = shape[index];
  if (handler === undefined) throw new IllegalTransition(`there is no handler ${index}`);
  return handler;
}

/** What the command does, or what a held one was about to do; null where nothing would follow. */
export function phaseBehindHold({ phase }: CommandState): Phase | null {
  return phase.at === 'held' ? phase.from : phase;
}

/** The state with the current step changed. */
export function withStep(state: CommandState, change: Partial<StepState>, index: number = state.executionIndex): CommandState {
  const changed = { ...stepAt(state, index), ...change };
  return { ...state, steps: state.steps.map((step, i) => (i === index ? changed : step)) };
}

/** Past a point of no return nothing is undone any more: what fails is tried again, forward. */
export function isPast(state: CommandState): boolean {
  return state.steps.some((step) => step.pivot === 'passed');
}

/** The state with a callback to run next, and the effect that runs it. */
export function toCallback(
  state: CommandState,
  callback: Callback,
  run: { attempt: number; failures: number; notBefore: number | null } = { attempt: 1, failures: 0, notBefore: null },
): Transition {
  const phase: Phase = { at: 'callback', callback, ...run };
  return { state: { ...state, phase }, effects: [{ do: 'runCallback', callback, index: state.executionIndex, attempt: run.attempt, notBefore: run.notBefore }] };
}
