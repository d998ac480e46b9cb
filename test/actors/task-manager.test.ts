import { describe, expect, test } from 'vitest';
import type { CommandMessage, PoolMessage, TaskManagerMessage } from '../../actors/messages.js';
import { createTaskManager } from '../../actors/task-manager.js';
import { TASK_ABORTED, TASK_STATE_FORBIDS, TASK_UNKNOWN, UNKNOWN_POOL, type HostRequest, type TaskStatus, type WireReply } from '../../actors/wire.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { aTask } from '../src/store/fixtures.js';
import { FakeRef, loneEngine, Mailbox, replyTo, takeCommits } from './lone-engine.js';

const POLL = 10_000_000;

interface Start {
  readonly recovered?: readonly SpmAsyncTask[];
  /** Whether the command that the tasks belong to is there to be told. */
  readonly command?: 'there' | 'over';
}

/** A task manager that has begun, with one pool and one command. */
function aTaskManager({ recovered = [], command = 'there' }: Start = {}) {
  const { ports, context, commits } = loneEngine();
  const pool = new FakeRef<PoolMessage>();
  const owner = new FakeRef<CommandMessage>();
  const mailbox = new Mailbox<TaskManagerMessage>();
  const manager = createTaskManager(context, {
    pools: new Map([['pool1', pool]]),
    commandOf: () => (command === 'there' ? owner : undefined),
    isWithheld: () => false,
    recovered,
    wakeSelf: mailbox.wake,
  });
  mailbox.run(manager.handle);
  manager.begin();

  let offers = pool.take();
  /** The requests that wait for an answer. */
  const asked = (op?: HostRequest['op']): readonly HostRequest[] => {
    offers = [...offers, ...pool.take()];
    return offers.flatMap((message) => (message.type === 'offer' && (op === undefined || message.offer.body.op === op) ? [message.offer.body] : []));
  };
  const withdrawn = () => {
    offers = [...offers, ...pool.take()];
    return offers.filter((message) => message.type === 'withdraw');
  };
  const answer = (op: HostRequest['op'], reply: Partial<WireReply> | null = {}): void => {
    if (asked(op).length === 0) throw new Error(`nobody asked to ${op}`);
    const index = offers.findIndex((message) => message.type === 'offer' && message.offer.body.op === op);
    const [message] = offers.slice(index, index + 1);
    offers = offers.filter((_, i) => i !== index);
    if (message?.type === 'offer') message.offer.wake(reply === null ? null : { host: 'host1', reply: replyTo({ correlation: '1', to: 'host1' }, reply) });
  };
  const polled = (...tasks: readonly Partial<TaskStatus>[]): void => {
    const all = tasks.map((status) => ({ taskId: 't1', taskState: 'finished', taskResult: 'success', code: 0, message: '', ...status }));
    answer('getAllTasksStatuses', { result: { settled: true, tasks: all } });
  };
  /** All commits that wait are on disk. What they changed. */
  const commit = (): readonly unknown[] =>
    takeCommits(commits).flatMap(({ changes, probes, wake }) => {
      probes.forEach((probe) => ports.probe(probe));
      wake({ kind: 'committed' });
      return changes;
    });
  const pollAgain = (...tasks: readonly Partial<TaskStatus>[]): void => {
    ports.advance(POLL);
    polled(...tasks);
  };
  return { ports, owner, asked, withdrawn, answer, polled, commit, pollAgain, tell: mailbox.wake };
}

/** Its task is on a host, and known to be. */
function withSubmitted() {
  const all = aTaskManager();
  all.polled();
  all.tell({ type: 'place', task: aTask('t1') });
  all.answer('submitTask');
  all.commit();
  return all;
}

/** Its submission has not been answered, and is not wanted any more. */
function withWithdrawn() {
  const all = aTaskManager();
  all.polled();
  all.tell({ type: 'place', task: aTask('t1') });
  all.tell({ type: 'stop', taskId: 't1', reason: 'cancelled' });
  const [withdrawn] = all.withdrawn();
  if (withdrawn === undefined) throw new Error('nothing was withdrawn');
  const answerInstead = (reply: Partial<WireReply>): void => withdrawn.instead.wake({ host: 'host1', reply: replyTo({ correlation: '1', to: 'host1' }, reply) });
  return { ...all, answerInstead };
}

const SUCCEEDED = { type: 'taskEnded', taskId: 't1', executionIndex: 0, executionReason: 'REGULAR_FLOW', attempt: 1, outcome: { kind: 'succeeded' } };

