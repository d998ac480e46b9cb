import { describe, expect, test } from 'vitest';
import { aTask } from '../../src/store/fixtures.js';
import { aTaskManager, POLL, SUCCEEDED } from './a-task-manager.js';

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
