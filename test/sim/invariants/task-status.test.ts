import { expect, it } from 'vitest';
import type { StoredTask } from '../../../actors/storage-port.js';
import type { TaskStatus, WireMessage } from '../../../actors/wire.js';
import { taskStatus } from '../../../sim/invariants/task-status.js';
import { HOST, Watched } from './watched.js';

class OneTask {
  readonly run = new Watched([], [taskStatus]);
  #stored: StoredTask | undefined = undefined;

  stored(...states: readonly (StoredTask['state'] | 'gone')[]): this {
    for (const state of states) {
      const after = state === 'gone' ? undefined : ({ id: 't1', verb: 'work', state } as StoredTask);
      this.run.monitor.taskRecord(this.run.tick(), this.#stored, after);
      this.#stored = after;
    }
    return this;
  }

  told(taskResult: TaskStatus['taskResult'], code: number, generation = 1): this {
    const task = { taskId: 't1', taskState: 'finished', taskResult, code, message: '' };
    return this.#message({ kind: 'reply', correlation: 'x', from: HOST, incarnation: 1, code: 0, message: '', result: { generation, settled: true, tasks: [task] } });
  }

  reverted(): this {
    return this.#message({ kind: 'request', correlation: 'x', from: 'engine', stamp: null, body: { op: 'revertTask', pool: 'pool1', taskId: 't1' } } as unknown as WireMessage);
  }

  #message(message: WireMessage): this {
    this.run.monitor.message(this.run.tick(), message);
    return this;
  }
}

it.each<[what: string, of: (task: OneTask) => OneTask]>([
  ['ends well, is told of, and is cleared', (task) => task.stored('queued', 'running', 'finished').told('success', 0).told('success', 0, 2).stored('gone').told('success', 0)],
  ['fails, and loses its code when another SPM takes it over', (task) => task.stored('running', 'recovered').told('cleanSuccess', 261).told('cleanSuccess', 0, 2).told('cleanSuccess', 261)],
  ['ends well, and is reverted', (task) => task.stored('running', 'finished').told('success', 0).reverted().stored('recovered').told('cleanSuccess', 0)],
  ['is forgotten before it has ended, and submitted again', (task) => task.stored('running', 'gone', 'queued', 'running', 'finished').told('success', 0)],
])('a task that %s is nothing to complain of', (_, of) => {
  expect(of(new OneTask()).run.broken).toEqual([]);
});

it.each<[what: string, of: (task: OneTask) => OneTask, seen: string]>([
  ['succeeded and then failed', (task) => task.stored('running', 'finished', 'recovered'), 'it had ended with success, and is recovered, and nobody has reverted it'],
  ['failed and then runs again', (task) => task.stored('running', 'failed', 'running'), 'it had ended with cleanFailure, and is running, and nobody has reverted it'],
  ['ended, was forgotten and is there again', (task) => task.stored('running', 'finished', 'gone', 'queued'), 'it had ended with success, was forgotten, and is there again (queued)'],
  ['is told to have ended and has not', (task) => task.stored('running').told('success', 0), 'host1 says that it ended with success; on storage it never ended'],
  ['is told to have ended otherwise than it did', (task) => task.stored('running', 'recovered').told('success', 0), 'host1 says that it ended with success; on storage it ended with cleanSuccess'],
  ['is told to have succeeded with a code', (task) => task.stored('running', 'finished').told('success', 1), 'host1 says that it succeeded with 1'],
  ['loses its code within a term', (task) => task.stored('running', 'recovered').told('cleanSuccess', 261).told('cleanSuccess', 0), 'host1 says that it ended with code 0, and said 261 in the same term as SPM'],
  ['has another code at a take-over', (task) => task.stored('running', 'recovered').told('cleanSuccess', 261).told('cleanSuccess', 5, 2), 'host1 says that it ended with code 5, and it was 261 before'],
])('a task that %s is a breach', (_, of, seen) => {
  expect(of(new OneTask()).run.broken).toContain(`task-status task t1: ${seen}`);
});
