import { describe, expect, test } from 'vitest';
import type { TaskStatus } from '../../../actors/wire.js';
import { aTask } from '../../src/store/fixtures.js';
import { aTaskManager, POLL, statusOf, SUCCEEDED, withSubmitted } from './a-task-manager.js';

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
