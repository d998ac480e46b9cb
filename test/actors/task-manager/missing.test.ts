import { describe, expect, test } from 'vitest';
import { FENCED, TASK_UNKNOWN, UNKNOWN_POOL, type WireReply } from '../../../actors/wire.js';
import { aTask } from '../../src/store/fixtures.js';
import { aTaskManager, POLL, statusOf, SUCCEEDED, withSubmitted } from './a-task-manager.js';

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
