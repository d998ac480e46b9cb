import { describe, expect, it } from 'vitest';
import type { StoredTask } from '../../../actors/storage-port.js';
import { atRest } from '../../../sim/invariants/at-rest.js';
import { ThreeSteps } from './definitions.js';
import { ERROR, LEAF, Life } from './life.js';
import { HOST, POOL, Watched } from './watched.js';

const TASK = 'c1$0.w1.1.0';

class Tasks extends Life {
  constructor() {
    super(new Watched([ThreeSteps], [atRest]), ThreeSteps);
    this.admitted().returns({ work: [LEAF] });
  }

  onHost(state: StoredTask['state'], id = TASK): this {
    const step = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } as const;
    this.run.storage.saveTask({ pool: POOL, generation: 1 }, { id, verb: 'createVolume', args: {}, step, state, stopRequested: false, recoveries: [] });
    return this;
  }

  offHost(): this {
    this.run.storage.clearTask({ pool: POOL, generation: 1 }, TASK);
    this.run.probe({ type: 'hostTaskCleared', host: HOST, taskId: TASK });
    return this;
  }

  starts(): this {
    this.run.probe({ type: 'hostTaskStarted', host: HOST, taskId: TASK });
    return this.onHost('running');
  }

  isDone(): this {
    this.run.probe({ type: 'hostTaskEnded', host: HOST, taskId: TASK, result: 'success', code: 0 });
    return this.onHost('finished');
  }

  acknowledged(): this {
    this.run.commit({ type: 'task', task: { ...this.record(), state: 'Submitted' } });
    return this;
  }

  record() {
    const task = this.run.monitor.store.tasks.get(TASK);
    if (task === undefined) throw new Error('the task has no record');
    return task;
  }

  rest(): this {
    this.run.rest();
    return this;
  }
}

const OPEN_CALLS = { commandId: 'c1', index: 0, callback: 'start', attempt: 1, reads: [], calls: [] } as const;

describe('at rest: what is lawful', () => {
  const lawful: Record<string, (life: Tasks) => unknown> = {
    'a task from placeholder to cleared': (life) => life.starts().acknowledged().isDone().ends().offHost().cleared().returns().rest(),
    'a held command that waits for a task': (life) => life.starts().acknowledged().happens({ type: 'parked', error: ERROR }).rest(),
    'a task in back-off, which has no record': (life) => life.starts().isDone().ends().offHost().cleared().returns().returns({ work: [LEAF] }).happens(FAILS).cleared().rest(),
  };
  const FAILS = { type: 'workEnded', id: 'c1$1.w1.1.0', outcome: { kind: 'failed', code: 1, message: '', takeOver: false } } as const;

  it.each(Object.entries(lawful))('%s', (_, happen) => {
    const life = new Tasks();
    happen(life);
    expect(life.run.broken).toEqual([]);
  });
});

describe('at rest: what is caught', () => {
  const unlawful: readonly [string, (life: Tasks) => unknown, RegExp][] = [
    [
      'a running task that somebody would clear',
      (life) => life.run.probe({ type: 'hostClearRefused', host: HOST, taskId: TASK, state: 'running' }),
      /task c1\$0\.w1\.1\.0: it was to be cleared on host1 while it is running/,
    ],
    ['a task on a host that counts as missing', (life) => life.starts().acknowledged().run.probe({ type: 'taskMissing', taskId: TASK, host: HOST }), /it counts as missing, and the hosts of pool1 hold it/],
    ['a running task that is cleared', (life) => life.starts().offHost(), /it was cleared on host1 while it was running/],
    ['a task that is cleared before its end is known', (life) => life.starts().isDone().offHost(), /it was cleared on host1, and c1 waits for it/],
    ['a record that is deleted before its end is known', (life) => life.run.commit({ type: 'taskRemoved', task: life.record() }), /its record was deleted, and c1 waits for it/],
    ['a command that waits for a task without a record', (life) => life.cleared().forge({}), /c1: it waits for task c1\$0\.w1\.1\.0, which has no record/],
    [
      'a command that waits for a task that is being cleared',
      (life) => {
        life.run.commit({ type: 'task', task: { ...life.record(), state: 'Ending' } });
        life.forge({});
      },
      /it waits for task c1\$0\.w1\.1\.0, which is being cleared/,
    ],
    ['a task on a host that nobody knows', (life) => life.onHost('finished', 'c9$0.w1.1.0').rest(), /task c9\$0\.w1\.1\.0: at rest the hosts of pool1 hold it \(finished\), and the engine has finished with it/],
    ['a task on a host whose outcome is consumed', (life) => life.starts().isDone().ends().rest(), /at rest the hosts of pool1 hold it \(finished\), and nobody waits for it/],
    ['a record of a task that is over', (life) => life.starts().isDone().ends().offHost().rest(), /at rest its record is still there \(Ending\), and nobody waits for it/],
    ['a command that waits for what its host has forgotten', (life) => life.acknowledged().rest(), /c1: at rest it waits for task c1\$0\.w1\.1\.0, which is gone/],
    ['a command that waits for what can never start', (life) => life.offHost().rest(), /c1: at rest it waits for task c1\$0\.w1\.1\.0, which is gone/],
    [
      'calls of a command that is over',
      (life) => {
        life.run.commit({ type: 'call', commandId: 'c1', slot: 'callback', record: OPEN_CALLS });
        life.starts().isDone().ends().offHost().cleared().returns().returns().returns().returns().returns().rest();
      },
      /c1: at rest its open calls are still recorded; it is SUCCEEDED/,
    ],
  ];

  it.each(unlawful)('%s', (_, happen, message) => {
    const life = new Tasks();
    happen(life);
    expect(life.run.broken).toContainEqual(expect.stringMatching(message));
  });
});
