import fc from 'fast-check';
import { childToUndo } from '../../../src/flow/children.js';
import type { ChildReport, FlowEffect, FlowEvent } from '../../../src/flow/event.js';
import type { FlowShape, HandlerShape } from '../../../src/flow/shape.js';
import { submitted, type ChildItem, type CommandState, type TaskItem, type WorkItem } from '../../../src/flow/state.js';
import { isPast, phaseBehindHold } from '../../../src/flow/step.js';
import { transition } from '../../../src/flow/transition.js';
import { cancelRefusal } from '../../../src/flow/cancel.js';
import { refusesCommit } from '../../../src/flow/stopping.js';
import { timeoutDue } from '../../../src/flow/timeout.js';
import { outstandingWork } from '../../../src/flow/work.js';
import type { Outcome } from '../../../src/model/outcome.js';
import type { PivotAnswer } from '../../../src/model/handler.js';
import { badly, child, dependent, ERROR, LOST, refusedWith, request, step, STOPPED, task, UNANSWERED, WELL } from './life.js';

// A walk of one command from its submission to wherever it ends: at each state one of the events that can then occur, chosen at random.

const policy = fc.record({ attempts: fc.integer({ min: 1, max: 3 }), backoffMs: fc.constantFrom(0, 1_000), maxBackoffMs: fc.constant(5_000) })
  // A policy may refuse some of the errors that a walk throws.
  .chain((policy) => fc.constantFrom(policy, policy, { ...policy, retryIf: { only: { hostCodes: [261] } } }, { ...policy, retryIf: { except: { codes: ['CALL_UNKNOWN' as const] } } }));

const handler: fc.Arbitrary<Partial<HandlerShape>> = fc
  .record({
    hasCreateTask: fc.boolean(),
    hasBeforeRetry: fc.boolean(),
    hasEndWithFailure: fc.boolean(),
    hasCompensate: fc.boolean(),
    hasCompensationEnded: fc.boolean(),
    hasLeaves: fc.boolean(),
    effectFree: fc.boolean(),
    retry: policy,
    undoRetry: policy,
    timeoutMs: fc.constantFrom(null, 1_000),
    pivotPart: fc.constantFrom(null, null, 'beforeTask' as const, 'task' as const, 'endSuccessfully' as const),
    onUndoFailed: fc.constantFrom('stop' as const, 'continue' as const),
  })
  // What defineCommand refuses.
  .map((traits) => ({ ...traits, effectFree: traits.effectFree && !traits.hasCompensate }));

/** Any command of up to four steps. */
export const anyShape: fc.Arbitrary<FlowShape> = fc
  .array(handler, { minLength: 1, maxLength: 4 })
  .map((traits) => traits.map((trait, i) => step(`step${i}`, trait)));

/** Which way to go at each fork; as long as the longest walk. */
export const anyChoices: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 997 }), { minLength: 5, maxLength: 90, size: 'max' });

export interface Move {
  readonly before: CommandState;
  readonly event: FlowEvent;
  readonly after: CommandState;
  readonly effects: readonly FlowEffect[];
}

export interface Walk {
  readonly shape: FlowShape;
  readonly moves: readonly Move[];
  readonly last: CommandState;
}

/** @param visit is shown each state on the way, with what can happen to it */
export function walk(shape: FlowShape, choices: readonly number[], visit: (state: CommandState, lawful: readonly FlowEvent[]) => void = () => undefined): Walk {
  const handlers = shape.map(({ name }) => name);
  // Every other walk is a dependent child's.
  const parent = (choices[0] ?? 0) % 2 === 0 ? null : { commandId: 'p1', step: 0, independent: false as const, familyRootId: 'p1' };
  const rootId = parent?.commandId ?? 'c1';
  let state: CommandState = submitted({ id: 'c1', type: 'T', version: 1, params: {}, handlers, parent, rootId, locks: [], lockWait: 'refuse', submittedAt: 0 });
  const moves: Move[] = [];
  for (const [i, choice] of choices.entries()) {
    const lawful = lawfulEvents(shape, state);
    visit(state, lawful);
    const event = lawful[choice % Math.max(1, lawful.length)];
    if (event === undefined) break;
    const next = transition(shape, state, event, { now: 1_000 * i, jitter: (choice % 10) / 10 });
    if (next === null) throw new Error(`${event.type} concerns nothing in ${JSON.stringify(state)}`);
    moves.push({ before: state, event, after: next.state, effects: next.effects });
    state = next.state;
  }
  visit(state, lawfulEvents(shape, state));
  return { shape, moves, last: state };
}

