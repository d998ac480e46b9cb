import { expect } from 'vitest';
import type { TaskState } from '../../../../actors/host/task-states.js';
import type { SpmStatus, TaskStatus, WireReply } from '../../../../actors/wire.js';
import { LoneHost, SECOND, smallWorld, submitVolume } from '../../../actors/lone-host.js';
import type { Row, Section } from '../row.js';

const POOL = 'pool1';

/** What a new SPM shows of task `t`, when there was time for a roll-back, that its predecessor had left like this. */
function takenOver(leave: (before: LoneHost) => void): TaskStatus | undefined {
  const storage = smallWorld();
  leave(new LoneHost({ storage, config: { workers: 1 } }));
  const next = new LoneHost({ storage, config: { incarnation: 2 } });
  next.advance(10 * SECOND);
  const status = next.status('t');
  const done = storage.ledger.entries.filter(({ key }) => key === 't').map(({ part }) => part);
  if (status?.taskResult === 'cleanSuccess' && done.length > 0) expect(done.at(-1)).toBe('undone');
  return status;
}

/** The task stands on storage in a state that is not to be met there, but for a host that died in the wrong moment. */
const crafted = (state: TaskState) => (before: LoneHost): void => {
  before.submitVolume('v', 't');
  const [task] = before.storage.tasks(POOL);
  if (task === undefined) throw new Error('the task is not on storage');
  before.storage.saveTask({ pool: POOL, generation: before.storage.lease(POOL).generation }, { ...task, state });
};

type Left = readonly [state: TaskState, leave: (before: LoneHost) => void, then: string, status: Partial<TaskStatus>, differs?: string];

const INITIALIZING = 'Task is initializing';

const TABLE: readonly Left[] = [
  [
    'queued',
    (before) => {
      before.submitVolume('other');
      before.submitVolume('v', 't');
    },
    'it is finished/cleanSuccess, with code 0 and "Task is initializing"',
    { taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: INITIALIZING },
  ],
  [
    'running',
    (before) => void before.submitVolume('v', 't'),
    'it is rolled back: finished/cleanSuccess, with code 0 and "Task is initializing"',
    { taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: INITIALIZING },
  ],
  [
    'finished',
    (before) => {
      before.submitVolume('v', 't');
      before.advance(SECOND);
    },
    'it is finished/success still',
    { taskState: 'finished', taskResult: 'success', code: 0 },
  ],
  [
    'recovered',
    (before) => {
      before.submitVolume('v', 'first');
      before.submitVolume('v', 't');
      before.advance(3 * SECOND);
      expect(before.status('t')).toMatchObject({ taskResult: 'cleanSuccess', code: 212 });
    },
    'it is finished/cleanSuccess, and has lost its code: 0',
    { taskState: 'finished', taskResult: 'cleanSuccess', code: 0, message: INITIALIZING },
  ],
  ['failed', crafted('failed'), 'it is finished/cleanFailure, with code 0', { taskState: 'finished', taskResult: 'cleanFailure', code: 0 }],
  ['aborting', crafted('aborting'), 'it is finished/cleanFailure', { taskState: 'finished', taskResult: 'cleanFailure' }],
  [
    'waitrecover',
    crafted('waitrecover'),
    'its roll-back is done: finished/cleanSuccess',
    { taskState: 'finished', taskResult: 'cleanSuccess', code: 0 },
    'vdsm shows it as cleaning for ever, and nobody could clear it. A host that dies between the end of a job and its roll-back leaves just that here, so it is gone on with.',
  ],
];

function become(host: LoneHost): void {
  expect(host.ask({ op: 'startSpm', pool: POOL, prevId: null, prevVersion: -1 }).code).toBe(0);
  host.advance(5 * SECOND);
}

function resign(host: LoneHost): void {
  const asked = host.send({ op: 'stopSpm', pool: POOL, generation: host.storage.lease(POOL).generation });
  host.advance(4 * SECOND);
  expect(host.replyTo(asked)?.code).toBe(0);
}

const roleOf = (host: LoneHost): SpmStatus['role'] => (host.ask({ op: 'getSpmStatus', pool: POOL }) as { result: SpmStatus } & WireReply).result.role;
const list = (host: LoneHost): WireReply => host.ask({ op: 'getAllTasksStatuses', pool: POOL });

