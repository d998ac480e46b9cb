import type { StopReason } from '../../src/flow/state.js';
import type { SpmAsyncTask } from '../../src/model/task.js';

/**
 * `withheld`: placed in an older store, and not to be offered before an operator has decided. `placed`: being offered to the SPM. `polled`: acknowledged, committed as such. `ended`: its outcome is with the command. `ending`: being cleared.
 * `clearFailed`: to be cleared again after the next poll.
 */
export interface Tracked {
  readonly task: SpmAsyncTask;
  readonly at: 'withheld' | 'placed' | 'polled' | 'ended' | 'ending' | 'clearFailed';
  readonly stop: StopReason | null;
}

/** What is asked of a pool's tasks at each poll. */
interface PoolTasks {
  /** How many the engine waits for. */
  awaited: number;
  readonly clearFailed: Set<string>;
}

/** The tasks that a task manager looks after. What a poll needs to know of a pool is counted as it changes: a poll costs what its reply holds. */
export class TrackedTasks {
  readonly #byId = new Map<string, Tracked>();
  readonly #pools = new Map<string, PoolTasks>();

  has(taskId: string): boolean {
    return this.#byId.has(taskId);
  }

  get(taskId: string): Tracked | undefined {
    return this.#byId.get(taskId);
  }

  /** A new task, or a known one that is somewhere else now. Its pool never changes. */
  set(entry: Tracked): void {
    const { id, pool } = entry.task;
    const before = this.#byId.get(id);
    if (before !== undefined) this.#count(before, -1);
    this.#byId.set(id, entry);
    this.#count(entry, 1);
    const { clearFailed } = this.#pool(pool);
    if (entry.at === 'clearFailed') clearFailed.add(id);
    else clearFailed.delete(id);
  }

  delete(taskId: string): void {
    const entry = this.#byId.get(taskId);
    if (entry === undefined) return;
    this.#count(entry, -1);
    this.#byId.delete(taskId);
    this.#pool(entry.task.pool).clearFailed.delete(taskId);
  }

  withheldOf(commandId: string): readonly Tracked[] {
    return [...this.#byId.values()].filter(({ task, at }) => at === 'withheld' && task.commandId === commandId);
  }

  /** Whether the engine waits for anything of this pool. */
  isWaitedFor(pool: string): boolean {
    return (this.#pools.get(pool)?.awaited ?? 0) > 0;
  }

  /** The ids of those that a host of the pool would not clear. */
  clearFailed(pool: string): readonly string[] {
    return [...(this.#pools.get(pool)?.clearFailed ?? [])];
  }

  /** Of one that is withheld, no poll tells anything that anybody waits for. */
  #count({ task, at }: Tracked, by: 1 | -1): void {
    if (at !== 'withheld') this.#pool(task.pool).awaited += by;
  }

  #pool(id: string): PoolTasks {
    let pool = this.#pools.get(id);
    if (pool === undefined) this.#pools.set(id, (pool = { awaited: 0, clearFailed: new Set() }));
    return pool;
  }
}
