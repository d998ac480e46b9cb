import { describe, expect, test } from 'vitest';
import { aTask } from '../../src/store/fixtures.js';
import { aTaskManager, POLL, SUCCEEDED, withSubmitted } from './a-task-manager.js';

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

describe('a task whose command', () => {
  const recovered = [aTask('t1', { state: 'Submitted' })];

  test('is over: its completion changes nothing, and it is cleared all the same', () => {
    const { ports, asked, polled } = aTaskManager({ recovered, command: 'over' });
    polled({});
    expect([ports.probes.map(({ type }) => type), asked('clearTask').length]).toEqual([['completionIgnored'], 1]);
  });
});
