import { expect } from 'vitest';
import { aTaskManager, POLL, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import { ending, withCopy } from '../one-copy.js';
import type { Row, Section } from '../row.js';

const RUNNING = { taskState: 'running', taskResult: '' } as const;
const ZOMBIE = 180_000_000_000;

/** An acknowledged task that has grown too old without a poll. */
function anOldTask() {
  const all = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted', submittedAt: 0 })] });
  all.ports.advance(ZOMBIE);
  return all;
}

const zombies: readonly Row[] = [
  {
    id: 'ovirt-2.zombie-running',
    source: 'Zombie: older than the limit, running: stop by force',
    given: 'an acknowledged task that is older than zombieAfter',
    when: 'a poll has it as running',
    then: 'its command asks it to stop; it goes on being polled until it is over, and is then aborted (zombie)',
    proof: () => {
      const { polled, pollAgain, owner, tell, answer } = anOldTask();
      polled(RUNNING);
      expect(owner.take()).toEqual([{ type: 'taskOverdue', taskId: 't1' }]);
      tell({ type: 'stop', taskId: 't1', reason: 'zombie' });
      answer('stopTask');
      pollAgain(RUNNING);
      expect(owner.take()).toEqual([]);
      pollAgain({ taskResult: 'cleanSuccess', code: 411 });
      expect(owner.take()).toMatchObject([{ outcome: { kind: 'aborted', reason: 'zombie' } }]);
    },
    differs: 'a task that is stopped by force is not over; oVirt even took it for a success once (section 4, 10)',
  },
  {
    id: 'ovirt-2.zombie-finished',
    source: 'Zombie: older than the limit, finished: clear by force, row deleted',
    given: 'such a task',
    when: 'the poll that finds it too old has it as finished',
    then: 'its command is told how it ended, and not that it is too old',
    proof: () => {
      const { polled, owner } = anOldTask();
      polled({});
      expect(owner.take()).toMatchObject([{ type: 'taskEnded', outcome: { kind: 'succeeded' } }]);
    },
    differs: 'there, the row is deleted, and the command is told nothing',
  },
  {
    id: 'ovirt-2.zombie-unknown',
    source: 'Zombie: older than the limit, unknown: clear by force, row deleted',
    given: 'such a task',
    when: 'no list has it',
    then: 'it is lost when it has been missing for as long as any other, and its command is told',
    proof: () => {
      const { polled, pollAgain, owner, answer } = anOldTask();
      polled();
      for (let i = 0; i < 6; i += 1) pollAgain();
      answer('fenceTask', { code: 401 });
      expect(owner.take().at(-1)).toMatchObject({ type: 'taskEnded', outcome: { kind: 'lost' } });
    },
    differs: 'there, the row is deleted, and the command is told nothing',
  },
  {
    id: 'ovirt-2.zombie-checked',
    source: 'Zombie: checked only when some task is pollable',
    given: 'such a task',
    when: 'a poll comes to its end, be it without an answer',
    then: 'its command is told that it is too old, whether anything of the pool can be polled or not',
    proof: () => {
      const { answer, owner } = anOldTask();
      answer('getAllTasksStatuses', null);
      expect(owner.take()).toEqual([{ type: 'taskOverdue', taskId: 't1' }]);
    },
    differs: 'there, ages are not looked at while no task of the engine can be polled',
  },
];

const strangers: readonly Row[] = [
  {
    id: 'ovirt-2.poll-unknown-id',
    source: 'pollTasks on an id not in memory returns finished/success',
    given: 'an answer about a task that this engine does not know',
    when: 'it arrives, late, twice or from the past',
    then: 'it changes nothing',
    proof: [{ file: 'test/actors/task-manager/from-the-past.test.ts', test: 'whatever comes late, twice or from the past' }],
    differs: 'of what it does not know, oVirt says that it succeeded',
  },
  {
    id: 'ovirt-2.unknown-task',
    source: 'Unknown task: cleared when finished, no endAction',
    given: 'a task on a host that this engine does not know',
    when: 'it is listed, running and then finished',
    then: 'it is reported and left to run, and cleared when it is over; no command is told',
    proof: () => {
      const { polled, pollAgain, asked, owner } = aTaskManager();
      polled({ taskId: 'orphan', ...RUNNING });
      expect(asked()).toEqual([]);
      pollAgain({ taskId: 'orphan' });
      expect([asked(), owner.take()]).toEqual([[{ op: 'clearTask', pool: 'pool1', taskId: 'orphan' }], []]);
    },
  },
];

const down: readonly Row[] = [
  {
    id: 'ovirt-2.pool-down',
    source: 'SPM/pool down: tasks wait',
    given: 'a task that runs',
    when: 'its pool has no SPM for an hour',
    then: 'it is not over, and nothing is asked of it; when there is one again, it ends as that says',
    proof: () =>
      withCopy({ status: () => RUNNING }, async (rig) => {
        await rig.runUntil(({ type }) => type === 'taskSubmitted');
        rig.host.script = { isSpm: () => false };
        await rig.runFor(3_600_000_000);
        expect(await ending(rig)).toMatchObject({ status: 'RUNNING', outcome: null });
        rig.host.script = {};
        await rig.run();
        expect(await ending(rig)).toMatchObject({ status: 'SUCCEEDED', offers: 1, left: [0, 0] });
      }, { zombieAfterMs: 7_200_000 }),
  },
  {
    id: 'ovirt-2.pool-network-error',
    source: 'SPM/pool down: a network error fails the verb, so a lost reply may hide an accepted task',
    given: 'a task that the SPM has taken, and whose reply is lost',
    when: 'nobody has answered for the whole time-out',
    then: 'the same id is offered again, the SPM answers with the task that it has, and the command goes on with that',
    proof: () => {
      let offers = 0;
      return withCopy({ submit: () => ((offers += 1) === 1 ? 'silence' : 0) }, async (rig) => {
        await rig.run();
        expect(await ending(rig)).toEqual({ status: 'SUCCEEDED', outcome: { kind: 'succeeded' }, offers: 2, ids: 1, left: [0, 0] });
      });
    },
    differs: 'there, the command fails, and the task runs on as an orphan; the engine knows no id to ask by',
  },
  {
    id: 'ovirt-2.pool-fail-over',
    source: 'SPM/pool down: most other errors fail over and execute the verb again, three times at most',
    given: 'a task that is offered',
    when: 'the SPM answers with an error',
    then: 'that is a refusal, and no other host is asked; whether to try again, the handler says',
    proof: () =>
      withCopy({ submit: () => 205 }, async (rig) => {
        await rig.run();
        expect(await ending(rig)).toMatchObject({ status: 'ROLLED_BACK', outcome: { kind: 'refused', code: 205 }, offers: 1 });
      }),
    differs: 'an error of a verb is no sign that its SPM is bad, and executed anew it may be done twice',
  },
  {
    id: 'ovirt-2.pool-stop-with-tasks',
    source: 'SPM/pool down: SpmStop is refused while the SPM lists any task',
    given: 'an SPM with a task that runs',
    when: 'an operator moves the role to another host',
    then: 'it stops, the other starts, takes the task over and rolls it back, and the command has it done again',
    proof: [{ file: 'test/sim/embed/spm-fail-over.test.ts', test: 'stops, and then the other starts; nobody dies, and the task that ran is rolled back and given again' }],
    differs: 'there, a task that nobody clears pins the SPM; here tasks outlive their SPM on shared storage',
  },
  {
    id: 'ovirt-2.pool-new-spm',
    source: 'SPM/pool down: a new SPM\'s tasks are stopped already',
    given: 'a task that ran when its SPM died',
    when: 'another has taken it over, and lists it as rolled back, without a code',
    then: 'the engine asks for no stop: it has failed, by a take-over, and may be tried again',
    proof: () => {
      const { ports, answer, owner, asked } = withSubmitted();
      ports.advance(POLL);
      const status = { taskId: 't1', taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: 'Task is initializing' };
      answer('getAllTasksStatuses', { from: 'host2', result: { generation: 2, settled: true, tasks: [status] } });
      expect([owner.take(), asked('stopTask')]).toMatchObject([[{ outcome: { kind: 'failed', code: 0, takeOver: true } }], []]);
    },
  },
];

export const ovirt2Pools: Section = {
  title: 'Zombies, tasks that nobody knows, and pools that are down',
  page: 'ovirt-facts.md',
  rows: [...zombies, ...strangers, ...down],
};
