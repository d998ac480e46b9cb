import { mayHaveRun } from '../../../src/flow/ending.js';
import type { FlowEvent } from '../../../src/flow/event.js';
import { operatorRefusal } from '../../../src/flow/operator-rules.js';
import type { FlowShape } from '../../../src/flow/shape.js';
import { isHeld, isTerminal, submitted, type CommandState, type Phase, type StepState, type TaskItem, type WorkItem } from '../../../src/flow/state.js';
import type { Transition } from '../../../src/flow/step.js';
import { transition } from '../../../src/flow/transition.js';
import { OPERATOR_ACTIONS, type OperatorRequest } from '../../../src/model/operator.js';
import { isCaused } from './causes.js';
import { ERROR } from './life.js';
import { lawfulEvents } from './walk.js';

// All states that a command of one shape can come to, but for how often something was tried beyond the second time.

/** What can happen there. Where there are many steps, a task or none, which ends well or badly, has to do. */
export interface Diet {
  /** What a step may start: verbs of tasks, `D` and `E` for dependent children, `child` for independent ones. */
  readonly works: readonly string[];
  /** The same of steps behind the first. Default: the same. */
  readonly worksLater?: readonly string[];
  /** How many revert or clean-up tasks an undo callback or `beforeRetry` may return. */
  readonly reverts: readonly number[];
  /** How tasks may end. */
  readonly outcomes: readonly string[];
  /** What children may tell. */
  readonly reports: readonly string[];
  readonly cancels: boolean;
  /** How many actions an operator may take in a life. */
  readonly operators: number;
  /** Another program may park it, and a mended one let it go on. */
  readonly parks: boolean;
  /** It is a dependent child itself. */
  readonly isChild: boolean;
}

export interface Reached {
  readonly state: CommandState;
  /** How it is reached: the event, and from where; null at the beginning. */
  readonly by: { readonly event: FlowEvent; readonly from: Reached } | null;
  /** Where it goes by itself: by what comes of what is durable, and of what a recovered engine does for it. Nobody's wish is needed, and no limit. */
  readonly next: Reached[];
}

/** What can happen, and when: at 0 no back-off is over, later each is. */
interface Happening {
  readonly event: FlowEvent;
  readonly now: number;
}
const LATER = 1e12;

/** Tries beyond this one are like it. */
const MOST_TRIES = 2;

/** To the last state. @param visit is shown each state once @param move each way from one state to another */
export function explore(
  shape: FlowShape,
  diet: Diet,
  visit: (reached: Reached) => void,
  move: (from: Reached, event: FlowEvent, to: Transition) => void,
): readonly Reached[] {
  const first = newborn(shape, diet);
  const start: Reached = { state: first, by: null, next: [] };
  const known = new Map([[keyOf(first), start]]);
  const queue = [start];
  for (const reached of queue) {
    const causes = isCaused(reached.state);
    for (const happening of happenings(shape, reached.state, diet)) {
      const moved = follow(shape, reached, happening);
      move(reached, happening.event, moved);
      const key = keyOf(moved.state);
      let next = known.get(key);
      if (next === undefined) {
        next = { state: moved.state, by: { event: happening.event, from: reached }, next: [] };
        known.set(key, next);
        queue.push(next);
      }
      if (causes(happening.event)) reached.next.push(next);
    }
    visit(reached);
  }
  return queue;
}

function newborn(shape: FlowShape, { isChild }: Diet): CommandState {
  const handlers = shape.map(({ name }) => name);
  const parent = isChild ? { commandId: 'p1', step: 0, independent: false as const, familyRootId: 'p1' } : null;
  return submitted({ id: 'c1', type: 'T', version: 1, params: {}, handlers, locks: [], lockWait: 'refuse', parent, rootId: isChild ? 'p1' : 'c1', submittedAt: 0 });
}

/** How the state was reached, for a person. */
export function pathTo(reached: Reached): string {
  const { by, state } = reached;
  const end = state.phase.at === 'callback' ? `${state.phase.callback} ${state.executionIndex} #${state.phase.attempt}` : state.phase.at;
  if (by === null) return end;
  return `${pathTo(by.from)}\n  ${JSON.stringify(by.event)}\n  → ${state.status}: ${end}`;
}

function follow(shape: FlowShape, reached: Reached, { event, now }: Happening): Transition {
  try {
    const moved = transition(shape, reached.state, event, { now, jitter: 0 });
    if (moved !== null) return moved;
  } catch (error) {
    throw new Error(`${String(error)}: ${JSON.stringify(event)}\n${pathTo(reached)}`, { cause: error });
  }
  throw new Error(`${JSON.stringify(event)} concerns nothing where it can occur:\n${pathTo(reached)}`);
}

/** What is explored of what can happen. */
function happenings(shape: FlowShape, state: CommandState, diet: Diet): readonly Happening[] {
  const onDiet = lawfulEvents(shape, state).filter((event) => isOnDiet(state, event, diet));
  const events = new Map([...onDiet, ...operatorsEvents(state, diet), ...parkings(state, diet)].map((event) => [JSON.stringify(event), event]));
  return [...events.values()].flatMap((event): Happening[] => {
    const waits = (event.type === 'cancel' || event.type === 'stepTimedOut') && state.phase.at === 'callback' && state.phase.notBefore !== null;
    return waits ? [{ event, now: 0 }, { event, now: LATER }] : [{ event, now: 0 }];
  });
}

