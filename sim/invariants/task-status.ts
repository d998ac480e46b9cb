import type { StoredTask } from '../../actors/storage-port.js';
import type { AllTasksStatuses, TaskStatus, WireMessage } from '../../actors/wire.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';

/**
 * The status of a task that is over does not change, but by a revert, or by a take-over that loses its code and message; and nobody is told of an end that is
 * not on storage.
 */
export const taskStatus: Invariant = {
  number: 8,
  name: 'task-status',
  watch: (scene, broken) => new TaskStatuses(scene, broken),
};

type End = Exclude<TaskStatus['taskResult'], ''>;

class TaskStatuses implements Watcher {
  /** By task, how it ended on storage: once, or once more after a revert. */
  readonly #ends = new Map<string, End[]>();
  /** By task, the code that was told of its end by each term of an SPM. */
  readonly #codes = new Map<string, Map<number, number>>();
  readonly #reverted = new Set<string>();

  constructor(
    scene: Scene,
    private readonly broken: Broken,
  ) {
    for (const pool of scene.pools) for (const task of scene.storage.tasks(pool)) this.#ended(task);
  }

  onTaskRecord(before: StoredTask | undefined, after: StoredTask | undefined): void {
    if (after === undefined) return;
    const was = before === undefined ? this.#ends.get(after.id)?.at(-1) : endOf(before);
    const is = endOf(after);
    if (was === undefined || was === null || is === was) return this.#ended(after);
    if (before === undefined) this.broken(`task ${after.id}`, `it had ended with ${was}, was forgotten, and is there again (${after.state})`);
    else if (was !== 'success' || !this.#reverted.has(after.id)) this.broken(`task ${after.id}`, `it had ended with ${was}, and is ${after.state}, and nobody has reverted it`);
    this.#ended(after);
  }

  /** What a host tells may be from long ago: so each answer is held against all ends that the task ever had. */
  onMessage(message: WireMessage): void {
    if (message.kind === 'request') {
      const { body } = message;
      if (body.op === 'revertTask') this.#reverted.add(body.taskId);
      return;
    }
    if (message.kind === 'event') return this.#told(message.body.status, message.body.generation, message.from);
    const { result } = message;
    if (typeof result !== 'object' || result === null || !('tasks' in result) || !Array.isArray(result['tasks'])) return;
    // Only getAllTasksStatuses is answered with such a list.
    const { tasks, generation = -1 } = result as AllTasksStatuses;
    for (const task of tasks) if (task.taskState === 'finished') this.#told(task, generation, message.from);
  }

  /** @param generation of its SPM's lease; -1: its list does not tell one term from another */
  #told({ taskId, taskResult, code }: TaskStatus, generation: number, host: string): void {
    const where = `task ${taskId}`;
    const ends = this.#ends.get(taskId) ?? [];
    if (!ends.some((end) => end === taskResult)) this.broken(where, `${host} says that it ended with ${taskResult || 'nothing'}; on storage it ${ends.length === 0 ? 'never ended' : `ended with ${ends.join(', then ')}`}`);
    if (taskResult === 'success' && code !== 0) this.broken(where, `${host} says that it succeeded with ${code}`);
    const told = this.#codes.get(taskId);
    if (told === undefined) return void this.#codes.set(taskId, new Map([[generation, code]]));
    const before = told.get(generation);
    if (before === undefined) {
      const other = [...told.values()].find((known) => known !== 0 && code !== 0 && known !== code);
      if (other !== undefined) this.broken(where, `${host} says that it ended with code ${code}, and it was ${other} before`);
    } else if (before !== code && !this.#reverted.has(taskId) && !(generation < 0 && code === 0)) {
      this.broken(where, `${host} says that it ended with code ${code}, and said ${before} in the same term as SPM`);
    }
    told.set(generation, code);
  }

  #ended(task: StoredTask): void {
    const end = endOf(task);
    if (end === null) return;
    const ends = this.#ends.get(task.id);
    if (ends === undefined) this.#ends.set(task.id, [end]);
    else if (ends.at(-1) !== end) ends.push(end);
  }
}

function endOf({ state }: StoredTask): End | null {
  switch (state) {
    case 'finished':
      return 'success';
    case 'recovered':
      return 'cleanSuccess';
    case 'failed':
      return 'cleanFailure';
    default:
      return null;
  }
}
