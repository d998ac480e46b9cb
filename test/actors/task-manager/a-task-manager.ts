import type { CommandMessage, PoolMessage, TaskManagerMessage } from '../../../actors/messages.js';
import { createTaskManager } from '../../../actors/task-manager.js';
import type { HostRequest, TaskStatus, WireReply } from '../../../actors/wire.js';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import { aTask } from '../../src/store/fixtures.js';
import { FakeRef, loneEngine, Mailbox, replyTo, takeCommits } from '../lone-engine.js';

export const POLL = 10_000_000;

interface Start {
  readonly recovered?: readonly SpmAsyncTask[];
  /** Whether the command that the tasks belong to is there to be told. */
  readonly command?: 'there' | 'over';
}

/** A task manager that has begun, with one pool and one command. */
export function aTaskManager({ recovered = [], command = 'there' }: Start = {}) {
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

export function statusOf(status: Partial<TaskStatus>): TaskStatus {
  return { taskId: 't1', taskState: 'finished', taskResult: 'success', code: 0, message: '', ...status };
}

/** Its task is on a host, and known to be. */
export function withSubmitted() {
  const all = aTaskManager();
  all.polled();
  all.tell({ type: 'place', task: aTask('t1') });
  all.answer('submitTask');
  all.commit();
  return all;
}

/** Its submission has not been answered, and is not wanted any more. */
export function withWithdrawn() {
  const all = aTaskManager();
  all.polled();
  all.tell({ type: 'place', task: aTask('t1') });
  all.tell({ type: 'stop', taskId: 't1', reason: 'cancelled' });
  const [withdrawn] = all.withdrawn();
  if (withdrawn === undefined) throw new Error('nothing was withdrawn');
  const answerInstead = (reply: Partial<WireReply>): void => withdrawn.instead?.wake({ host: 'host1', reply: replyTo({ correlation: '1', to: 'host1' }, reply) });
  return { ...all, answerInstead };
}

export const SUCCEEDED = { type: 'taskEnded', taskId: 't1', executionIndex: 0, executionReason: 'REGULAR_FLOW', attempt: 1, outcome: { kind: 'succeeded' } };
