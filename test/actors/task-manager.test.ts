import { describe, expect, test } from 'vitest';
import type { CommandMessage, PoolMessage, TaskManagerMessage } from '../../actors/messages.js';
import { createTaskManager } from '../../actors/task-manager.js';
import { FENCED, TASK_STATE_FORBIDS, TASK_UNKNOWN, UNKNOWN_POOL, type HostRequest, type TaskStatus, type WireReply } from '../../actors/wire.js';
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
    ownIds: new Set(),
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
    answer('getAllTasksStatuses', { result: { generation: 1, settled: true, tasks: tasks.map(statusOf) } });
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

function statusOf(status: Partial<TaskStatus>): TaskStatus {
  return { taskId: 't1', taskState: 'finished', taskResult: 'success', code: 0, message: '', ...status };
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
  const answerInstead = (reply: Partial<WireReply>): void => withdrawn.instead?.wake({ host: 'host1', reply: replyTo({ correlation: '1', to: 'host1' }, reply) });
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
    expect(commit()).toEqual([{ type: 'task', task: aTask('t1', { state: 'Submitted', submittedAt: 0 }) }]);
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
  test.each(['Placeholder', 'Submitted'] as const)('of a record that says %s may be on a host: it is kept, and nobody is told that it has ended', (state) => {
    const { ports, owner, commit, asked, polled } = aTaskManager({ recovered: [aTask('t1', { pool: 'elsewhere', state })] });
    polled();
    ports.advance(100 * POLL);
    expect([owner.take(), commit(), asked()]).toEqual([[], [], []]);
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
    // A host had it once, and nobody can say how far it came.
    [FENCED, { kind: 'unknown' }],
  ])('what is not known to be on a host: %d to the request in place of its submission is its end', (code, outcome) => {
    const { owner, withdrawn, answerInstead } = withWithdrawn();
    expect(withdrawn()[0]?.instead?.body).toEqual({ op: 'fenceTask', pool: 'pool1', taskId: 't1' });
    answerInstead({ code });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome }]);
  });

  test('what is not known to be on a host: an answer that says nothing of it is none, and it is asked for again after the next poll', () => {
    const { ports, owner, asked, answer, answerInstead, pollAgain } = withWithdrawn();
    answerInstead({ code: UNKNOWN_POOL });
    expect([owner.take(), asked('fenceTask')]).toEqual([[], []]);
    pollAgain();
    answer('fenceTask', { code: TASK_UNKNOWN });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'notSent' } }]);
    expect(ports.probes).toEqual([
      { type: 'fenceRefused', taskId: 't1', host: 'host1', code: UNKNOWN_POOL },
      { type: 'fenceAnswered', taskId: 't1', host: 'host1', answer: 'fenced' },
    ]);
  });

  test('what proves to be on a host when it is to be fenced: it is committed as such, stopped, and polled until it is over', () => {
    const { owner, asked, commit, answerInstead, pollAgain } = withWithdrawn();
    answerInstead({ result: statusOf({ taskState: 'running', taskResult: '' }) });
    expect(asked('stopTask')).toEqual([]);
    expect(commit()).toEqual([{ type: 'task', task: aTask('t1', { state: 'Submitted', submittedAt: 0 }) }]);
    expect([owner.take(), asked('stopTask').length]).toEqual([[], 1]);
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

describe('an acknowledged task that is missing', () => {
  const missing = () => {
    const all = withSubmitted();
    const asked = (): number => all.asked('fenceTask').length;
    const absent = (times: number): void => {
      for (let i = 0; i < times; i += 1) all.pollAgain();
    };
    return { ...all, fences: asked, absent };
  };

  test('is fenced when it has been so for the whole grace, and is lost when that is answered, not before', () => {
    const { ports, owner, fences, absent, answer } = missing();
    absent(6);
    expect(fences()).toBe(0);
    absent(1);
    expect([fences(), owner.take()]).toEqual([1, []]);
    // However long the answer takes.
    absent(20);
    expect([fences(), owner.take()]).toEqual([1, []]);
    answer('fenceTask', { code: TASK_UNKNOWN });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome: { kind: 'lost' } }]);
    expect(ports.probes.filter(({ type }) => type !== 'taskSubmitted')).toEqual([
      { type: 'taskMissing', taskId: 't1', host: 'host1' },
      { type: 'fenceAnswered', taskId: 't1', host: 'host1', answer: 'fenced' },
    ]);
  });

  test('has run at a host that says so when it is fenced, and is lost all the same', () => {
    const { owner, absent, answer } = missing();
    absent(7);
    answer('fenceTask', { code: FENCED });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'lost' } }]);
  });

  test('and is there all the same when it is to be fenced, goes on being polled, and waited for anew', () => {
    const { owner, fences, absent, answer, pollAgain } = missing();
    absent(7);
    answer('fenceTask', { result: statusOf({ taskState: 'running', taskResult: '' }) });
    absent(6);
    expect([fences(), owner.take()]).toEqual([0, []]);
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });

  test('and is over when it is to be fenced, has ended like that', () => {
    const { owner, absent, answer } = missing();
    absent(7);
    answer('fenceTask', { result: statusOf({ taskResult: 'cleanSuccess', code: 261 }) });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'failed', code: 261 } }]);
  });

  test('cannot be fenced by an answer that says nothing of it: that is asked for again', () => {
    const { owner, fences, absent, answer } = missing();
    absent(7);
    answer('fenceTask', { code: UNKNOWN_POOL });
    expect([fences(), owner.take()]).toEqual([0, []]);
    absent(1);
    answer('fenceTask', { code: TASK_UNKNOWN });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'lost' } }]);
  });

  test('and is asked to stop meanwhile, is stopped only if it is there', () => {
    const { asked, absent, answer, tell } = missing();
    absent(7);
    tell({ type: 'stop', taskId: 't1', reason: 'cancelled' });
    expect(asked('stopTask')).toEqual([]);
    answer('fenceTask', { result: statusOf({ taskState: 'running', taskResult: '' }) });
    expect(asked('stopTask')).toHaveLength(1);
  });

  type Answer = Partial<WireReply> & { readonly settled?: boolean; readonly generation?: number };
  test.each<[string, Answer]>([
    ['its tasks are not loaded yet', { settled: false }],
    ['it is another term of its', { generation: 2 }],
    ['it has started anew', { incarnation: 2 }],
    ['it is another host', { from: 'host2' }],
  ])('is waited for anew when the SPM answers and %s', (_, { settled = true, generation = 1, ...reply }) => {
    const { ports, fences, absent, answer } = missing();
    const answered = (): void => {
      ports.advance(POLL);
      answer('getAllTasksStatuses', { result: { generation, settled, tasks: [] }, ...reply });
    };
    absent(6);
    answered();
    expect(fences()).toBe(0);
    if (settled) for (let i = 0; i < 5; i += 1) answered();
    else absent(6);
    expect(fences()).toBe(0);
    if (settled) answered();
    else absent(1);
    expect(fences()).toBe(1);
  });

  test('is missing only if a poll says so that was begun when it was known to be on a host', () => {
    const { ports, answer, commit, polled, tell, asked } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    answer('submitTask');
    ports.advance(POLL);
    expect(asked('getAllTasksStatuses')).toHaveLength(1);
    commit();
    polled();
    expect(ports.probes.map(({ type }) => type)).toEqual(['taskSubmitted']);
    ports.advance(POLL);
    polled();
    expect(ports.probes.map(({ type }) => type)).toEqual(['taskSubmitted', 'taskMissing']);
  });

  test('is waited for anew after a crash, and polls that fail make the wait no shorter', () => {
    const { ports, owner, fences, answer, polled, pollAgain } = (() => {
      const all = aTaskManager({ recovered: [aTask('t1', { state: 'Submitted', submittedAt: 0 })] });
      return { ...all, fences: () => all.asked('fenceTask').length };
    })();
    polled();
    for (let i = 0; i < 5; i += 1) {
      ports.advance(POLL);
      answer('getAllTasksStatuses', null);
    }
    expect(fences()).toBe(0);
    pollAgain();
    expect(fences()).toBe(1);
    answer('fenceTask', { code: TASK_UNKNOWN });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'lost' } }]);
  });
});