function isOnDiet(state: CommandState, event: FlowEvent, diet: Diet): boolean {
  switch (event.type) {
    case 'started':
      return (state.executionIndex === 0 ? diet.works : (diet.worksLater ?? diet.works)).includes(event.work.map((item) => (item.kind === 'task' ? item.request.verb : item.independent ? 'child' : item.type)).join(' '));
    case 'endedSuccessfully':
      return event.output === 1;
    case 'endedWithFailure':
    case 'compensated':
      return diet.reverts.includes(event.revert.length);
    case 'prepared':
      return diet.reverts.includes(event.work.length);
    case 'threw':
      return event.error.hostCode === undefined && (event.error.callUnknown !== true || !isTriedOften(state));
    case 'beforeRetryThrew':
      return event.error.callUnknown !== true;
    case 'answered':
      return event.answer !== 'cannotTell' || !isTriedOften(state);
    case 'workEnded': {
      const item = state.steps.flatMap(({ work, revertWork }) => [...work, ...revertWork]).find(({ id }) => id === event.id);
      const often = item?.kind === 'task' && item.attempt > MOST_TRIES;
      const { outcome } = event;
      const kind = outcome.kind === 'failed' && outcome.takeOver ? 'takenOver' : outcome.kind;
      return diet.outcomes.includes(kind) && !(often && (kind === 'lost' || kind === 'takenOver'));
    }
    case 'childReported': {
      const { report } = event;
      return report.is === 'underWay' || diet.reports.includes(report.is === 'completed' && report.past ? 'past' : report.is);
    }
    case 'cancel':
      return diet.cancels;
    default:
      return true;
  }
}

function isTriedOften({ phase }: CommandState): boolean {
  return phase.at === 'callback' && phase.attempt > MOST_TRIES;
}

/** Each action that is possible, as often in a life as the diet says. */
function operatorsEvents(state: CommandState, { operators }: Diet): readonly FlowEvent[] {
  if (!isHeld(state.status) || state.operator.length >= operators) return [];
  return OPERATOR_ACTIONS.flatMap((action): FlowEvent[] => {
    const request: OperatorRequest = { requestId: `r${state.operator.length}`, action };
    return operatorRefusal(state, request, null) === null ? [{ type: 'operate', request, unfit: null, called: [] }] : [];
  });
}

export const UNFIT = { ...ERROR, code: 'DEFINITION_CHANGED' };

function parkings(state: CommandState, { parks }: Diet): readonly FlowEvent[] {
  if (!parks || isTerminal(state.status)) return [];
  if (!isHeld(state.status) || state.heldBy?.code === 'CHILD_HELD') return [{ type: 'parked', error: UNFIT }];
  return state.heldBy?.code === UNFIT.code ? [{ type: 'unparked' }] : [];
}

/**
 * What a state decides by: of errors the code, of work how it stands and how its last attempt ended. Of a step that is over, how its tasks ended decides nothing
 * any more.
 */
function keyOf(state: CommandState): string {
  const { status, executionIndex, executionReason, phase, steps, error, cancel, heldBy, operator } = state;
  const open = isTerminal(status) ? -1 : executionIndex;
  const wish = cancel === null ? null : [cancel.during?.callback, clipped(cancel.during?.attempt)];
  const parts = steps.map((step, i) => partOf(step, i === open, executionReason === 'REGULAR_FLOW'));
  return JSON.stringify([status, executionIndex, executionReason, place(phase), error?.code, wish, heldBy?.code, operator.length, parts]);
}

function place(phase: Phase | null): unknown {
  if (phase?.at === 'held') return ['held', place(phase.from)];
  return phase?.at === 'callback' ? [phase.callback, clipped(phase.attempt), phase.failures, phase.notBefore !== null] : phase;
}

function partOf(step: StepState, isOpen: boolean, isForward: boolean): unknown {
  const { begun, completed, pivot, undo, failure, work, sent, asking, revertWork, told, undoAttempt, closed, timedOut } = step;
  const children = work.filter((item) => item.kind === 'child' && !item.independent).map(standing);
  const always = [completed, pivot, undo, failure !== undefined, clipped(told), clipped(undoAttempt), closed, children];
  if (!isOpen) return [...always, revertWork.map(({ outcome }) => outcome?.kind)];
  const { of, ...tried } = asking ?? { of: null };
  const asked = [of, 'attempt' in tried ? [clipped(tried.attempt), tried.failures] : null];
  const late = timedOut === undefined ? null : [timedOut.during?.callback, clipped(timedOut.during?.attempt)];
  return [...always, revertWork.map(standing), begun, sent, isForward ? work.map(standing) : work.some(mayHaveRun), asked, late];
}

function standing(item: WorkItem): unknown {
  if (item.kind === 'child') return [item.independent, item.outcome?.kind, item.stop !== null, item.held?.status, item.past, item.undo];
  const { attempt, failures, past, notBefore, stop, outcome, givenUp } = item;
  const more = item.cleanUp === undefined && givenUp === undefined ? [] : [cleaning(item), clipped(givenUp?.run), givenUp?.error === null];
  return [clipped(attempt), failures, mayHaveRun({ ...item, outcome: null }), past.at(-1)?.outcome.kind, notBefore !== null, stop, outcome?.kind, ...more];
}

function cleaning({ cleanUp }: TaskItem): unknown {
  if (cleanUp?.at === 'callback') return [clipped(cleanUp.attempt), cleanUp.failures, cleanUp.notBefore !== null];
  return cleanUp === undefined ? null : ['work', clipped(cleanUp.run), cleanUp.work.map(standing)];
}

function clipped(attempt: number | undefined): number | undefined {
  return attempt === undefined ? undefined : Math.min(attempt, MOST_TRIES + 1);
}
