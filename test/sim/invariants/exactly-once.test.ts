import { describe, expect, it } from 'vitest';
import type { EngineMemory } from '../../../actors/engine.js';
import { LockTable } from '../../../actors/locks.js';
import { exactlyOnce } from '../../../sim/invariants/exactly-once.js';
import type { Data } from '../../../src/model/data.js';
import { EntityTable } from '../../../src/store/entity-table.js';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import { doneKey, historyKey } from '../../../src/store/keys.js';
import type { Change } from '../../../src/store/change.js';
import { ThreeSteps } from './definitions.js';
import { LEAF, Life, removed } from './life.js';
import { DISK_D1, VM_VM1, headOp, opsOf, Watched } from './watched.js';

function begin(): Life {
  return new Life(new Watched([ThreeSteps], [exactlyOnce]), ThreeSteps).admitted();
}

const disk = (version: number, value: Data = DISK_D1): Change => ({ type: 'entity', key: 'disk/d1', record: { version, value } });
const volume = (record: { version: number; value: Data } | null): Change => ({ type: 'entity', key: 'volume/v1', record });

describe('exactly once: what is lawful', () => {
  it('a life whose callbacks change entities', () => {
    const life = begin().returns({ beside: [disk(2), volume({ version: 1, value: 'new' })] }).returns({ beside: [disk(3), volume(null)] });
    life.returns({ beside: [volume({ version: 3, value: 'again' })] }).returns({ work: [LEAF] });
    expect(life.run.broken).toEqual([]);
  });

  it('two changes of one record in a batch of two commands, of which the last is written', () => {
    const run = new Watched([ThreeSteps], [exactlyOnce]);
    const [one, other] = [new Life(run, ThreeSteps, 'c1').admitted(), new Life(run, ThreeSteps, 'c2').admitted()];
    const entry = { t: 1, handler: 'first', index: 0, callback: 'endWithFailure', attempt: 1, outcome: 'ok' } as const;
    const snapshots = [one, other].map(({ state }): Change => ({ type: 'command', state: { ...state, historyLength: 1 } as never }));
    const history = [one, other].map(({ state }): Change => ({ type: 'history', commandId: state.id, seq: 0, entry }));
    run.commit(...snapshots, ...history, disk(3));
    expect(run.broken).toEqual([]);
  });

  it('a command that is over is removed', () => {
    expect(removed(over(begin())).run.broken).toEqual([]);
  });

  it('a new incarnation, which has in memory what is on disk', () => {
    const life = begin().returns({ beside: [disk(2)] });
    life.run.monitor.recovered(life.run.tick(), memoryOf(life, { version: 2, value: DISK_D1 }));
    expect(life.run.broken).toEqual([]);
  });
});

