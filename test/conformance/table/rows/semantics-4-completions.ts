import { expect } from 'vitest';
import { aTaskManager, statusOf, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import type { Row, Section } from '../row.js';

const pushed = (taskId: string) => ({ type: 'pushed', ended: { op: 'taskEnded', pool: 'pool1', generation: 1, status: statusOf({ taskId }) } }) as const;

const completions: readonly Row[] = [
  {
    id: 'semantics-4.stale-duplicate',
    source: 'A completion that does not match where its command is: duplicate',
    given: 'a task whose end its command has been told',
    when: 'a host tells it again, twice, and the next poll does',
    then: 'the command is told nothing; what came without being asked for is counted',
    proof: () => {
      const { owner, tell, pollAgain, ports } = withSubmitted();
      pollAgain({});
      expect(owner.take()).toHaveLength(1);
      tell(pushed('t1'));
      tell(pushed('t1'));
      pollAgain({});
      expect([owner.take(), ports.probes.filter(({ type }) => type === 'completionIgnored').length]).toEqual([[], 2]);
    },
  },
  {
    id: 'semantics-4.stale-twice-at-command',
    source: 'A completion that does not match where its command is: duplicate',
    given: 'a command that has consumed the end of a task',
    when: 'the same end reaches it again',
    then: 'it moves once',
    proof: [{ file: 'test/actors/command.test.ts', test: 'an end that comes twice moves the command once' }],
  },
  {
    id: 'semantics-4.stale-late',
    source: 'A completion that does not match where its command is: late',
    given: 'a task whose command is over',
    when: 'its end is polled',
    then: 'that is counted and changes nothing, and the task is cleared',
    proof: () => {
      const { owner, asked, polled, ports } = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted' })], command: 'over' });
      polled({});
      expect([owner.take(), ports.probes.map(({ type }) => type), asked('clearTask')]).toEqual([[], ['completionIgnored'], [{ op: 'clearTask', pool: 'pool1', taskId: 't1' }]]);
    },
  },
  {
    id: 'semantics-4.stale-elsewhere',
    source: 'A completion that does not match where its command is: late',
    given: 'a command in another step, or going the other way, than the one that the task is of',
    when: 'it is told the end',
    then: 'that is counted and changes nothing, and the task is cleared',
    proof: [
      { file: 'test/actors/command.test.ts', test: 'a completion that the command does not wait for' },
      { file: 'test/src/flow/held.test.ts', test: 'the end of a task of the step before changes nothing' },
      { file: 'test/src/flow/held.test.ts', test: 'the end of a forward task changes nothing in the rollback' },
    ],
  },
  {
    id: 'semantics-4.stale-attempt',
    source: 'A completion that does not match where its command is: from an earlier attempt',
    given: 'a task that failed and was cleared, and its next attempt, under an id of its own',
    when: 'a host tells the end of the first one again',
    then: 'that is counted, and is not taken for the end of the second',
    proof: () => {
      const { owner, tell, answer, commit, pollAgain, ports } = withSubmitted();
      pollAgain({ taskResult: 'cleanSuccess', code: 261 });
      tell({ type: 'clear', taskId: 't1' });
      answer('clearTask');
      commit();
      tell({ type: 'place', task: aTask('t1-again', { attempt: 2 }) });
      answer('submitTask');
      commit();
      owner.take();
      tell(pushed('t1'));
      expect([owner.take(), ports.probes.at(-1)?.type]).toEqual([[], 'completionIgnored']);
      pollAgain({ taskId: 't1-again' });
      expect(owner.take()).toMatchObject([{ taskId: 't1-again', attempt: 2, outcome: { kind: 'succeeded' } }]);
    },
  },
  {
    id: 'semantics-4.stale-attempt-at-command',
    source: 'A completion that does not match where its command is: from an earlier attempt',
    given: 'a command that waits for the next attempt of a task, or in its back-off',
    when: 'the end of the earlier one reaches it',
    then: 'it is nobody\'s concern',
    proof: [{ file: 'test/src/flow/retry.test.ts', test: 'is nobody\'s concern under its old id, nor under the new one before that is placed' }],
  },
  {
    id: 'semantics-4.stale-incarnation',
    source: 'A completion that does not match where its command is: from an earlier incarnation',
    given: 'an engine that has started anew',
    when: 'a reply to what it asked before, or an end that was to be told to it then, arrives now',
    then: 'nobody waits for it: it changes nothing',
    proof: [
      { file: 'test/actors/exchange.test.ts', test: 'one to an earlier incarnation of the engine' },
      { file: 'test/sim/embed/completion-events.test.ts', test: 'tell only the start of the engine that asked: wherever it crashes, all is done, and once' },
    ],
  },
  {
    id: 'semantics-4.stale-anything',
    source: 'A completion that does not match where its command is changes nothing',
    given: 'a task anywhere in its life, or forgotten',
    when: 'whatever can come late or twice does: answers to its submission, fence, clearing, stops, ends',
    then: 'nothing is told, committed or asked',
    proof: [{ file: 'test/actors/task-manager/from-the-past.test.ts', test: 'whatever comes late, twice or from the past' }],
  },
];

const strangers: readonly Row[] = [
  {
    id: 'semantics-4.unknown-left',
    source: 'Tasks on a host that this engine does not know are reported, left to run',
    given: 'a task on a host that no record is of',
    when: 'lists have it as running, three times',
    then: 'each time it is reported, and nobody stops or clears it',
    proof: () => {
      const { polled, pollAgain, asked, ports } = aTaskManager();
      const running = { taskId: 'orphan', taskState: 'running', taskResult: '' } as const;
      polled(running);
      pollAgain(running);
      pollAgain(running);
      expect(ports.probes.map((probe) => [probe.type, 'taskId' in probe ? probe.taskId : null])).toEqual(Array(3).fill(['completionIgnored', 'orphan']));
      expect(asked()).toEqual([]);
    },
  },
  {
    id: 'semantics-4.unknown-cleared',
    source: 'Tasks on a host that this engine does not know are cleared when finished',
    given: 'such a task',
    when: 'a list has it as finished, well or badly',
    then: 'it is cleared, and no command is told',
    proof: () => {
      for (const taskResult of ['success', 'cleanSuccess', 'cleanFailure'] as const) {
        const { polled, asked, owner } = aTaskManager();
        polled({ taskId: 'orphan', taskResult });
        expect([asked(), owner.take()]).toEqual([[{ op: 'clearTask', pool: 'pool1', taskId: 'orphan' }], []]);
      }
    },
  },
  {
    id: 'semantics-4.unknown-adopted',
    source: 'Tasks on a host that this engine does not know are adopted only by exact id',
    given: 'a recovered engine with a task on record, and a host with one whose id only begins or ends like that',
    when: 'the list has that one as finished',
    then: 'it is a stranger: the command is told nothing, and ours is waited for',
    proof: () => {
      for (const taskId of ['t1.0', 't', 'T1', 'xt1', 't1 ']) {
        const { polled, pollAgain, owner, asked } = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted', submittedAt: 0 })] });
        polled({ taskId });
        expect([owner.take(), asked('clearTask')]).toEqual([[], [{ op: 'clearTask', pool: 'pool1', taskId }]]);
        pollAgain({});
        expect(owner.take()).toMatchObject([{ taskId: 't1' }]);
      }
    },
  },
  {
    id: 'semantics-4.unknown-adopted-by-offer',
    source: 'Tasks on a host that this engine does not know are adopted only by exact id',
    given: 'a task that a host took from an earlier incarnation, which died before it knew',
    when: 'the recovered engine offers the same id again',
    then: 'the host answers with the task that it has: it is adopted, and runs once',
    proof: [
      { file: 'test/actors/spm-host-tasks.test.ts', test: 'is answered as it is when it is submitted again, and runs once' },
      { file: 'test/actors/engine.test.ts', test: 'goes on where its disk says, and submits the same task to the host, not another' },
    ],
  },
];

export const semantics4Completions: Section = {
  title: 'Task manager: ends that nobody waits for, and tasks that nobody knows',
  page: 'semantics.md',
  rows: [...completions, ...strangers],
};
