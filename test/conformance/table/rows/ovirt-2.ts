import { expect } from 'vitest';
import type { TaskStatus } from '../../../../actors/wire.js';
import { aTaskManager, POLL, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import { runs, well } from '../driven.js';
import { ending, withCopy } from '../one-copy.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

const RUNNING = { taskState: 'running', taskResult: '' } as const;

function outcomesOf(status: Partial<TaskStatus>): readonly string[] {
  const { pollAgain, owner } = withSubmitted();
  pollAgain(status);
  return owner.take().flatMap((message) => (message.type === 'taskEnded' ? [message.outcome.kind] : []));
}

const statuses: readonly (Row | RowWithoutEqual)[] = [
  ...(['init', 'running', 'aborting', 'cleaning'] as const).map(
    (taskState): Row => ({
      id: `ovirt-2.status-${taskState}`,
      source: `AsyncTaskStatusEnum: ${taskState} counts as running`,
      given: 'an acknowledged task',
      when: `a list has it as ${taskState}`,
      then: 'it is not over',
      proof: () => expect(outcomesOf({ taskState, taskResult: '' })).toEqual([]),
    }),
  ),
  {
    id: 'ovirt-2.status-finished',
    source: 'AsyncTaskStatusEnum: finished',
    given: 'an acknowledged task',
    when: 'a list has it as finished',
    then: 'it is over; whether well, its result and its code say',
    proof: () => expect([outcomesOf({}), outcomesOf({ code: 100 }), outcomesOf({ taskResult: 'cleanSuccess' })]).toEqual([['succeeded'], ['failed'], ['failed']]),
  },
  {
    id: 'ovirt-2.status-unknown',
    source: 'AsyncTaskStatusEnum: unknown does not count as running',
    given: 'an acknowledged task',
    when: 'a list has it as unknown',
    then: 'it is not over',
    proof: () => expect(outcomesOf({ taskState: 'unknown', taskResult: '' })).toEqual([]),
    differs: 'there, a task that is unknown has failed. Here only an SPM that has loaded its tasks can make it lost, by not listing it.',
  },
  ...(['cleanSuccess', 'cleanFailure'] as const).map(
    (taskResult): Row => ({
      id: `ovirt-2.result-${taskResult}`,
      source: `AsyncTaskResultEnum: ${taskResult}`,
      given: 'a task that is finished',
      when: `its result is ${taskResult}`,
      then: 'it has failed',
      proof: () => expect(outcomesOf({ taskResult, code: 261 })).toEqual(['failed']),
    }),
  ),
  {
    id: 'ovirt-2.result-success',
    source: 'AsyncTaskResultEnum: success',
    given: 'a task that is finished',
    when: 'its result is success, and its code 0',
    then: 'it has ended well',
    proof: () => expect(outcomesOf({})).toEqual(['succeeded']),
  },
  {
    id: 'ovirt-2.result-failure',
    source: 'AsyncTaskResultEnum: failure',
    fact: 'The engine knows a result that says no more than that the task failed',
    doesNotApply: 'vdsm never says that (vdsm-facts.md, section 1), and no host here does',
  },
  {
    id: 'ovirt-2.task-states',
    source: 'AsyncTaskState: Initializing, Polling, Ended, AttemptingEndAction, Cleared | ClearFailed',
    given: 'a task of a command',
    when: 'it is placed, acknowledged, polled until it ends, consumed and cleared',
    then: 'Placeholder, Submitted and Ending are on disk; that it is polled, or has ended and is with its command, is between two commits and so in memory alone',
    proof: [{ file: 'test/actors/task-manager/life.test.ts', test: 'placeholder, submitted, polled, ended, cleared' }],
  },
  {
    id: 'ovirt-2.class-names',
    source: 'EntityAsyncTask became CommandAsyncTask in 3.3',
    fact: 'Tasks were once those of an entity, and are those of a command since',
    doesNotApply: 'each task has the id of its command from the start; the entity is there to look it up by, and decides nothing',
  },
];

const polling: readonly Row[] = [
  {
    id: 'ovirt-2.poll',
    source: 'Poll: one SPMGetAllTasksStatuses per pool',
    given: 'two tasks of a pool',
    when: 'it is polled',
    then: 'one request asks for all of them',
    proof: () => {
      const { ports, asked } = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted' }), aTask('t2', { state: 'Submitted' })] });
      expect(asked()).toEqual([{ op: 'getAllTasksStatuses', pool: 'pool1' }]);
      ports.advance(3 * POLL);
      expect(asked()).toHaveLength(1);
    },
  },
  {
    id: 'ovirt-2.poll-error',
    source: 'Poll: pool error: its tasks untouched',
    given: 'an acknowledged task',
    when: 'a poll is not answered',
    then: 'that says nothing of it, and the next one is asked after the same time',
    proof: () => {
      const { ports, owner, answer, commit, asked, pollAgain } = withSubmitted();
      ports.advance(POLL);
      answer('getAllTasksStatuses', null);
      expect([owner.take(), commit(), asked()]).toEqual([[], [], []]);
      pollAgain({});
      expect(owner.take()).toMatchObject([{ outcome: { kind: 'succeeded' } }]);
    },
  },
  {
    id: 'ovirt-2.poll-absent',
    source: 'Poll: task absent from a valid reply: unknown, treated as failure',
    given: 'an acknowledged task',
    when: 'one list does not have it, and the next does',
    then: 'it goes on: it must be missing for unknownGrace from one term of a settled SPM, and is then fenced; that answered, it is lost',
    proof: () => {
      const { owner, pollAgain, asked } = withSubmitted();
      pollAgain();
      expect([owner.take(), asked()]).toEqual([[], []]);
      pollAgain({});
      expect(owner.take()).toMatchObject([{ outcome: { kind: 'succeeded' } }]);
    },
    differs: 'a new SPM lists nothing for a moment (vdsm-facts.md, section 1, trap a), which oVirt takes for the failure of every task',
  },
  {
    id: 'ovirt-2.pre-polling',
    source: 'Pre-polling: tasks with no EntityInfo are ignored for 60 s',
    given: 'a task that names no entity',
    when: 'the first poll after its acknowledgement has it as finished',
    then: 'its command is told at once',
    proof: () => {
      const { tell, answer, polled, commit, pollAgain, owner, ports } = aTaskManager();
      polled();
      tell({ type: 'place', task: aTask('t1', { entity: null }) });
      answer('submitTask');
      commit();
      pollAgain({});
      expect([owner.take().length, ports.now()]).toEqual([1, POLL]);
    },
    differs: 'there, such a task may not have been registered yet. Here its record is on disk before it is offered.',
  },
];

const ends: readonly Row[] = [
  {
    id: 'ovirt-2.end-again',
    source: 'endAction result: null, or failed and endActionTryAgain (the default): tried again at every poll, for ever',
    given: 'a step that has three attempts, and whose endSuccessfully throws each time',
    when: 'its task has ended well',
    then: 'it is called three times, with a growing pause, and then the step is undone: it is completed',
    proof: () =>
      runs(
        [{ tasks: ['well'], throws: 'endSuccessfully', attempts: 3 }],
        { happens: [...well('h1').slice(0, -1), ...Array<string>(3).fill('h1.endSuccessfully threw'), 'h1.compensate'], status: 'ROLLED_BACK' },
      ),
    differs: 'a callback that throws each time is not called for ever: its handler says how often; behind a point of no return, what cannot go on is held and told',
  },
  {
    id: 'ovirt-2.end-once',
    source: 'endAction result: otherwise ClearTasks',
    given: 'a step whose endSuccessfully is committed',
    when: 'it has been',
    then: 'its tasks are cleared on the host, and then their records are removed',
    proof: [
      { file: 'test/actors/one-batch.test.ts', test: 'a task is cleared on its host when the outcome is durable that its command has made of it, and not before: a failed one and a reverting one too' },
    ],
  },
  {
    id: 'ovirt-2.end-finished-only',
    source: 'endAction result: only tasks with status finished are cleared',
    given: 'two tasks of a command, of which one is over',
    when: 'the outcome of that one is consumed',
    then: 'it is cleared, and the other is not asked to do anything',
    proof: () => {
      const { polled, tell, asked } = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted' }), aTask('t2', { state: 'Submitted' })] });
      polled({}, { taskId: 't2', ...RUNNING });
      tell({ type: 'clear', taskId: 't1' });
      expect(asked()).toEqual([{ op: 'clearTask', pool: 'pool1', taskId: 't1' }]);
    },
  },
  {
    id: 'ovirt-2.clear-unknown',
    source: 'clearTask: UnknownTask counts as success',
    given: 'a task whose outcome is consumed',
    when: 'the host answers its clearing with 401',
    then: 'it is cleared',
    proof: [{ file: 'test/actors/task-manager/clearing.test.ts', test: 'an absent task is a cleared one' }],
  },
  {
    id: 'ovirt-2.clear-failed',
    source: 'clearTask: failure: ClearFailed',
    given: 'a task whose outcome is consumed',
    when: 'its clearing is refused, whatever the code',
    then: 'it is asked for again after the next poll, until it succeeds',
    proof: [{ file: 'test/actors/task-manager/clearing.test.ts', test: 'that fails is tried again after the next poll, until it succeeds' }],
  },
  {
    id: 'ovirt-2.clear-state-error',
    source: 'clearTask: TaskStateError leaves the state unchanged',
    given: 'a task whose outcome is consumed, and a host that says for a while that it is not over: 410',
    when: 'it is to be cleared',
    then: 'it is asked for again after each poll until the host does it; nothing of it is left',
    proof: () =>
      withCopy({}, async (rig) => {
        let times = 0;
        rig.host.script = { clear: (taskId) => ((times += 1) <= 3 ? 410 : rig.host.tasks.delete(taskId) ? 0 : 401) };
        await rig.run();
        expect([times, (await ending(rig)).status, (await ending(rig)).left]).toEqual([4, 'SUCCEEDED', [0, 0]]);
      }),
    differs: 'there, it waits like that until it is a zombie (section 4, L9)',
  },
];

const control: readonly (Row | RowWithoutEqual)[] = [
  {
    id: 'ovirt-2.stop-ended',
    source: 'stopTask: refused past Ended',
    given: 'a task that is over, is being cleared, or that this engine does not know',
    when: 'it is to be stopped',
    then: 'nobody is asked',
    proof: [{ file: 'test/actors/task-manager/stopping.test.ts', test: 'does nothing to what is over or unknown' }],
  },
  {
    id: 'ovirt-2.stop-unknown',
    source: 'stopTask: refused if the status is unknown',
    given: 'a task that is missing, and is being fenced',
    when: 'it is to be stopped',
    then: 'it is stopped if the SPM says that it is there after all, and nobody is asked before',
    proof: [{ file: 'test/actors/task-manager/missing.test.ts', test: 'and is asked to stop meanwhile, is stopped only if it is there' }],
  },
  {
    id: 'ovirt-2.stop-aborting',
    source: 'stopTask: refused if the status is aborting',
    given: 'a task that stops already',
    when: 'the SPM answers another request to stop it with 411',
    then: 'that changes nothing: it is polled until it is over, and is aborted then',
    proof: () => {
      const { tell, answer, pollAgain, owner, commit } = withSubmitted();
      tell({ type: 'stop', taskId: 't1', reason: 'cancelled' });
      answer('stopTask');
      pollAgain({ taskState: 'aborting', taskResult: '' });
      tell({ type: 'stop', taskId: 't1', reason: 'cancelled' });
      answer('stopTask', { code: 411 });
      expect([owner.take(), commit()]).toEqual([[], []]);
      pollAgain({ taskResult: 'cleanSuccess', code: 411 });
      expect(owner.take()).toMatchObject([{ outcome: { kind: 'aborted', reason: 'cancelled' } }]);
    },
    differs: 'there, nobody is asked; here the host says that it stops already',
  },
  {
    id: 'ovirt-2.stop-after',
    source: 'stopTask: afterwards Polling',
    given: 'a task that was asked to stop',
    when: 'its host goes on saying that it runs',
    then: 'it is polled: only its end ends it',
    proof: [{ file: 'test/actors/task-manager/stopping.test.ts', test: 'asks the host, and goes on polling: only an end ends it' }],
  },
  {
    id: 'ovirt-2.stop-force',
    source: 'stopTask: by force: Ended and finished',
    given: 'a task that hangs, and was asked to stop',
    when: 'it goes on running for days',
    then: 'its step waits: nothing is undone while it may still write',
    proof: () =>
      withCopy({ status: () => RUNNING }, async (rig) => {
        rig.ask({ op: 'cancelCommand', commandId: 'c1' }, 60_000_000);
        await rig.runFor(3 * 86_400_000_000);
        expect(await ending(rig)).toMatchObject({ status: 'RUNNING', outcome: null, left: [1, 1] });
        expect((await rig.history()).filter((line) => line.startsWith('endWithFailure'))).toEqual([]);
      }, { pollingRateMs: 600_000 }),
    differs: 'that somebody wants it to be over does not end a task; oVirt undoes what is still being done',
  },
  {
    id: 'ovirt-2.revert-classic',
    source: 'revertTask: classic revertTasks() issues SPMRevertTask for tasks that ended well',
    fact: 'A command without handlers has its tasks taken back by what they have registered with their host',
    doesNotApply: 'undo is what handlers return: tasks and calls. Hosts know revertTask; no engine asks for it, for a task that is cleared cannot be reverted.',
  },
  {
    id: 'ovirt-2.revert-seat',
    source: 'revertTask: revert tasks of SEAT are ordinary new tasks',
    given: 'a step whose compensate returns a task',
    when: 'the next step fails',
    then: 'that task is placed, polled, told and cleared like any other, with the reason ROLLBACK_FLOW',
    proof: () =>
      runs(
        [{ tasks: ['well'], revertTask: { from: 'compensate', ends: 'well' } }, { throws: 'beforeTask' }],
        { happens: [...well('h1'), 'h2.beforeTask threw', 'h2.endWithFailure', 'h1.compensate', 'h1 revert task', 'h1 revert task ended well'], status: 'ROLLED_BACK' },
        (rig) => {
          expect(rig.told('taskPlaced').map(({ reason }) => reason)).toEqual(['REGULAR_FLOW', 'ROLLBACK_FLOW']);
          expect(rig.host.cleared).toHaveLength(2);
        },
      ),
  },
];

export const ovirt2: Section = {
  title: 'AsyncTaskManager and tasks',
  page: 'ovirt-facts.md',
  rows: [...statuses, ...polling, ...ends, ...control],
};
