import { describe, expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import type { FlowShape, HandlerShape } from '../../../src/flow/shape.js';
import { isHeld, isTerminal, type CommandState } from '../../../src/flow/state.js';
import { recover, transition } from '../../../src/flow/transition.js';
import { outstandingWork } from '../../../src/flow/work.js';
import { sameData, type Data } from '../../../src/model/data.js';
import { decodeValue, encodeValue } from '../../../src/store/codec.js';
import { ERROR, step, WELL } from './life.js';
import { explore, pathTo, type Diet, type Reached } from './state-space.js';

const twice = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };
const undoRetry = { attempts: 1, backoffMs: 1_000, maxBackoffMs: 1_000 };

/** One of each kind of step that the flow tells apart. */
const KINDS: Readonly<Record<string, Partial<HandlerShape>>> = {
  plain: { undoRetry },
  bare: { undoRetry, hasEndWithFailure: false, hasCompensate: false },
  effectFree: { undoRetry, hasEndWithFailure: false, hasCompensate: false, effectFree: true },
  leaving: { undoRetry, hasCompensate: false, hasLeaves: true },
  patient: { undoRetry: twice, retry: twice },
  goingOn: { undoRetry, onUndoFailed: 'continue' },
  told: { undoRetry, hasCompensationEnded: true },
  crossingFirst: { undoRetry, retry: twice, pivotPart: 'beforeTask' },
  crossingInTask: { undoRetry, retry: twice, pivotPart: 'task' },
  crossingLast: { undoRetry, retry: twice, pivotPart: 'endSuccessfully' },
};

const ALL: Diet = { works: ['', 'copy', 'a child child'], reverts: [0, 1], outcomes: ['succeeded', 'failed', 'takenOver', 'refused', 'aborted', 'childFailed'], cancels: true, operators: true };
const SOME: Diet = { works: ['', 'copy'], reverts: [0], outcomes: ['succeeded', 'failed', 'aborted'], cancels: true, operators: true };
const FEW: Diet = { works: [''], reverts: [0], outcomes: [], cancels: true, operators: true };
const LEAST: Diet = { works: [''], reverts: [0], outcomes: [], cancels: false, operators: false };

/** Every command of `length` steps of these kinds. */
function shapesOf(kinds: readonly string[], length: number): readonly (readonly string[])[] {
  if (length === 0) return [[]];
  return shapesOf(kinds, length - 1).flatMap((shape) => kinds.map((kind) => [...shape, kind]));
}

describe('every state that a command can come to', () => {
  test.each([
    { steps: 1, kinds: Object.keys(KINDS), diet: ALL, atLeast: 40_000 },
    { steps: 2, kinds: ['plain', 'bare', 'leaving', 'goingOn', 'told', 'crossingInTask'], diet: SOME, atLeast: 20_000 },
    { steps: 3, kinds: ['plain', 'bare', 'effectFree', 'goingOn'], diet: FEW, atLeast: 20_000 },
    { steps: 4, kinds: ['plain', 'bare', 'goingOn', 'crossingLast'], diet: LEAST, atLeast: 20_000 },
  ])('of $steps steps is sound, and leads on to an end', { timeout: 600_000 }, ({ steps, kinds, diet, atLeast }) => {
    let states = 0;
    for (const names of shapesOf(kinds, steps)) {
      const shape = names.map((kind, i) => step(`step${i}`, KINDS[kind]));
      const all = explore(shape, diet, (reached) => check(shape, reached));
      states += all.length;
      expect(deadEnds(all).map((reached) => `${names.join(', ')}: ${pathTo(reached)}`)).toEqual([]);
    }
    // What is explored must not shrink unnoticed.
    expect(states).toBeGreaterThan(atLeast);
  });
});

function check(shape: FlowShape, reached: Reached): void {
  const { state } = reached;
  const problem = snapshotProblem(state) ?? strayProblem(shape, state) ?? recoveryProblem(state) ?? parkingProblem(shape, state);
  if (problem !== null) throw new Error(`${problem}:\n${pathTo(reached)}`);
}

/** What is on disk is what was put there. */
function snapshotProblem(state: CommandState): string | null {
  const data = state as unknown as Data;
  return sameData(decodeValue('k', encodeValue(1, data)).value, data) ? null : 'its snapshot does not survive the disk';
}