describe('a task that is fenced when it is submitted', () => {
  test('is unknown: a host may have had it, and nobody remembers', () => {
    const { owner, answer, polled, tell } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    answer('submitTask', { code: FENCED });
    expect(owner.take()).toEqual([{ ...SUCCEEDED, outcome: { kind: 'unknown' } }]);
  });
});

describe('a task that has grown too old', () => {
  const ZOMBIE = 180_000_000_000;

  test('since it was acknowledged, is told to its command at each poll until it is asked to stop', () => {
    const { ports, owner, asked, pollAgain, tell } = withSubmitted();
    ports.advance(ZOMBIE - POLL);
    owner.take();
    pollAgain({ taskState: 'running', taskResult: '' });
    pollAgain({ taskState: 'running', taskResult: '' });
    expect(owner.take()).toEqual([1, 2].map(() => ({ type: 'taskOverdue', taskId: 't1' })));
    tell({ type: 'stop', taskId: 't1', reason: 'zombie' });
    expect(asked('stopTask')).toHaveLength(1);
    pollAgain({ taskState: 'running', taskResult: '' });
    expect(owner.take()).toEqual([]);
    pollAgain({ taskResult: 'cleanSuccess', code: 411 });
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'aborted', reason: 'zombie' } }]);
  });

  test('before a crash, is so after it; one that no host has acknowledged is not, however long it is offered', () => {
    const start = (recovered: SpmAsyncTask) => {
      const all = aTaskManager({ recovered: [recovered] });
      all.ports.advance(ZOMBIE);
      all.polled();
      return all.owner.take();
    };
    expect(start(aTask('t1', { state: 'Submitted', submittedAt: 0 }))).toEqual([{ type: 'taskOverdue', taskId: 't1' }]);
    expect(start(aTask('t1', { createdAt: 0 }))).toEqual([]);
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

  test('polls once every polling rate, however many tasks it has placed again', () => {
    const { ports, asked, answer } = aTaskManager({ recovered: [aTask('t1'), aTask('t2')] });
    for (let i = 0; i < 5; i += 1) {
      // One that takes its time does not let another begin meanwhile.
      ports.advance(POLL / 2);
      expect(asked('getAllTasksStatuses')).toHaveLength(1);
      answer('getAllTasksStatuses', { result: { generation: 1, settled: true, tasks: [] } });
      expect(asked('getAllTasksStatuses')).toHaveLength(0);
      ports.advance(POLL);
    }
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

describe('an end that a host tells without being asked', () => {
  const pushed = (status: Partial<TaskStatus> = {}, generation = 1) => ({ type: 'pushed', ended: { op: 'taskEnded', pool: 'pool1', generation, status: statusOf(status) } }) as const;

  test('is told to the command as one that was polled, once: what the next poll says of it is nothing new', () => {
    const { owner, tell, pollAgain } = withSubmitted();
    tell(pushed({ taskResult: 'cleanSuccess', code: 261 }));
    tell(pushed({ taskResult: 'cleanSuccess', code: 261 }));
    pollAgain({ taskResult: 'cleanSuccess', code: 261 });
    expect(owner.take()).toMatchObject([{ type: 'taskEnded', outcome: { kind: 'failed', code: 261 } }]);
  });

  test('of an SPM whose term is over, is left to the one that took over', () => {
    const { owner, ports, tell, answer } = withSubmitted();
    ports.advance(POLL);
    answer('getAllTasksStatuses', { result: { generation: 2, settled: true, tasks: [statusOf({ taskState: 'running', taskResult: '' })] } });
    tell(pushed({}, 1));
    expect([owner.take(), ports.probes.map(({ type }) => type)]).toEqual([[], ['taskSubmitted', 'completionIgnored']]);
    tell(pushed({ taskResult: 'cleanSuccess' }, 2));
    expect(owner.take()).toMatchObject([{ outcome: { kind: 'failed', takeOver: true } }]);
  });

  test('before its acknowledgement is on disk, is left to the next poll', () => {
    const { owner, tell, polled, answer, commit, pollAgain } = aTaskManager();
    polled();
    tell({ type: 'place', task: aTask('t1') });
    tell(pushed());
    answer('submitTask');
    tell(pushed());
    commit();
    expect(owner.take()).toEqual([]);
    pollAgain({});
    expect(owner.take()).toEqual([SUCCEEDED]);
  });

  test('of what this engine does not know, is nothing: only a list says what is to be cleared', () => {
    const { asked, polled, owner, tell } = aTaskManager();
    polled();
    tell(pushed({ taskId: 'orphan' }));
    expect([asked(), owner.take()]).toEqual([[], []]);
  });

  test('that is no end, ends nothing; and none makes a task that is missing any less so', () => {
    const { owner, asked, tell, pollAgain } = withSubmitted();
    tell(pushed({ taskState: 'aborting', taskResult: '' }));
    for (let i = 0; i < 7; i += 1) {
      pollAgain();
      tell(pushed({ taskState: 'running', taskResult: '' }));
    }
    expect([owner.take(), asked('fenceTask').length]).toEqual([[], 1]);
  });
});

describe('whatever comes late, twice or from the past', () => {
  const at = {
    placed: () => {
      const all = aTaskManager();
      all.polled();
      all.tell({ type: 'place', task: aTask('t1') });
      return all;
    },
    polled: withSubmitted,
    ended: () => {
      const all = withSubmitted();
      all.pollAgain({});
      all.owner.take();
      return all;
    },
    ending: () => {
      const all = withSubmitted();
      all.pollAgain({});
      all.owner.take();
      all.tell({ type: 'clear', taskId: 't1' });
      return all;
    },
    forgotten: () => {
      const all = aTaskManager();
      all.polled();
      return all;
    },
  };
  const reply = (code = 0): WireReply => replyTo({ correlation: '1', to: 'host1' }, { code });
  /** What changes nothing there. */
  const nothing: readonly (readonly [keyof typeof at, string, TaskManagerMessage])[] = [
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).flatMap((state) =>
      [0, FENCED, 1000].map((code) => [state, `an answer to its submission: ${code}`, { type: 'submitAnswered', taskId: 't1', host: 'host1', reply: reply(code) }] as const),
    ),
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).map((state) => [state, 'that its submission was given up', { type: 'notSent', taskId: 't1' }] as const),
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).flatMap((state) =>
      [0, TASK_UNKNOWN, FENCED].map((code) => [state, `an answer to its fence: ${code}`, { type: 'fenceAnswered', taskId: 't1', host: 'host1', reply: reply(code) }] as const),
    ),
    ...(['placed', 'polled', 'ended', 'forgotten'] as const).flatMap((state) =>
      [0, TASK_UNKNOWN, TASK_STATE_FORBIDS].map((code) => [state, `an answer to its clearing: ${code}`, { type: 'clearAnswered', taskId: 't1', reply: reply(code) }] as const),
    ),
    ...(['ended', 'ending', 'forgotten'] as const).map((state) => [state, 'a stop', { type: 'stop', taskId: 't1', reason: 'cancelled' }] as const),
    ...(['placed', 'ended', 'ending', 'forgotten'] as const).map(
      (state) => [state, 'its end, told without being asked', { type: 'pushed', ended: { op: 'taskEnded', pool: 'pool1', generation: 1, status: statusOf({}) } }] as const,
    ),
    ...(['ending', 'forgotten'] as const).map((state) => [state, 'that its outcome is consumed', { type: 'clear', taskId: 't1' }] as const),
  ];

  test.each(nothing)('to a task that is %s: %s', (state, _, message) => {
    const { owner, asked, withdrawn, commit, tell } = at[state]();
    const before = [asked(), withdrawn().length];
    tell(message);
    expect([owner.take(), commit(), [asked(), withdrawn().length]]).toEqual([[], [], before]);
  });
});