const TASK_ENDS: readonly Outcome[] = [WELL, WELL, WELL, badly(261), badly(0, true), LOST, refusedWith(1000), refusedWith(654), { kind: 'unknown' }, { kind: 'notSent' }];
const CHILD_ENDS: readonly Outcome[] = [WELL, { kind: 'childFailed', error: ERROR }];
const ANSWERS: readonly PivotAnswer[] = ['passed', 'notPassed', 'cannotTell'];

/** Everything that can happen next. None: it is over, or held with nothing outstanding. */
export function lawfulEvents(shape: FlowShape, state: CommandState): readonly FlowEvent[] {
  const events = ownEvents(shape, state).filter((event) => !(refusesCommit(state) && isReturn(event)));
  const cancels: FlowEvent[] = state.cancel === null && cancelRefusal(state) === null ? [{ type: 'cancel' }] : [];
  const timesOut: FlowEvent[] = timeoutDue(shape, state) === null ? [] : [{ type: 'stepTimedOut', index: state.executionIndex }];
  return [...events, ...cancels, ...timesOut];
}

/** A cancelled callback's commit is refused: it counts as one that threw. */
function isReturn(event: FlowEvent): boolean {
  return 'run' in event && event.type !== 'threw';
}

function ownEvents(shape: FlowShape, state: CommandState): readonly FlowEvent[] {
  const { phase } = state;
  switch (phase.at) {
    case 'admission':
      return [{ type: 'locksGranted' }, { type: 'locksGranted' }, { type: 'locksGranted' }, { type: 'locksRefused', error: ERROR }];
    case 'work':
      return outstandingWork(state).items.flatMap((item) => endsOf(state, item, true));
    case 'held':
      return [...outstandingWork(state).items.flatMap((item) => endsOf(state, item, isCovered(state))), ...childUndoReports(state, isCovered(state))];
    case 'children':
      return childUndoReports(state, true);
    case 'completed':
      return isPast(state) ? [] : [{ type: 'rollBack', error: ERROR }];
    case 'ended':
      return [];
    case 'callback':
  }
  const run = { index: state.executionIndex, attempt: phase.attempt };
  const { callback } = phase;
  const threw = [ERROR, UNANSWERED, { ...ERROR, hostCode: 654 }].map((error): FlowEvent => ({ type: 'threw', callback, run, error, sent: error === UNANSWERED }));
  const part = shape[state.executionIndex]?.pivotPart;
  const crosses: FlowEvent[] = (part === 'beforeTask' && callback === 'start') || part === callback ? [{ type: 'crossing' }, { type: 'crossing' }] : [];
  switch (callback) {
    case 'start': {
      const again = { kind: 'task' as const, request: request('again', [], true) };
      const works = [[], [task('copy')], [again], [task('a'), task('b')], [child('Child')], [task('a', [261]), child('Child'), child('Child')], [dependent('D'), dependent('E')], [task('a'), dependent('D'), child('Child')]];
      return [...works.map((work): FlowEvent => ({ type: 'started', run, before: null, work })), ...crosses, ...threw];
    }
    case 'createTask':
      return [...[[], [request('rest')], [request('a'), request('b')]].map((work): FlowEvent => ({ type: 'recreated', run, work })), ...threw];
    case 'endSuccessfully':
      return [...[1, 2, 3, 4].map((output): FlowEvent => ({ type: 'endedSuccessfully', run, output })), ...crosses, ...threw];
    case 'endWithFailure':
      return [...[[], [request('remove')], [request('a'), request('b')]].map((revert): FlowEvent => ({ type: 'endedWithFailure', run, revert })), ...threw];
    case 'compensate':
      return [...[[], [request('remove')], [request('a'), request('b')]].map((revert): FlowEvent => ({ type: 'compensated', run, revert, residue: [] })), ...threw];
    case 'compensationEnded':
      return [{ type: 'compensationEnded', run }, { type: 'compensationEnded', run }, ...threw];
    case 'hasPassed':
      return [...ANSWERS.map((answer): FlowEvent => ({ type: 'answered', run, answer })), ...threw];
  }
}

