import { beforeEach, describe, expect, test } from 'vitest';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { findTask, tasksOfCommand, tasksOfEntity, tasksOfPool, tasksOfStep } from '../../../src/store/tasks.js';
import { aTask, failureOf } from './fixtures.js';

const ids = (tasks: readonly SpmAsyncTask[]): readonly string[] => tasks.map((task) => task.id);

describe('tasks', () => {
  let disk: MemoryDisk;
  let store: SnapshotStore;

  beforeEach(async () => {
    disk = new MemoryDisk();
    await SnapshotStore.initialise(disk, { storeId: 's', entities: [] });
    store = await SnapshotStore.open(disk);
    await store.commit(
      [
        aTask('a$0', { commandId: 'a' }),
        aTask('a$1', { commandId: 'a', executionIndex: 1, entity: 'disk/d12', pool: 'pool12' }),
        aTask('ab$0', { commandId: 'ab', entity: null }),
        aTask('a$10', { commandId: 'a', executionIndex: 1, attempt: 2 }),
      ].map((task) => ({ type: 'task', task })),
    );
  });

  test('are found by id', async () => {
    expect(await findTask(disk, 'a$1')).toEqual(aTask('a$1', { commandId: 'a', executionIndex: 1, entity: 'disk/d12', pool: 'pool12' }));
    expect(await findTask(disk, 'a$')).toBeUndefined();
  });

  test('are found by command, step, entity and pool, and never by what only begins alike', async () => {
    expect(ids(await tasksOfCommand(disk, 'a'))).toEqual(['a$0', 'a$1', 'a$10']);
    expect(ids(await tasksOfCommand(disk, 'ab'))).toEqual(['ab$0']);
    expect(ids(await tasksOfStep(disk, 'a', 1))).toEqual(['a$1', 'a$10']);
    expect(ids(await tasksOfEntity(disk, 'disk/d1'))).toEqual(['a$0', 'a$10']);
    expect(ids(await tasksOfEntity(disk, 'disk/d12'))).toEqual(['a$1']);
    expect(ids(await tasksOfPool(disk, 'pool1'))).toEqual(['a$0', 'a$10', 'ab$0']);
    expect(ids(await tasksOfPool(disk, 'pool'))).toEqual([]);
  });

  test('are found as they are now', async () => {
    await store.commit([{ type: 'task', task: aTask('a$0', { commandId: 'a', state: 'Submitted' }) }]);
    expect((await tasksOfEntity(disk, 'disk/d1')).map((task) => task.state)).toEqual(['Submitted', 'Placeholder']);
  });

  test('are found nowhere once removed', async () => {
    await store.commit([{ type: 'taskRemoved', task: aTask('a$0', { commandId: 'a' }) }]);
    expect(await findTask(disk, 'a$0')).toBeUndefined();
    expect(ids(await tasksOfCommand(disk, 'a'))).toEqual(['a$1', 'a$10']);
    expect(ids(await tasksOfEntity(disk, 'disk/d1'))).toEqual(['a$10']);
    expect(ids(await tasksOfPool(disk, 'pool1'))).toEqual(['a$10', 'ab$0']);
    expect(await disk.scan('task-by-entity/disk/d1/a$0')).toEqual([]);
  });

  test('can be removed and placed again in one commit', async () => {
    const task = aTask('a$0', { commandId: 'a' });
    await store.commit([
      { type: 'taskRemoved', task },
      { type: 'task', task: { ...task, attempt: 2 } },
    ]);
    expect((await tasksOfPool(disk, 'pool1')).map((found) => found.attempt)).toEqual([2, 2, 1]);
  });

  test('that are missing from behind their index are noticed', async () => {
    await disk.write([{ type: 'del', key: 'task/ab$0' }]);
    const error = await failureOf(() => tasksOfCommand(disk, 'ab'));
    expect(error.code).toBe('STORE_CORRUPT');
    expect(error.message).toContain('task-by-command/ab/ab$0');
  });
});
