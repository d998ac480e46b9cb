import type { EntityKey } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { SpmAsyncTask } from '../model/task.js';
import type { Disk } from './disk.js';
import { parseKey, taskKey, tasksByCommandPrefix, tasksByEntityPrefix, tasksByPoolPrefix } from './keys.js';
import { decodeRecord } from './records.js';

/*
 * Tasks are looked up here, and written by the changes `task` and `taskRemoved` of a commit. All may throw `STORE_CORRUPT` and `STORE_VERSION`.
 * Lists are in the order of task ids.
 */

export async function findTask(disk: Disk, id: string): Promise<SpmAsyncTask | undefined> {
  const key = taskKey(id);
  const entry = (await disk.scan(key)).find((candidate) => candidate.key === key);
  if (entry === undefined) return undefined;
  const record = decodeRecord(entry);
  if (record.kind !== 'task') throw new SeatbeltError('INTERNAL', `${key} is no task`);
  return record.task;
}

export function tasksOfCommand(disk: Disk, commandId: string): Promise<readonly SpmAsyncTask[]> {
  return indexed(disk, tasksByCommandPrefix(commandId));
}

/** The tasks of one step: several, if it has several or made several attempts. */
export async function tasksOfStep(disk: Disk, commandId: string, executionIndex: number): Promise<readonly SpmAsyncTask[]> {
  return (await tasksOfCommand(disk, commandId)).filter((task) => task.executionIndex === executionIndex);
}

export function tasksOfEntity(disk: Disk, entity: EntityKey): Promise<readonly SpmAsyncTask[]> {
  return indexed(disk, tasksByEntityPrefix(entity));
}

export function tasksOfPool(disk: Disk, pool: string): Promise<readonly SpmAsyncTask[]> {
  return indexed(disk, tasksByPoolPrefix(pool));
}

async function indexed(disk: Disk, prefix: string): Promise<readonly SpmAsyncTask[]> {
  const entries = await disk.scan(prefix);
  return Promise.all(entries.map(({ key }) => taskAt(disk, key)));
}

async function taskAt(disk: Disk, indexKey: string): Promise<SpmAsyncTask> {
  const at = parseKey(indexKey);
  const task = at.kind === 'taskIndex' ? await findTask(disk, at.taskId) : undefined;
  if (task === undefined) throw new SeatbeltError('STORE_CORRUPT', `${indexKey}: the task that it points to is missing`);
  return task;
}
