import { expect } from 'vitest';
import type { EngineRig } from '../../../actors/engine-rig.js';
import { acknowledged, callback, recordOf, runs, taken, tasksTaken, well } from '../driven.js';
import type { Row, Section } from '../row.js';

const TWO_STEPS = [{ tasks: ['well'] }, { tasks: ['well'] }] as const;
const WHOLE = [...well('h1'), ...well('h2')];

/** All of it, where the engine dies behind the first so many things that happen. */
const diesAfter = (count: number, whole: readonly string[] = WHOLE) => ({ happens: [...whole.slice(0, count), 'crash', ...whole.slice(count)], status: 'SUCCEEDED' as const });

/** Each of the two tasks was taken once; and they were offered so often, both together. */
const offered =
  (times: number) =>
  (rig: EngineRig): void =>
    expect([tasksTaken(rig), rig.host.submissions.length]).toEqual([2, times]);

const changedOnce = async (rig: EngineRig): Promise<void> => expect(await recordOf(rig)).toEqual({ changes: 1 });

const forward: readonly Row[] = [
  {
    id: 'ovirt-2.p1',
    source: 'Crash points: P1, task k over, before end(k)',
    given: 'a step whose task is over on its host',
    when: 'the engine dies before it knows that',
    then: 'the first poll finds the end, and endSuccessfully runs',
    proof: () => runs(TWO_STEPS, diesAfter(3), offered(2), { at: acknowledged(1) }),
  },
  {
    id: 'ovirt-2.p2-end',
    source: 'Crash points: P2, inside end(k)',
    given: 'a step whose endSuccessfully changes a record',
    when: 'the engine dies while it runs',
    then: 'it runs again, and the record is changed once: what the first run did was not committed',
    proof: () => runs([{ tasks: ['well'], changesRecordIn: 'endSuccessfully' }, { tasks: ['well'] }], diesAfter(4), changedOnce, { at: callback('callbackRuns', 'endSuccessfully', 0) }),
  },
  {
    id: 'ovirt-2.p2-before',
    source: 'Crash points: P2, inside before(k+1): end(k) and before(k+1) run again',
    given: 'a step whose endSuccessfully has changed a record, and is committed',
    when: 'the engine dies in beforeTask of the next, or between the two',
    then: 'beforeTask runs again, endSuccessfully does not, and the record is changed once',
    proof: async () => {
      const handlers = [{ tasks: ['well'], changesRecordIn: 'endSuccessfully' }, { tasks: ['well'] }] as const;
      await runs(handlers, diesAfter(5), changedOnce, { at: callback('callbackCommitted', 'endSuccessfully', 0) });
      await runs(handlers, diesAfter(5), changedOnce, { at: callback('callbackRuns', 'beforeTask', 1) });
    },
    differs: 'the end of a step is one batch with the next executionIndex, so it is behind the engine or before it, and never both',
  },
  {
    id: 'ovirt-2.p3',
    source: 'Crash points: P3, placeholder k+1 on disk: k is forced to fail though it ended well',
    given: 'a step whose placeholder is on disk',
    when: 'the engine dies before anything of it has left',
    then: 'it is offered, and both steps end well',
    proof: () => runs(TWO_STEPS, diesAfter(8), offered(2), { at: callback('callbackCommitted', 'createTask', 1) }),
    differs: 'a placeholder says what is to be offered, and step k is over: nothing has failed',
  },
  {
    id: 'ovirt-2.p4',
    source: 'Crash points: P4, vdsm has accepted k+1, the row is not updated: as P3, and an orphan whose effects remain (L5)',
    given: 'a step whose task its host has taken',
    when: 'the engine dies before it knows that',
    then: 'the same id is offered again, the host answers with the task that it has, which runs once, and both steps end well',
    proof: () => runs(TWO_STEPS, diesAfter(8), offered(3), { at: taken('h2-well') }),
    differs: 'the engine chooses the id and has it on disk before it sends, so there are no orphans',
  },
  {
    id: 'ovirt-2.p5',
    source: 'Crash points: P5, k+1 on disk, k not yet cleared: k+1 may execute twice',
    given: 'a step whose task is acknowledged, and a host that has not cleared the one of the step before',
    when: 'the engine dies',
    then: 'that one is cleared and no more, and the second step runs once',
    proof: () =>
      runs(TWO_STEPS, diesAfter(8), offered(2), {
        at: async (rig) => {
          rig.host.script = { ...rig.host.script, clear: () => 410 };
          await acknowledged(2)(rig);
          expect([...(await rig.stored()).tasks.values()].map(({ state }) => state).toSorted()).toEqual(['Ending', 'Submitted']);
        },
        meanwhile: (rig) => {
          const { clear: _refuses, ...script } = rig.host.script;
          rig.host.script = script;
        },
      }),
    differs: 'where the command is, its snapshot says, and not whichever task is polled first',
  },
  {
    id: 'ovirt-2.p7-submitted',
    source: 'Crash points: P7, step 0, before any row: the command is forgotten',
    given: 'a command whose submission is on disk',
    when: 'the engine dies before its first callback',
    then: 'it runs from its first step on',
    proof: () => runs(TWO_STEPS, diesAfter(0), offered(2), { at: (rig) => rig.runUntil(({ type }) => type === 'commandSubmitted') }),
    differs: 'a command is on disk before its submission is answered',
  },
  {
    id: 'ovirt-2.p7-before',
    source: 'Crash points: P7, step 0, before any row: snapshots are restored',
    given: 'a first step whose beforeTask changes a record',
    when: 'the engine dies while beforeTask or createTask runs',
    then: 'both run again, and the record is changed once: what the first run did was not committed',
    proof: async () => {
      for (const name of ['beforeTask', 'createTask'] as const) {
        await runs([{ tasks: ['well'], changesRecordIn: 'beforeTask' }], diesAfter(0, well('h1')), changedOnce, { at: callback('callbackRuns', name, 0) });
      }
    },
    differs: 'changes, phase and placeholders are one batch: there is nothing to put back',
  },
];