describe('the life of a task', () => {
  test('placeholder, submitted, polled, ended, cleared', () => {
    const { ports, owner, asked, answer, polled, commit, pollAgain, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    expect(asked()).toEqual([
      { op: 'submitTask', pool: 'pool1', taskId: 't1', verb: 'createVolume', args: { size: 1024 }, step: { commandId: 'migrate', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } },
    ]);
    answer('submitTask');
    expect(commit()).toEqual([{ type: 'task', task: aTask('t1', { state: 'Submitted' }) }]);
    pollAgain({ taskState: 'running', taskResult: '' });
    expect(owner.take()).toEqual([]);
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
    tell({ type: 'clear', taskId: 't1' });
    answer('clearTask');
    expect(commit()).toEqual([{ type: 'taskRemoved', task: aTask('t1', { state: 'Ending' }) }]);
    expect(ports.probes.map(({ type }) => type)).toEqual(['taskSubmitted', 'taskCleared']);
    pollAgain();
    expect([asked(), ports.timers]).toEqual([[], []]);
  });

  test('its end is told once, though it is polled again before it is consumed', () => {
    const { owner, pollAgain } = withSubmitted();
    pollAgain({});
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });

  test('is not polled before its acknowledgement is on disk: after a crash nobody would know of it', () => {
    const { owner, commit, answer, polled, pollAgain, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    answer('submitTask');
    pollAgain({});
    expect(owner.take()).toEqual([]);
    commit();
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });

  test('a refusal is an end, and is cleared like any other', () => {
    const { owner, asked, answer, polled, commit, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    answer('submitTask', { code: 1000, message: 'bad argument' });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome: { kind: 'refused', code: 1000, message: 'bad argument' } }]);
    expect(commit()).toEqual([]);
    tell({ type: 'clear', taskId: 't1' });
    expect(asked()).toEqual([{ op: 'clearTask', pool: 'pool1', taskId: 't1' }]);
  });

  test('one that is absent from a poll goes on: absence alone says nothing', () => {
    const { owner, pollAgain } = withSubmitted();
    pollAgain();
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });

  test('a poll that fails says nothing, and is repeated', () => {
    const { ports, owner, answer, pollAgain } = withSubmitted();
    ports.advance(POLL);
    answer('getAllTasksStatuses', null);
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });
});

describe('a task for a pool that this engine does not know', () => {
  const REFUSED = { kind: 'refused', code: UNKNOWN_POOL, message: "there is no storage pool 'elsewhere'" };

  test('is refused, and its record is gone with its end, though nobody can be asked to clear it', () => {
    const { ports, owner, asked, polled, commit, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1', { pool: 'elsewhere' }) });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome: REFUSED }]);
    tell({ type: 'clear', taskId: 't1' });
    expect(commit()).toEqual([{ type: 'taskRemoved', task: aTask('t1', { pool: 'elsewhere', state: 'Ending' }) }]);
    tell({ type: 'clear', taskId: 't1' });
    expect([commit(), asked(), ports.timers]).toEqual([[], [], []]);
  });

  test('may have been sent before a crash, when it was known: what became of it is unknown', () => {
    const { owner, commit } = aTaskManager({ recovered: [aTask('t1', { pool: 'elsewhere' })] });
    expect([owner.take(), commit()]).toEqual([[{ ...SUCCEEDED, outcome: { kind: 'unknown' } }], []]);
  });

  test('and whose outcome was consumed before a crash, is forgotten after it', () => {
    const ending = aTask('t1', { pool: 'elsewhere', state: 'Ending' });
    const { commit, owner } = aTaskManager({ recovered: [ending] });
    expect([commit(), owner.take()]).toEqual([[{ type: 'taskRemoved', task: ending }], []]);
  });
});

describe('stopping', () => {
  test('asks the host, and goes on polling: only an end ends it', () => {
    const { owner, asked, answer, pollAgain, tell } = withSubmitted();
    tell({ type: 'stop', taskId: 't1', reason: 'sibling' });
    expect(asked('stopTask')).toEqual([{ op: 'stopTask', pool: 'pool1', taskId: 't1' }]);
    answer('stopTask');
    pollAgain({ taskState: 'aborting', taskResult: '' });
    expect(owner.take()).toEqual([]);
    pollAgain({ taskResult: 'cleanSuccess', code: 411 });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'aborted', reason: 'sibling' } }]);
  });

  test('waits until the task is known to be on a host', () => {
    const { asked, answer, polled, commit, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    tell({ type: 'stop', taskId: 't1', reason: 'sibling' });
    expect(asked('stopTask')).toEqual([]);
    answer('submitTask');
    expect(asked('stopTask')).toEqual([]);
    commit();
    expect(asked('stopTask')).toHaveLength(1);
  });

  test.each([
    [TASK_UNKNOWN, { kind: 'notSent' }],
    [UNKNOWN_POOL, { kind: 'unknown' }],
  ])('what is not known to be on a host: %d to the request in place of its submission is its end', (code, outcome) => {
    const { owner, answerInstead } = withWithdrawn();
    answerInstead({ code });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome }]);
  });

  test.each([0, TASK_ABORTED])('what proves to be on a host by its answer %d: it is committed as such, and polled until it is over', (code) => {
    const { owner, commit, answerInstead, pollAgain } = withWithdrawn();
    answerInstead({ code });
    expect(commit()).toEqual([{ type: 'task', task: aTask('t1', { state: 'Submitted' }) }]);
    expect(owner.take()).toEqual([]);
    pollAgain({ taskResult: 'cleanSuccess', code: 411 });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'aborted', reason: 'cancelled' } }]);
  });

  test('does nothing to what is over or unknown', () => {
    const { asked, pollAgain, tell } = withSubmitted();
    pollAgain({});
    tell({ type: 'stop', taskId: 't1', reason: 'sibling' });
    tell({ type: 'stop', taskId: 'none', reason: 'sibling' });
    expect(asked('stopTask')).toEqual([]);
  });
});

