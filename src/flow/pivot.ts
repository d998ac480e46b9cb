import type { TaskRequest } from '../model/task.js';
import type { Instant } from './event.js';
import { again, type CallbackPhase } from './forward.js';
import { effectsOfItem, isFailedTask, placedTask } from './items.js';
import { afterBackoff } from './retry.js';
import type { FlowShape } from './shape.js';
import type { CommandState, Pivot } from './state.js';
import { IllegalTransition, shapeAt, stepAt, toCallback, withStep, type Transition } from './step.js';
import { resubmitFailed, retryFailed, settle } from './work.js';

// The point of no return (semantics §2): `maybe` before the first verb that may cross leaves, `passed` when that is known.

/** The first verb of the crossing part is about to leave. Already crossing or crossed: nothing changes. */
export function crossing(shape: FlowShape, state: CommandState, phase: CallbackPhase): Transition {
  const part = shapeAt(shape, state.executionIndex).pivotPart;
  const fits = (part === 'beforeTask' && phase.callback === 'start') || (part === 'endSuccessfully' && phase.callback === 'endSuccessfully');
  if (!fits) throw new IllegalTransition(`${state.id}: ${phase.callback} of step ${state.executionIndex} does not cross a point of no return`);
  return { state: stepAt(state).pivot === 'none' ? withStep(state, { pivot: 'maybe' }) : state, effects: [] };
}

/** The answer of `hasPassed`, or null if it threw. */
export function answered(
  shape: FlowShape,
  state: CommandState,
  phase: CallbackPhase,
  answer: 'passed' | 'notPassed' | 'cannotTell' | null,
  at: Instant,
): Transition {
  const { asking } = stepAt(state);
  if (asking === undefined) throw new IllegalTransition(`${state.id}: hasPassed was answered, but nobody had asked`);
  switch (answer) {
    case 'passed': {
      // A wish to cancel came too late.
      const on = { ...settled(state, 'passed'), cancel: null };
      if (asking.of === 'work') return shapeAt(shape, on.executionIndex).hasCreateTask ? toCallback(on, 'createTask', nextRun(on)) : resubmitFailed(shape, on, at);
      return toCallback(on, asking.of, { attempt: asking.attempt + 1, failures: 0, notBefore: null });
    }
    case 'notPassed': {
      // Still `maybe`: a further attempt may cross. It becomes `none` when the step fails.
      const back = settled(state, 'maybe');
      return asking.of === 'work' ? retryFailed(shape, back, asking.error, at) : again(shape, back, asking, at);
    }
    case 'cannotTell':
    case null: {
      const due = afterBackoff(shapeAt(shape, state.executionIndex).undoRetry, phase.attempt, at);
      return toCallback(state, 'hasPassed', { attempt: phase.attempt + 1, failures: 0, notBefore: due });
    }
  }
}

/** The first run that no task's id tells of. */
function nextRun(state: CommandState): { readonly attempt: number; readonly failures: number; readonly notBefore: null } {
  const runs = stepAt(state).work.map((item) => (item.kind === 'task' ? item.run : 0));
  return { attempt: Math.max(...runs) + 1, failures: 0, notBefore: null };
}

/** `createTask` knows that the point of no return is behind, and has said what remains to be done instead of what had failed. */
export function recreated(shape: FlowShape, state: CommandState, run: number, requests: readonly TaskRequest[]): Transition {
  const { work, superseded = [] } = stepAt(state);
  const kept = work.filter((item) => !isFailedTask(item));
  const first = Math.max(...work.map(({ ordinal }) => ordinal)) + 1;
  const placed = requests.map((request, i) => placedTask(state, 'step', run, request, first + i));
  const all = [...kept, ...placed];
  const next = withStep({ ...state, phase: { at: 'work', of: 'step' } }, { work: all, superseded: [...superseded, ...work.filter(isFailedTask)] });
  return settle(shape, next, 'step', all, placed.flatMap((item) => effectsOfItem(item)));
}

function settled(state: CommandState, pivot: Pivot): CommandState {
  const { asking: _answered, ...asked } = stepAt(state);
  const step = pivot === 'passed' && asked.called !== undefined ? { ...asked, called: asked.called.map((call) => ({ ...call, crossed: true as const })) } : asked;
  return { ...state, steps: state.steps.map((other, i) => (i === state.executionIndex ? { ...step, pivot } : other)) };
}
