import { describe, expect, test } from 'vitest';
import { FENCED, TASK_UNKNOWN, UNKNOWN_POOL } from '../../../actors/wire.js';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import { aTask } from '../../src/store/fixtures.js';
import { aTaskManager, POLL, statusOf, SUCCEEDED, withSubmitted, withWithdrawn } from './a-task-manager.js';

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