describe('clearing', () => {
  const ending = () => {
    const all = withSubmitted();
    all.pollAgain({});
    all.tell({ type: 'clear', taskId: 't1' });
    return all;
  };

  test('an absent task is a cleared one', () => {
    const { answer, commit } = ending();
    answer('clearTask', { code: TASK_UNKNOWN });
    expect(commit()).toMatchObject([{ type: 'taskRemoved' }]);
  });

  test('that fails is tried again after the next poll, until it succeeds', () => {
    const { asked, answer, commit, pollAgain } = ending();
    for (let i = 0; i < 3; i += 1) {
      answer('clearTask', { code: TASK_STATE_FORBIDS });
      expect([commit(), asked('clearTask')]).toEqual([[], []]);
      pollAgain({});
      expect(asked('clearTask')).toHaveLength(1);
    }
    answer('clearTask');
    expect(commit()).toMatchObject([{ type: 'taskRemoved' }]);
  });

  test('is asked for once, and forgets the task when it is on disk', () => {
    const { asked, answer, commit, tell } = ending();
    tell({ type: 'clear', taskId: 't1' });
    expect(asked('clearTask')).toHaveLength(1);
    answer('clearTask');
    commit();
    tell({ type: 'clear', taskId: 't1' });
    expect(asked('clearTask')).toEqual([]);
  });
});

describe('after a crash', () => {
  test('goes on with each task where its record says, and polls at once', () => {
    const { asked, answer, polled, owner, commit } = aTaskManager({
      recovered: [
        aTask('placed'),
        aTask('on-host', { state: 'Submitted', executionIndex: 2, executionReason: 'ROLLBACK_FLOW', attempt: 3 }),
        aTask('ending', { state: 'Ending' }),
      ],
    });
    expect(asked().map((body) => [body.op, 'taskId' in body ? body.taskId : null])).toEqual([
      ['submitTask', 'placed'],
      ['clearTask', 'ending'],
      ['getAllTasksStatuses', null],
    ]);
    polled({ taskId: 'on-host' });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, taskId: 'on-host', executionIndex: 2, executionReason: 'ROLLBACK_FLOW', attempt: 3 }]);
    answer('clearTask');
    expect(commit()).toEqual([{ type: 'taskRemoved', task: aTask('ending', { state: 'Ending' }) }]);
  });

  test('polls at least once, though nothing is outstanding: hosts may keep what nobody knows of', () => {
    const { ports, asked, polled } = aTaskManager();
    expect(asked()).toEqual([{ op: 'getAllTasksStatuses', pool: 'pool1' }]);
    polled();
    expect([asked(), ports.timers]).toEqual([[], []]);
  });

  test('polls until it has reached the pool', () => {
    const { ports, asked, answer, polled } = aTaskManager();
    for (let i = 0; i < 3; i += 1) {
      answer('getAllTasksStatuses', null);
      ports.advance(POLL);
    }
    polled();
    ports.advance(POLL);
    expect(asked()).toEqual([]);
  });
});

describe('a task that nobody knows', () => {
  test('is reported, and cleared when it is over', () => {
    const { ports, asked, polled, owner } = aTaskManager();
    polled({ taskId: 'orphan' });
    expect(ports.probes).toMatchObject([{ type: 'completionIgnored', taskId: 'orphan' }]);
    expect([asked(), owner.take()]).toEqual([[{ op: 'clearTask', pool: 'pool1', taskId: 'orphan' }], []]);
  });

  test('is left to run, and looked at until it is over', () => {
    const { asked, polled, pollAgain } = aTaskManager();
    polled({ taskId: 'orphan', taskState: 'running', taskResult: '' });
    expect(asked()).toEqual([]);
    pollAgain({ taskId: 'orphan' });
    expect(asked()).toEqual([{ op: 'clearTask', pool: 'pool1', taskId: 'orphan' }]);
  });
});

describe('a task whose command', () => {
  const recovered = [aTask('t1', { state: 'Submitted' })];

  test('is over: its completion changes nothing, and it is cleared all the same', () => {
    const { ports, asked, polled } = aTaskManager({ recovered, command: 'over' });
    polled({});
    expect([ports.probes.map(({ type }) => type), asked('clearTask').length]).toEqual([['completionIgnored'], 1]);
  });
});
