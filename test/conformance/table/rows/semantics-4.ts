import { expect } from 'vitest';
import { SPM_HOST_DEFAULTS } from '../../../../actors/spm-host.js';
import { QUEUE_FULL } from '../../../../actors/wire.js';
import { LoneHost, submitVolume } from '../../../actors/lone-host.js';
import { aTaskManager, withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { aTask } from '../../../src/store/fixtures.js';
import type { Row, Section } from '../row.js';

const MANAGER = 'test/actors/task-manager';
const EVENTS = 'test/sim/embed/completion-events.test.ts';

const polling: readonly Row[] = [
  {
    id: 'semantics-4.poll',
    source: 'One bulk status request per pool every pollingRate (10 s)',
    given: 'three tasks of one pool',
    when: 'ten seconds have passed since the last poll was answered',
    then: 'one request asks about all of them, and the next comes ten seconds after its answer',
    proof: () => {
      const { ports, asked, answer, polled, commit, tell } = aTaskManager();
      polled();
      for (const id of ['t1', 't2', 't3']) {
        tell({ type: 'place', task: aTask(id) });
        answer('submitTask');
      }
      commit();
      for (let round = 0; round < 3; round += 1) {
        ports.advance(9_999_999);
        expect(asked('getAllTasksStatuses')).toEqual([]);
        ports.advance(1);
        expect(asked('getAllTasksStatuses')).toEqual([{ op: 'getAllTasksStatuses', pool: 'pool1' }]);
        polled(...['t1', 't2', 't3'].map((taskId) => ({ taskId, taskState: 'running', taskResult: '' }) as const));
      }
    },
  },
  {
    id: 'semantics-4.poll-pools',
    source: 'One bulk status request per pool',
    given: 'tasks in several pools',
    when: 'they are polled',
    then: 'each pool is asked of its own SPM, and what one cannot answer is nothing to the others',
    proof: [{ file: 'test/sim/embed/pools.test.ts', test: 'twenty pools side by side: each runs its own tasks on its own SPM, and what fails in one is nothing to the others' }],
  },
  {
    id: 'semantics-4.poll-start',
    source: 'One bulk status request per pool',
    given: 'an engine that has started, with or without tasks',
    when: 'it has recovered',
    then: 'it asks each pool at once, until one list that says all; then only while something is waited for there',
    proof: [
      { file: `${MANAGER}/after-a-crash.test.ts`, test: 'polls at least once, though nothing is outstanding: hosts may keep what nobody knows of' },
      { file: `${MANAGER}/after-a-crash.test.ts`, test: 'polls until it has reached the pool' },
    ],
  },
  {
    id: 'semantics-4.states',
    source: 'Placeholder → Submitted → Polling → Ended → Ending → Cleared',
    given: 'a task',
    when: 'all goes well',
    then: 'it passes them in this order',
    proof: [{ file: `${MANAGER}/life.test.ts`, test: 'placeholder, submitted, polled, ended, cleared' }],
  },
  {
    id: 'semantics-4.states-after-crash',
    source: 'Placeholder → Submitted → Polling → Ended → Ending → Cleared',
    given: 'a task in any of them',
    when: 'the engine dies and starts again',
    then: 'it goes on where its record says',
    proof: [{ file: `${MANAGER}/after-a-crash.test.ts`, test: 'goes on with each task where its record says, and polls at once' }],
  },
  {
    id: 'semantics-4.clear-failed',
    source: 'Ending → Cleared | ClearFailed (retried)',
    given: 'a task that is being cleared',
    when: 'the host refuses that, with any code but 401',
    then: 'it is asked for again after each poll, until it is done, also after a crash',
    proof: () => {
      for (const code of [100, 402, 410, 1000]) {
        const { tell, asked, answer, commit, pollAgain } = withSubmitted();
        pollAgain({});
        tell({ type: 'clear', taskId: 't1' });
        answer('clearTask', { code });
        expect([commit(), asked('clearTask')]).toEqual([[], []]);
        pollAgain({});
        answer('clearTask');
        expect(commit()).toMatchObject([{ type: 'taskRemoved' }]);
      }
      const after = aTaskManager({ recovered: [aTask('t1', { state: 'Ending' })] });
      expect(after.asked('clearTask')).toHaveLength(1);
    },
  },
];

const { workers: WORKERS, queueLimit: QUEUE } = SPM_HOST_DEFAULTS;

export const semantics4: Section = {
  title: 'Task manager',
  page: 'semantics.md',
  rows: [
    ...polling,
    {
      id: 'semantics-4.zombie',
      source: 'Zombie: older than zombieAfter (3000 min): stopped, aborted(zombie)',
      given: 'an acknowledged task',
      when: '3000 minutes have passed, and it is polled',
      then: 'its command is told that it is too old, asks it to stop, and it is aborted (zombie) when it is over, not before',
      proof: [
        { file: `${MANAGER}/stopping.test.ts`, test: 'since it was acknowledged, is told to its command at each poll until it is asked to stop' },
        { file: 'test/src/flow/zombie.test.ts', test: 'is asked to stop, it alone; how it ends is its host\'s to say' },
      ],
    },
    {
      id: 'semantics-4.zombie-crash',
      source: 'Zombie: older than zombieAfter',
      given: 'a task that was acknowledged before a crash, and one that nobody has acknowledged',
      when: 'they grow that old',
      then: 'the age counts on over the crash; what is only offered has no age',
      proof: [
        { file: `${MANAGER}/stopping.test.ts`, test: 'before a crash, is so after it; one that no host has acknowledged is not, however long it is offered' },
        { file: 'test/actors/lost-task.test.ts', test: 'is stopped, wherever the engine crashes' },
      ],
    },
    {
      id: 'semantics-4.events',
      source: 'completionEvents: hosts also push completions',
      given: 'an engine that wants to be told of ends',
      when: 'hosts tell it',
      then: 'commands end as without, only sooner',
      proof: [{ file: EVENTS, test: 'bring commands to the same end, with less waiting' }],
    },
    {
      id: 'semantics-4.events-lost',
      source: 'completionEvents: polling stays as the safety net',
      given: 'an engine that wants to be told of ends',
      when: 'what hosts tell is lost, repeated, or of an SPM whose term is over',
      then: 'the next poll finds what was lost, and what is of the past is left to it',
      proof: [
        { file: EVENTS, test: 'may be heard by nobody: the next poll finds out' },
        { file: EVENTS, test: 'may be heard twice' },
        { file: `${MANAGER}/completion-events.test.ts`, test: 'of an SPM whose term is over, is left to the one that took over' },
      ],
    },
    {
      id: 'semantics-4.fair-room',
      source: 'What a pool cannot take (10 workers, queue of 500)',
      given: 'an SPM with 10 workers and a queue of 500',
      when: 'it is offered 511 tasks at once',
      then: 'it takes 510, of which 10 run, and answers the last with 9003, of which it keeps nothing',
      proof: () => {
        const host = new LoneHost();
        const codes = Array.from({ length: WORKERS + QUEUE + 1 }, (_, i) => host.ask(submitVolume(`v${i}`)).code);
        expect([WORKERS, QUEUE, codes.filter((code) => code === 0).length, codes.at(-1)]).toEqual([10, 500, 510, QUEUE_FULL]);
        expect([host.storage.tasks('pool1').length, host.probes.filter(({ type }) => type === 'hostTaskStarted').length]).toEqual([510, 10]);
      },
    },
    {
      id: 'semantics-4.fair-waits',
      source: 'What a pool cannot take waits in the engine',
      given: 'more commands than an SPM has room for',
      when: 'they run',
      then: 'what it answers with 9003 waits in the engine, and all of it is done in turn',
      proof: [{ file: 'test/sim/embed/election.test.ts', test: 'waits in the engine, and all of it is done in turn' }],
    },
    {
      id: 'semantics-4.fair',
      source: 'What a pool cannot take waits in the engine, fairly',
      given: 'submissions of many root commands that wait for room',
      when: 'there is some, time and again',
      then: 'roots take turns in the order in which they came, the steps of each come in theirs, what undoes comes first but for one in four, and nobody is passed without limit',
      proof: [{ file: 'test/actors/pool/fair-queue.test.ts', test: 'keeps the order within each root, and lets nobody wait for more than a few turns of each other root, however it is used' }],
    },
  ],
};
