import { uncovered } from '../../../src/flow/children.js';
import type { FlowEvent } from '../../../src/flow/event.js';
import type { FlowShape } from '../../../src/flow/shape.js';
import { isHeld, isTerminal, type CommandState, type WorkItem } from '../../../src/flow/state.js';
import type { Transition } from '../../../src/flow/step.js';
import { recover, transition } from '../../../src/flow/transition.js';
import { outstandingWork } from '../../../src/flow/work.js';
import { sameData, type Data } from '../../../src/model/data.js';
import { decodeValue, encodeValue } from '../../../src/store/codec.js';
import { childrenOf, nameOf, tasksOf } from './causes.js';
import { ERROR, WELL } from './life.js';
import { UNFIT } from './state-space.js';

// What must hold of every state that a command can come to, and of every commit that leads to it.

const NOW = { now: 0, jitter: 0 };

/** What is wrong with the state, in words, or null. */
export function stateProblem(shape: FlowShape, state: CommandState): string | null {
  return snapshotProblem(state) ?? strayProblem(shape, state) ?? recoveryProblem(state) ?? parkingProblem(shape, state);
}

/** What is wrong with a commit, in words, or null. Whatever it leaves to be done is done by its effects, or was being done before. */
export function commitProblem(before: CommandState, { state: after, effects }: Transition): string | null {
  const asked = new Set(effects.map(nameOf));
  const known = new Set(recover(before).map(nameOf));
  const forgotten = recover(after).map(nameOf).find((name) => !asked.has(name) && !known.has(name));
  if (forgotten !== undefined) return `it forgets to ask for ${forgotten}`;
  return recordsProblem('placeTask', 'consumeTask', tasksOf(before), tasksOf(after), asked) ?? recordsProblem('startChild', null, childrenOf(before), childrenOf(after), asked);
}

/** Every piece of work that is waited for is on record, and whatever is on record is waited for. */
function recordsProblem(puts: string, takes: string | null, before: readonly string[], after: readonly string[], asked: ReadonlySet<string>): string | null {
  const isNew = (id: string): boolean => !before.includes(id);
  const unplaced = after.find((id) => isNew(id) !== asked.has(`${puts} ${id}`));
  if (unplaced !== undefined) return isNew(unplaced) ? `it waits for ${unplaced}, which nobody starts` : `it starts ${unplaced} twice`;
  const left = takes === null ? undefined : before.find((id) => after.includes(id) === asked.has(`${takes} ${id}`));
  return left === undefined ? null : `it leaves ${left} behind, or takes it away`;
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
  const work = state.steps.flatMap((step): readonly WorkItem[] => [...step.work, ...step.revertWork]);
  const ends = work.flatMap(({ id, kind }): FlowEvent[] => {
    if (kind === 'child' || waited.has(id)) return [];
    return [{ type: 'workEnded', id, outcome: WELL }, { type: 'retryDue', id }];
  });
  // Each item's next clean-up but one.
  const cleanUps = work.flatMap((item): FlowEvent[] => {
    if (item.kind === 'child') return [];
    const late = { index, attempt: (item.cleanUp?.at === 'callback' ? item.cleanUp.attempt : 0) + 1, task: item.id };
    return [{ type: 'prepared', run: late, work: [], sent: false }, { type: 'beforeRetryThrew', run: late, error: ERROR, sent: false }];
  });
  const children = work.flatMap(({ id, kind }): FlowEvent[] => (kind === 'task' || (waited.has(id) && phase.at === 'held') ? [] : [{ type: 'childReported', id, report: { is: 'underWay' } }]));
  const locks: FlowEvent[] = phase.at === 'admission' ? [] : [{ type: 'locksGranted' }, { type: 'locksRefused', error: ERROR }];
  const crossing: FlowEvent[] = phase.at === 'callback' ? [] : [{ type: 'crossing' }];
  const unknown: FlowEvent[] = [{ type: 'workEnded', id: 'nobody’s', outcome: WELL }, { type: 'retryDue', id: 'nobody’s' }, { type: 'stepTimedOut', index: index + 1 }];
  const quiet = isCovered(state) ? [] : children;
  const applied = [...returns, ...ends, ...cleanUps, ...quiet, ...locks, ...crossing, ...unknown].find((event) => transition(shape, state, event, NOW) !== null);
  return applied === undefined ? null : `${JSON.stringify(applied)} changes it`;
}

/** A recovered engine owes the world what leads on: the callback that is due, each back-off, each stop; tasks and children have records of their own. */
function recoveryProblem(durable: CommandState): string | null {
  const state = uncovered(durable);
  const { phase } = state;
  const effects = recover(durable);
  const owed = new Set(effects.map(nameOf));
  switch (phase.at) {
    case 'admission':
      return owed.has('acquireLocks') ? null : 'nobody asks for its locks again';
    case 'callback':
      return owed.has(`${phase.callback} ${state.executionIndex} ${phase.attempt}`) ? null : 'its callback is not run again';
    case 'work': {
      const { items } = outstandingWork(state);
      if (items.every(({ outcome }) => outcome !== null)) return 'it waits for nothing';
      const forgotten = items.flatMap((item) => dueOf(item)).find((name) => !owed.has(name));
      return forgotten === undefined ? null : `${forgotten} is forgotten`;
    }
    case 'children':
      return effects.some((effect) => effect.do === 'rollBackChild') ? null : 'the child that it waits for is not asked again';
    case 'completed':
    case 'held':
    case 'ended':
      return effects.some((effect) => effect.do !== 'stopTask' && effect.do !== 'cancelChild') ? 'it goes on by itself' : null;
  }
}

/** What a recovered engine has to do for a piece of work, by name. */
function dueOf(item: WorkItem): readonly string[] {
  if (item.outcome !== null) return [];
  if (item.kind === 'child') return item.stop === null ? [] : [`cancelChild ${item.id}`];
  if (item.notBefore !== null) return [`retryAt ${item.id}`];
  if (item.cleanUp?.at === 'callback') return [`beforeRetry ${item.id} ${item.cleanUp.attempt}`];
  if (item.cleanUp?.at === 'work') return item.cleanUp.work.every(({ outcome }) => outcome !== null) ? ['another task of the clean-up'] : item.cleanUp.work.flatMap(dueOf);
  return item.stop === null ? [] : [`stopTask ${item.id}`];
}

/** What goes on by itself can be parked, and a retry takes it back to where it was. */
function parkingProblem(shape: FlowShape, state: CommandState): string | null {
  const parked = transition(shape, state, { type: 'parked', error: UNFIT }, NOW);
  if (isTerminal(state.status) || (isHeld(state.status) && !isCovered(state))) return parked === null ? null : 'it can be parked';
  if (parked?.state.status !== 'PARKED') return 'it cannot be parked';
  const back = transition(shape, parked.state, { type: 'unparked' }, NOW);
  if (back === null) return 'once parked, it does not come back';
  return sameData(back.state as unknown as Data, state as unknown as Data) ? null : `once parked, it comes back as ${JSON.stringify(back.state.phase)}`;
}

/** What holds it is a child, and that goes away by itself. */
function isCovered({ heldBy }: CommandState): boolean {
  return heldBy?.code === 'CHILD_HELD';
}