/** What comes late, twice, or from nowhere changes nothing. */
function strayProblem(shape: FlowShape, state: CommandState): string | null {
  const { phase, executionIndex: index } = state;
  const attempt = phase.at === 'callback' ? phase.attempt + 1 : 1;
  const run = { index, attempt };
  const elsewhere = { index: index + 1, attempt: phase.at === 'callback' ? phase.attempt : 1 };
  const returns = [run, elsewhere].flatMap((of): FlowEvent[] => [
    { type: 'started', run: of, work: [] },
    { type: 'endedSuccessfully', run: of },
    { type: 'endedWithFailure', run: of, revert: [] },
    { type: 'compensated', run: of, revert: [], residue: [] },
    { type: 'compensationEnded', run: of },
    { type: 'answered', run: of, answer: 'passed' },
    { type: 'threw', callback: 'start', run: of, error: ERROR, sent: false },
  ]);
  const waited = new Set(outstandingWork(state).items.flatMap(({ id, outcome }) => (outcome === null ? [id] : [])));
  const ends = state.steps.flatMap(({ work, revertWork }) => [...work, ...revertWork]).flatMap(({ id }): FlowEvent[] => {
    if (waited.has(id)) return [];
    return [{ type: 'workEnded', id, outcome: WELL }, { type: 'retryDue', id }];
  });
  const locks: FlowEvent[] = phase.at === 'admission' ? [] : [{ type: 'locksGranted' }, { type: 'locksRefused', error: ERROR }];
  const crossing: FlowEvent[] = phase.at === 'callback' ? [] : [{ type: 'crossing' }];
  const unknown: FlowEvent[] = [{ type: 'workEnded', id: 'nobody’s', outcome: WELL }, { type: 'retryDue', id: 'nobody’s' }];
  const applied = [...returns, ...ends, ...locks, ...crossing, ...unknown].find((event) => transition(shape, state, event, { now: 0, jitter: 0 }) !== null);
  return applied === undefined ? null : `${JSON.stringify(applied)} changes it`;
}

/** A recovered engine owes the world what leads on: the callback that is due, each back-off, each stop; tasks and children have records of their own. */
function recoveryProblem(state: CommandState): string | null {
  const { phase } = state;
  const owed = recover(state);
  switch (phase.at) {
    case 'admission':
      return owed.some((effect) => effect.do === 'acquireLocks') ? null : 'nobody asks for its locks again';
    case 'callback': {
      const runs = owed.some((effect) => effect.do === 'runCallback' && effect.callback === phase.callback && effect.attempt === phase.attempt && effect.index === state.executionIndex);
      return runs ? null : 'its callback is not run again';
    }
    case 'work': {
      const items = outstandingWork(state).items.filter(({ outcome }) => outcome === null);
      if (items.length === 0) return 'it waits for nothing';
      const forgotten = items.find((item) => {
        if (item.kind === 'child') return state.cancel !== null && !owed.some((effect) => effect.do === 'cancelChild' && effect.id === item.id);
        if (item.notBefore !== null) return !owed.some((effect) => effect.do === 'retryAt' && effect.id === item.id && effect.at === item.notBefore);
        return item.stop !== null && !owed.some((effect) => effect.do === 'stopTask' && effect.id === item.id);
      });
      return forgotten === undefined ? null : `${forgotten.id} is forgotten`;
    }
    case 'children':
      return owed.some((effect) => effect.do === 'rollBackChild') ? null : 'the child that it waits for is not asked again';
    case 'completed':
    case 'held':
    case 'ended':
      return owed.some((effect) => effect.do !== 'stopTask') ? 'it goes on by itself' : null;
  }
}

/** What goes on by itself can be parked, and a retry takes it back to where it was. */
function parkingProblem(shape: FlowShape, state: CommandState): string | null {
  const parked = transition(shape, state, { type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } }, { now: 0, jitter: 0 });
  if (isTerminal(state.status) || isHeld(state.status)) return parked === null ? null : 'it can be parked';
  if (parked?.state.status !== 'PARKED') return 'it cannot be parked';
  const request = { requestId: 'back', action: 'retry' } as const;
  const back = transition(shape, parked.state, { type: 'operate', request, unfit: null, called: [] }, { now: 0, jitter: 0 });
  if (back === null) return 'once parked, it does not come back';
  const same = sameData({ ...back.state, operator: [] } as unknown as Data, { ...state, operator: [] } as unknown as Data);
  return same ? null : `once parked, it comes back as ${JSON.stringify(back.state.phase)}`;
}

/** Those from which nothing leads to an end, or to where an operator takes over. */
function deadEnds(all: readonly Reached[]): readonly Reached[] {
  const comesFrom = new Map<Reached, Reached[]>();
  for (const reached of all) comesFrom.set(reached, []);
  for (const reached of all) for (const next of reached.next) comesFrom.get(next)?.push(reached);
  const ends = all.filter(({ state }) => isTerminal(state.status) || isHeld(state.status));
  const alive = new Set(ends);
  for (const reached of alive) for (const before of comesFrom.get(reached) ?? []) alive.add(before);
  return all.filter((reached) => !alive.has(reached));
}