function endsOf(state: CommandState, item: WorkItem, goesOn: boolean): readonly FlowEvent[] {
  const { id } = item;
  if (item.outcome !== null) return [];
  if (item.kind === 'child') return CHILD_ENDS.flatMap((outcome) => childReports(item, outcome));
  if (item.cleanUp?.at === 'work') return item.cleanUp.work.flatMap((task) => endsOf(state, task, goesOn));
  if (item.cleanUp !== undefined) return goesOn ? cleanUpEnds(state, item, item.cleanUp.attempt) : [];
  if (item.notBefore !== null) return goesOn ? [{ type: 'retryDue', id }] : [];
  const ends = item.stop === null ? TASK_ENDS : [...TASK_ENDS, STOPPED, STOPPED];
  return ends.map((outcome) => ({ type: 'workEnded', id, outcome }));
}

function cleanUpEnds({ executionIndex: index }: CommandState, { id: task, stop }: TaskItem, attempt: number): readonly FlowEvent[] {
  const run = { index, attempt, task };
  const threw = [ERROR, UNANSWERED].map((error): FlowEvent => ({ type: 'beforeRetryThrew', run, error, sent: error === UNANSWERED }));
  if (stop !== null) return threw;
  return [...[[], [request('tidy')], [request('a'), request('b')]].map((work): FlowEvent => ({ type: 'prepared', run, work, sent: false })), ...threw];
}

/** What is held by a child goes on beneath. */
function isCovered({ heldBy }: CommandState): boolean {
  return heldBy?.code === 'CHILD_HELD';
}

function childReports({ id, independent, held }: ChildItem, outcome: Outcome): readonly FlowEvent[] {
  const reported = (report: ChildReport): FlowEvent => ({ type: 'childReported', id, report });
  if (independent) return [reported({ is: 'ended', outcome })];
  // What an operator does with it may end it at once.
  if (held !== undefined) return [reported({ is: 'underWay' }), reported({ is: 'ended', outcome: { kind: 'childFailed', error: ERROR } }), ...CLOSED.map(reported)];
  if (outcome.kind !== 'succeeded') return [reported({ is: 'ended', outcome }), reported(HELD)];
  return [reported({ is: 'completed', past: false }), reported({ is: 'completed', past: true })];
}

const CLOSED: readonly ChildReport[] = [true, false].map((completed) => ({ is: 'closed', completed, error: ERROR }));
const HELD: ChildReport = { is: 'held', status: 'STUCK', error: ERROR };
const NOT_UNDONE: ChildReport = { is: 'held', status: 'ROLLBACK_INCOMPLETE', error: ERROR };

/** Of the child that is being rolled back, if there is one. */
function childUndoReports(state: CommandState, goesOn: boolean): readonly FlowEvent[] {
  const phase = phaseBehindHold(state);
  if (phase?.at !== 'children') return [];
  const item = childToUndo(state);
  if (item === undefined || item.past === true || !goesOn) return [];
  const reported = (report: ChildReport): FlowEvent => ({ type: 'childReported', id: item.id, report });
  if (item.held !== undefined) return [reported({ is: 'underWay' }), reported({ is: 'completed', past: false }), ...CLOSED.map(reported)];
  return [reported({ is: 'ended', outcome: { kind: 'childFailed', error: ERROR } }), reported(NOT_UNDONE)];
}

/** Events that come late, twice, or from nowhere: none of them concerns any state of this walk that is behind its `moves`. */
export function strayEvents({ moves }: Walk, state: CommandState): readonly FlowEvent[] {
  const past = moves.map(({ event }) => event).filter(({ type }) => type === 'workEnded' || type === 'retryDue');
  const run = { index: state.executionIndex, attempt: 1_000 };
  return [
    ...past,
    { type: 'workEnded', id: 'somebody else\'s', outcome: WELL },
    { type: 'retryDue', id: 'somebody else\'s' },
    { type: 'started', run, work: [] },
    { type: 'recreated', run, work: [] },
    { type: 'endedSuccessfully', run },
    { type: 'endedWithFailure', run, revert: [] },
    { type: 'compensated', run, revert: [], residue: [] },
    { type: 'compensationEnded', run },
    { type: 'prepared', run: { ...run, task: 'somebody else\'s' }, work: [], sent: false },
    { type: 'stepTimedOut', index: state.executionIndex + 1 },
    { type: 'answered', run, answer: 'passed' },
  ];
}
