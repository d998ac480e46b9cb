import { expect } from 'vitest';
import { aTaskManager, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { RUNNING } from '../../../actors/scripted-host.js';
import { aTask } from '../../../src/store/fixtures.js';
import { acknowledged, taken, tasksTaken } from '../driven.js';
import { ending, LOST, untilStopped, withCopy } from '../one-copy.js';
import type { Row, Section } from '../row.js';

const tasks: readonly Row[] = [
  {
    id: 'ovirt-4.7',
    source: 'Historical bugs: 7, b27373a0203',
    given: 'a task that is over and cleared, and the one of the next step',
    when: 'lists have only that one, for as long as one likes',
    then: 'nobody misses the first: the flow has not failed, and ends as the second does',
    proof: () => {
      const { pollAgain, tell, answer, commit, owner, asked } = withSubmitted();
      pollAgain({});
      tell({ type: 'clear', taskId: 't1' });
      answer('clearTask');
      commit();
      tell({ type: 'place', task: aTask('t2', { executionIndex: 1 }) });
      answer('submitTask');
      commit();
      owner.take();
      for (let i = 0; i < 20; i += 1) pollAgain({ taskId: 't2', ...RUNNING });
      expect([owner.take(), asked()]).toEqual([[], []]);
      pollAgain({ taskId: 't2' });
      expect(owner.take()).toMatchObject([{ taskId: 't2', executionIndex: 1, outcome: { kind: 'succeeded' } }]);
    },
  },
  {
    id: 'ovirt-4.8-forgotten',
    source: 'Historical bugs: 8, 909da9e413f: the engine calls a task running that vdsm has forgotten',
    given: 'an acknowledged task that its host has forgotten',
    when: 'a settled SPM does not list it for unknownGrace',
    then: 'it is lost, and its command ends',
    proof: () =>
      withCopy({}, async (rig) => {
        await acknowledged(1)(rig);
        rig.host.tasks.clear();
        await rig.run();
        expect(await ending(rig)).toEqual(LOST);
      }),
  },
  {
    id: 'ovirt-4.8-vacancy',
    source: 'Historical bugs: 8, 909da9e413f: without an SPM the list was empty',
    given: 'a task that runs, in a pool whose SPM is gone for ten minutes',
    when: 'it is polled meanwhile',
    then: 'no list is not an empty list: the task is left alone',
    proof: () =>
      withCopy({ status: () => RUNNING }, async (rig) => {
        await acknowledged(1)(rig);
        rig.host.script = { isSpm: () => false };
        await rig.runFor(600_000_000);
        expect([await ending(rig), rig.told('taskMissing')]).toMatchObject([{ status: 'RUNNING', outcome: null }, []]);
        rig.host.script = {};
        await rig.run();
        expect((await ending(rig)).status).toBe('SUCCEEDED');
      }),
  },
  {
    id: 'ovirt-4.10',
    source: 'Historical bugs: 10, 51cccc0f895',
    given: 'a task that is a zombie, and was stopped for that',
    when: 'its host says that it was stopped',
    then: 'it is aborted (zombie): endSuccessfully is not called, the step is cleaned up',
    proof: () =>
      withCopy(
        {},
        async (rig) => {
          rig.host.script = { status: untilStopped(() => rig) };
          await rig.run();
          expect(await ending(rig)).toEqual({ ...LOST, outcome: { kind: 'aborted', reason: 'zombie' } });
          expect((await rig.history()).map((line) => line.split(' ')[0])).toEqual(['beforeTask', 'createTask', 'endWithFailure']);
        },
        { zombieAfterMs: 60_000 },
      ),
  },
  {
    id: 'ovirt-4.19',
    source: 'Historical bugs: 19, 518a81faff4',
    given: 'a task that runs',
    when: 'another SPM has taken over, and lists it as running',
    then: 'nobody is asked to stop it, and it ends well',
    proof: () =>
      withCopy({ status: () => RUNNING }, async (rig) => {
        await acknowledged(1)(rig);
        rig.host.script = { status: () => RUNNING, term: () => ({ generation: 2, settled: true }) };
        await rig.runFor(60_000_000);
        expect([rig.host.stopped, (await ending(rig)).status]).toEqual([[], 'RUNNING']);
        rig.host.script = { term: () => ({ generation: 2, settled: true }) };
        await rig.run();
        expect(await ending(rig)).toMatchObject({ status: 'SUCCEEDED', offers: 1 });
      }),
  },
];

const latent: readonly Row[] = [
  {
    id: 'ovirt-4.l5',
    source: 'Latent defects: L5 (crash point P4): the effects of an orphan remain',
    given: 'a task that its host has taken, of a command that is cancelled',
    when: 'the engine dies before it knows that the host has it',
    then: 'it finds the task by its id, stops it, waits for its end, and cleans up: there are no orphans',
    proof: () =>
      withCopy({}, async (rig) => {
        rig.host.script = { status: untilStopped(() => rig) };
        await taken('copy')(rig);
        rig.restart();
        rig.ask({ op: 'cancelCommand', commandId: 'c1' }, rig.kernel.now + 60_000_000);
        await rig.run();
        expect([await ending(rig), tasksTaken(rig)]).toMatchObject([{ status: 'ROLLED_BACK', outcome: { kind: 'aborted', reason: 'cancelled' }, left: [0, 0] }, 1]);
      }),
    differs: 'there, the engine knows no id until the host has answered',
  },
  {
    id: 'ovirt-4.l6',
    source: 'Latent defects: L6: the list of a pool fails at start, and all its rows are deleted',
    given: 'a recovered engine with tasks',
    when: 'its first polls fail, or are not answered',
    then: 'no record is touched, and no command is told; the first list that comes tells how they stand',
    proof: () => {
      const { ports, answer, commit, owner, polled } = aTaskManager({ recovered: ['t1', 't2', 't3'].map((id) => aTask(id, { state: 'Submitted', submittedAt: 0 })) });
      for (const reply of [{ code: 100 }, { code: 309 }, null]) {
        answer('getAllTasksStatuses', reply);
        expect([owner.take(), commit()]).toEqual([[], []]);
        ports.advance(10_000_000);
      }
      polled({ taskId: 't1' }, { taskId: 't2' }, { taskId: 't3' });
      expect(owner.take()).toHaveLength(3);
    },
    differs: 'what cannot be asked for is not gone',
  },
  {
    id: 'ovirt-4.l8',
    source: 'Latent defects: L8: unknown status and try again: never polled again',
    given: 'a task whose status a host gives as unknown',
    when: 'it says so three times, and then how it ended',
    then: 'it is polled all the time, and ends like that',
    proof: () => {
      const { pollAgain, owner } = withSubmitted();
      for (let i = 0; i < 3; i += 1) pollAgain({ taskState: 'unknown', taskResult: '' });
      expect(owner.take()).toEqual([]);
      pollAgain({ taskResult: 'cleanSuccess', code: 261 });
      expect(owner.take()).toMatchObject([{ outcome: { kind: 'failed', code: 261 } }]);
    },
    differs: 'whether a task is polled does not follow from what was last said of it',
  },
  {
    id: 'ovirt-4.l9',
    source: 'Latent defects: L9: clear answered with TaskStateError: stuck until it is a zombie',
    given: 'a task whose outcome is consumed',
    when: 'its clearing is answered with 410',
    then: 'it is asked for again after the next poll, until it is done',
    proof: () => {
      const { pollAgain, tell, answer, commit } = withSubmitted();
      pollAgain({});
      tell({ type: 'clear', taskId: 't1' });
      answer('clearTask', { code: 410 });
      expect(commit()).toEqual([]);
      pollAgain({});
      answer('clearTask');
      expect(commit()).toMatchObject([{ type: 'taskRemoved' }]);
    },
    differs: 'any refusal but 401 says that the host has it still, and so it is asked again',
  },
];

export const ovirt4Tasks: Section = { title: 'Historical bugs and latent defects: tasks', page: 'ovirt-facts.md', rows: [...tasks, ...latent] };