const restart: readonly Row[] = [
  {
    id: 'vdsm-1.take-over-memory',
    source: 'Restart / SPM move: a restart drops what is in memory',
    given: 'an SPM with a task, that restarts',
    when: 'it is asked for its tasks, before and after it is the SPM again',
    then: 'before, it has none to tell of: 654; after, those that are on storage',
    proof: () => {
      const storage = smallWorld();
      new LoneHost({ storage }).submitVolume('v', 't');
      const again = new LoneHost({ storage, config: { incarnation: 2, beginsAsSpm: false } });
      again.advance(30 * SECOND);
      expect(list(again).code).toBe(654);
      become(again);
      expect(again.status('t')).toMatchObject({ taskId: 't' });
    },
  },
  {
    id: 'vdsm-1.take-over-order',
    source: 'Restart / SPM move: startSpm: tasks are loaded, the role is SPM, tasks are recovered',
    given: 'a host that is told to start as SPM, and a task that ran when its predecessor stopped',
    when: 'it has the lease',
    then: 'it is SPM first, and touches no task; then it loads them, and then it rolls back',
    proof: () => {
      const storage = smallWorld();
      new LoneHost({ storage }).submitVolume('v', 't');
      storage.releaseLease({ pool: POOL, generation: 1 });
      const next = new LoneHost({ node: 'host2', storage });
      expect(next.ask({ op: 'startSpm', pool: POOL, prevId: null, prevVersion: 0 }).code).toBe(0);
      next.advance(3 * SECOND);
      expect([roleOf(next), storage.tasks(POOL).map(({ state }) => state)]).toEqual(['SPM', ['running']]);
      next.advance(2 * SECOND);
      expect(next.status('t')).toMatchObject({ taskState: 'cleaning' });
      next.advance(SECOND);
      expect(next.status('t')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess' });
    },
    differs: 'vdsm loads before it has the role, and shows nothing of that until the tasks are queued to be recovered; who asks sees the same',
  },
];

const traps: readonly Row[] = [
  {
    id: 'vdsm-1.take-over-empty',
    source: 'Restart / SPM move: trap (a), a fresh SPM briefly answers {}',
    given: 'an SPM that has the lease, and has not loaded its tasks',
    when: 'it is asked for its tasks, and anything else of them',
    then: 'its list is empty, and says that it is not settled; all else is answered with 99',
    proof: [
      { file: 'test/actors/host/spm-role.test.ts', test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' },
      { file: 'test/actors/spm-take-over.test.ts', test: 'says of nothing that it is not there: first it is not the SPM, then its list means nothing, and nothing on storage is touched' },
    ],
    differs: 'vdsm\'s list does not say so. Hosts with `clientTaskIds: false` are like that.',
  },
  {
    id: 'vdsm-1.take-over-empty-engine',
    source: 'Restart / SPM move: trap (a), the engine maps absent to unknown, and that to failure',
    given: 'an engine whose task is not on the list of a new SPM',
    when: 'that lists it later',
    then: 'it ends as that says: nothing was taken for failed',
    proof: [{ file: 'test/actors/lost-task.test.ts', test: 'by one SPM, and not by the next, goes on' }],
    differs: 'absence means something only from an SPM that is settled, and only after unknownGrace',
  },
  {
    id: 'vdsm-1.take-over-reload',
    source: 'Restart / SPM move: trap (b), a reload on a host that still has the ids raises 405 and fails startSpm',
    given: 'a host with a task, that stops being SPM while that runs',
    when: 'it is told to start again, without a restart in between',
    then: 'it is the SPM, and takes the task over like any other: it is rolled back',
    proof: () => {
      const host = new LoneHost({ rules: [{ verb: 'createVolume', hangs: true }] });
      host.submitVolume('v', 't');
      resign(host);
      become(host);
      host.advance(2 * SECOND);
      expect([roleOf(host), host.status('t')]).toMatchObject(['SPM', { taskState: 'finished', taskResult: 'cleanSuccess', code: 0 }]);
    },
    differs: 'ours is without that defect: a term begins and ends with its memory',
  },
  {
    id: 'vdsm-1.take-over-ghosts',
    source: 'Restart / SPM move: trap (c), an ex-SPM that did not restart keeps ghosts',
    given: 'a host that was SPM with a task, which another SPM has cleared since',
    when: 'it is asked for its tasks, and becomes SPM again',
    then: 'it answers 654, and then does not list the task; its id stays refused',
    proof: () => {
      const storage = smallWorld();
      const first = new LoneHost({ storage });
      first.submitVolume('v', 't');
      first.advance(SECOND);
      resign(first);
      expect(list(first).code).toBe(654);
      const second = new LoneHost({ node: 'host2', storage });
      become(second);
      expect(second.clear('t')).toBe(0);
      resign(second);
      become(first);
      expect([first.status('t'), first.ask(submitVolume('v', 't')).code]).toEqual([undefined, 9002]);
    },
    differs: 'ours is without that defect: a term begins and ends with its memory',
  },
  {
    id: 'vdsm-1.take-over-two-answers',
    source: 'Restart / SPM move: trap (d), the old host reports finished/success while the new SPM reports cleanSuccess',
    given: 'an SPM whose job runs, and another that has taken its lease and rolled the task back',
    when: 'the job is done',
    then: 'storage refuses its effect and its end, so the old host says no success: it answers 654, and panics; nothing of the task is left',
    proof: () => {
      const storage = smallWorld();
      const old = new LoneHost({ storage });
      old.submitVolume('v', 't');
      storage.revokeLease(POOL);
      const next = new LoneHost({ node: 'host2', storage });
      become(next);
      next.advance(SECOND);
      old.advance(SECOND);
      expect([list(old).code, old.panics[0], next.status('t')]).toMatchObject([654, 'the SPM lease is lost', { taskResult: 'cleanSuccess', code: 0 }]);
      expect(storage.ledger.openEffects('c1')).toEqual([]);
    },
    differs: 'vdsm reports a success of which the next SPM knows nothing',
  },
  {
    id: 'vdsm-1.take-over-two-answers-run',
    source: 'Restart / SPM move: trap (d)',
    given: 'an SPM that hangs for longer than its lease, in a whole run',
    when: 'another has taken over, and it wakes',
    then: 'what it does comes to nothing',
    proof: [{ file: 'test/sim/embed/host-faults.test.ts', test: 'for longer: another takes its lease when that has expired, and what it does when it wakes comes to nothing' }],
  },
];

export const vdsm1TakeOver: Section = {
  title: 'Tasks: restart and SPM move',
  page: 'vdsm-facts.md',
  rows: [
    ...restart,
    ...TABLE.map(
      ([state, leave, then, status, differs]): Row => ({
        id: `vdsm-1.take-over-${state}`,
        source: `Restart / SPM move: ${state}`,
        given: `a task that is ${state} on storage when its SPM has died`,
        when: 'the next SPM has loaded it',
        then,
        proof: () => expect(takenOver(leave)).toMatchObject(status),
        ...(differs === undefined ? {} : { differs }),
      }),
    ),
    ...traps,
  ],
};
