import { describe, expect, test } from 'vitest';
import { TASK_STATE_FORBIDS, TASK_UNKNOWN } from '../../../actors/wire.js';
import { aTaskManager, withSubmitted } from './a-task-manager.js';

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