const LOST_IN_SECOND = ['h2.beforeTask', 'h2.createTask', 'h2 task', 'crash', 'h2 task ended badly', 'h2.endWithFailure', 'h1.compensate'];

/** The host forgets all tasks while the engine is down. */
const forgotten = (nth: number) => ({
  at: async (rig: EngineRig): Promise<void> => {
    const { script } = rig.host;
    rig.host.script = { ...script, status: (verb) => (verb === `h${nth}-well` ? { taskState: 'running', taskResult: '' } : {}) };
    await acknowledged(nth)(rig);
    rig.host.script = script;
  },
  meanwhile: (rig: EngineRig): void => rig.host.tasks.clear(),
});

const isLost = (rig: EngineRig): void => {
  expect([rig.told('taskEnded').at(-1)?.outcome, rig.host.fences.length]).toEqual([{ kind: 'lost' }, 1]);
};

const backward: readonly Row[] = [
  {
    id: 'ovirt-2.p6',
    source: 'Crash points: P6, revert accepted, row not saved: endWithFailure, compensate and the revert repeat',
    given: 'a rollback whose revert task the host has taken',
    when: 'the engine dies before it knows that',
    then: 'no callback runs again, and the same task is offered: what it undoes is undone once',
    proof: () =>
      runs(
        [{ tasks: ['well'], revertTask: { from: 'compensate', ends: 'well' } }, { throws: 'beforeTask' }],
        { happens: [...well('h1'), 'h2.beforeTask threw', 'h2.endWithFailure', 'h1.compensate', 'h1 revert task', 'crash', 'h1 revert task ended well'], status: 'ROLLED_BACK' },
        offered(3),
        { at: taken('h1-revert-well') },
      ),
    differs: 'revert tasks have placeholders like all others',
  },
  {
    id: 'ovirt-2.p8-first',
    source: 'Crash points: P8, vdsm has lost the task: row deleted, no endAction, entities stay locked',
    given: 'a task that its host forgets while the engine is down',
    when: 'the engine has started again, and an SPM with its tasks loaded has not listed it for unknownGrace',
    then: 'its id is fenced, it is lost, the step fails and is cleaned up, and all locks are free',
    proof: () => runs([{ tasks: ['well'] }], { happens: [...well('h1').slice(0, 3), 'crash', 'h1 task ended badly', 'h1.endWithFailure'], status: 'ROLLED_BACK' }, isLost, forgotten(1)),
    differs: 'a task that is gone has not become nobody\'s: its command is told',
  },
  {
    id: 'ovirt-2.p8-later',
    source: 'Crash points: P8, vdsm has lost the task: row deleted, no endAction, entities stay locked',
    given: 'a task of a later step that its host forgets while the engine is down',
    when: 'that is certain',
    then: 'its step is cleaned up, the steps before it are undone, and all locks are free',
    proof: () => runs(TWO_STEPS, { happens: [...well('h1'), ...LOST_IN_SECOND], status: 'ROLLED_BACK' }, isLost, forgotten(2)),
    differs: 'a task that is gone has not become nobody\'s: its command is told',
  },
];

export const ovirt2CrashPoints: Section = { title: 'Crash points', page: 'ovirt-facts.md', rows: [...forward, ...backward] };