describe('exactly once: what is caught', () => {
  const unlawful: readonly [string, (life: Life) => unknown, RegExp][] = [
    ['a version that is left out', (life) => life.returns({ beside: [disk(3)] }), /disk\/d1: version 3 follows version 1: a change was made twice, or is missing/],
    ['a version that is written again', (life) => life.returns({ beside: [disk(1)] }), /disk\/d1: version 1 follows version 1/],
    ['a new record that does not begin with 1', (life) => life.returns({ beside: [volume({ version: 2, value: 0 })] }), /volume\/v1: version 2 follows version 0/],
    ['a change that no callback made', (life) => life.run.commit(disk(2)), /disk\/d1: it was changed, and no callback was committed with that/],
    ['a change by a callback that threw', (life) => life.forge({}, [{ index: 0, callback: 'beforeTask', outcome: 'X' }], [disk(2)]), /no callback was committed with that/],
    ['a batch that is written twice', (life) => life.run.write([headOp(2)]), /meta\/head: commit 2 follows commit 2/],
    ['a batch that is lost', (life) => life.run.write([headOp(4)]), /meta\/head: commit 4 follows commit 2/],
    ['a batch without a head', (life) => life.run.write(opsOf([disk(2)])), /a batch has 0 heads/],
    ['an incarnation from the past', (life) => life.run.write([headOp(3, 0)]), /incarnation 0 follows incarnation 1/],
    ['a callback that is missing in the history', (life) => life.run.commit({ type: 'history', commandId: 'c1', seq: 4, entry: entryOf(0) }), /history\/c1\/4: the entries before it are missing/],
    [
      'a callback that is replaced',
      (life) => life.returns().run.commit({ type: 'history', commandId: 'c1', seq: 0, entry: entryOf(0) }),
      /history\/c1\/0: a committed callback was replaced/,
    ],
    ['a callback that is deleted', (life) => life.returns().run.write([{ type: 'del', key: historyKey('c1', 0) }, headOp(4)]), /a committed callback was deleted/],
    ['a callback without its command', (life) => life.run.commit({ type: 'history', commandId: 'c1', seq: 0, entry: entryOf(0) }), /committed without the command that it moves/],
    ['a snapshot that counts callbacks that are not there', (life) => life.forge({ historyLength: 3 }), /counts 3 committed callbacks, and there are 0/],
    ['a fence that falls', (life) => life.forge({ fence: 0 }), /its fence fell from 1 to 0/],
    ['a fence that skips a number', (life) => life.forge({ fence: 3 }), /its fence went from 1 to 3 in one commit/],
    ['a step that is passed over', (life) => life.forge({ executionIndex: 2 }), /its executionIndex went from 0 to 2/],
    ['a step that is left before it is completed', (life) => life.forge({ executionIndex: 1 }), /it left step 0, which is not completed/],
    ['a rollback that goes up', (life) => life.throws().forge({ executionIndex: 1 }), /its executionIndex went from 0 to 1 in a rollback/],
    ['a rollback that goes forward again', (life) => life.throws().forge({ executionReason: 'REGULAR_FLOW' }), /a rollback went forward again/],
    ['a command that becomes another', (life) => life.forge({ params: { other: true } }), /its params has changed/],
    ['a completed step that is forgotten', (life) => life.returns().returns().forge({ steps: [] }), /step 0 was reached, and is forgotten/],
    ['a command that goes on after its end', (life) => life.throws().returns().forge({ fence: 9 }), /it was ROLLED_BACK, and has changed all the same/],
    ['a command that begins in the middle', (life) => life.run.commit({ type: 'command', state: { ...life.state, id: 'c2' } as never }), /its first snapshot is RUNNING/],
    [
      'a task that is a placeholder again',
      (life) => {
        life.returns({ work: [LEAF] });
        const task = placed(life);
        life.run.commit({ type: 'task', task: { ...task, state: 'Submitted' } });
        life.run.commit({ type: 'task', task });
      },
      /task c1\$0\.w1\.1\.0: it was Submitted and is Placeholder again/,
    ],
    [
      'a task that becomes another',
      (life) => {
        life.returns({ work: [LEAF] });
        life.run.commit({ type: 'task', task: { ...placed(life), state: 'Submitted', verb: 'deleteVolume' } });
      },
      /it has become another task/,
    ],
    ['a snapshot that is deleted', (life) => over(life).run.write([{ type: 'del', key: doneKey('c1') }, headOp(7)]), /its snapshot was deleted/],
    ['a command that is removed while it is under way', (life) => removed(life), /its records were removed while it was RUNNING/],
    ['a command of which only a part is removed', (life) => removed(over(life), ['history/c1/0000000000', 'history/c1/0000000001']), /the records of c1 were removed, and some of its are left/],
    ['a command that is removed and was not there', (life) => life.run.commit({ type: 'familyRemoved', rootId: 'c9', entries: [] }), /c9: the records of a command were removed that was not there/],
    [
      'a command that is removed before its tasks are cleared',
      (life) => {
        over(life).run.commit({ type: 'task', task: leftOver });
        removed(life);
      },
      /c1: its records were removed, and task c1\$0\.w1\.1\.0 is still to be cleared/,
    ],
    ['a command that is there again', (life) => removed(over(life)).run.commit({ type: 'command', state: { ...life.state, id: 'c1!0.1.0', rootId: 'c1' } as never }), /c1!0\.1\.0: its records were removed, and it is there again/],
    ['bytes that nobody can read', (life) => life.run.write([{ type: 'put', key: 'lock/x', value: new Uint8Array(20) }, headOp(3)]), /store: a batch cannot be read: lock\/x/],
    [
      'a recovered engine that has lost an update',
      (life) => life.returns({ beside: [disk(2)] }).run.monitor.recovered(life.run.tick(), memoryOf(life, { version: 1, value: DISK_D1 })),
      /entity disk\/d1: after recovery it is in memory as \{"version":1.*, and on disk as \{"version":2/,
    ],
    [
      'a recovered engine that has forgotten a lock',
      (life) => life.run.monitor.recovered(life.run.tick(), { ...memoryOf(life, { version: 1, value: DISK_D1 }), locks: new LockTable([]) }),
      /lock disk\/d1 of c1: after recovery it is not in memory/,
    ],
    [
      'a recovered engine that has a command elsewhere than the disk',
      (life) => life.run.monitor.recovered(life.run.tick(), { ...memoryOf(life, { version: 1, value: DISK_D1 }), commands: new Map([['c1', { ...life.state, fence: 7 }]]) }),
      /command c1: after recovery it is in memory as/,
    ],
  ];

  it.each(unlawful)('%s', (_, happen, message) => {
    const life = begin();
    happen(life);
    expect(life.run.broken).toContainEqual(expect.stringMatching(message));
  });
});

function entryOf(index: number): Data {
  return { t: 1, handler: 'first', index, callback: 'beforeTask', attempt: 1, outcome: 'ok' };
}

/** Rolled back, with two callbacks committed. */
function over(life: Life): Life {
  return life.throws().returns();
}

const leftOver: SpmAsyncTask = {
  id: 'c1$0.w1.1.0',
  commandId: 'c1',
  executionIndex: 0,
  executionReason: 'REGULAR_FLOW',
  attempt: 1,
  pool: 'pool1',
  verb: 'copy',
  args: {},
  entity: null,
  state: 'Placeholder',
  createdAt: 0,
  submittedAt: null,
};

function placed(life: Life) {
  const task = life.run.monitor.store.tasks.get('c1$0.w1.1.0');
  if (task === undefined) throw new Error('no task was placed');
  return task;
}

function memoryOf(life: Life, d1: { version: number; value: Data }): EngineMemory {
  return {
    entities: new EntityTable([['disk/d1', d1], ['vm/vm1', { version: 1, value: VM_VM1 }]]),
    locks: new LockTable([{ key: 'disk/d1', mode: 'exclusive', owner: 'c1' }]),
    commands: new Map([['c1', life.state]]),
  };
}
