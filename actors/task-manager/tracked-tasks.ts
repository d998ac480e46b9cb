import type { StopReason } from '../../src/flow/state.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { Missing } from './missing.js';

/**
 * `withheld`: placed in an older store, and not to be offered before an operator has decided. `placed`: being offered to the SPM. `polled`: acknowledged,
 * committed as such. `unresolved`: on hosts that make their own ids, nobody can tell whether it is there, see `UnresolvedTasks`. `fencing`: polled for, and missing for too long; its id is to be fenced. `ended`: its outcome is with the command. `ending`: being cleared.
 */
export interface Tracked {
  readonly task: SpmAsyncTask;
  readonly at: 'withheld' | 'placed' | 'polled' | 'unresolved' | 'fencing' | 'ended' | 'ending';
  readonly stop: StopReason | null;
  /** Of what is `polled`: only later polls than this one can tell that it is missing. */
  readonly polledFrom: number;
  readonly missing: Missing | null;
  /** Where it is cannot be left, for a host has refused what was asked: it is asked again after the next poll. */
  readonly refused: boolean;
}

export function newlyTracked(task: SpmAsyncTask, at: Tracked['at']): Tracked {
  return { task, at, stop: null, polledFrom: 0, missing: null, refused: false };
}

/** The tasks of one pool. */
interface PoolTasks {
  /** What the engine waits for. Of one that is withheld, no poll tells anything that anybody waits for. */
  readonly awaited: Set<string>;
  readonly polled: Set<string>;
  readonly refused: Set<string>;
}

/** The tasks that a task manager looks after. What a poll needs to know of a pool is counted as it changes: a poll costs what its reply holds. */
export class TrackedTasks {
  readonly #byId = new Map<string, Tracked>();
  /** By pool and host's id, of those that hosts have given another. */
  readonly #onHosts = new Map<string, string>();
  readonly #pools = new Map<string, PoolTasks>();

  /** The task that hosts of the pool know by this id. */
  onHost(pool: string, hostTaskId: string): Tracked | undefined {
    return this.#byId.get(this.#onHosts.get(`${pool}/${hostTaskId}`) ?? hostTaskId);
  }

  get(taskId: string): Tracked | undefined {
    return this.#byId.get(taskId);
  }

  /** A new task, or a known one that is somewhere else now. Its pool never changes. */
  set(entry: Tracked): void {
    const { id, pool, hostTaskId } = entry.task;
    if (hostTaskId !== undefined) this.#onHosts.set(`${pool}/${hostTaskId}`, id);
    const tasks = this.#pool(pool);
    this.#byId.set(id, entry);
    mark(tasks.awaited, id, entry.at !== 'withheld');
    mark(tasks.polled, id, entry.at === 'polled');
    mark(tasks.refused, id, entry.refused);
  }

  delete(taskId: string): void {
    const entry = this.#byId.get(taskId);
    if (entry === undefined) return;
    this.#byId.delete(taskId);
    const { pool, hostTaskId } = entry.task;
    if (hostTaskId !== undefined) this.#onHosts.delete(`${pool}/${hostTaskId}`);
    const tasks = this.#pool(pool);
    tasks.awaited.delete(taskId);
    tasks.polled.delete(taskId);
    tasks.refused.delete(taskId);
  }

  withheldOf(commandId: string): readonly Tracked[] {
    return [...this.#byId.values()].filter(({ task, at }) => at === 'withheld' && task.commandId === commandId);
  }

  /** Whether the engine waits for anything of this pool. */
  isWaitedFor(pool: string): boolean {
    return (this.#pools.get(pool)?.awaited.size ?? 0) > 0;
  }

  /** Those of which no host of the pool has said yet whether it has them. */
  unanswered(pool: string): readonly Tracked[] {
    return this.#those(this.#pools.get(pool)?.awaited).filter(({ at }) => at === 'placed' || at === 'unresolved');
  }

  /** Those of the pool that are polled. */
  polled(pool: string): readonly Tracked[] {
    return this.#those(this.#pools.get(pool)?.polled);
  }

  /** Those of which a host of the pool has refused what was asked. */
  refused(pool: string): readonly Tracked[] {
    return this.#those(this.#pools.get(pool)?.refused);
  }

  #those(ids: Iterable<string> = []): readonly Tracked[] {
    return Array.from(ids).flatMap((id) => this.#byId.get(id) ?? []);
  }

  #pool(id: string): PoolTasks {
    let pool = this.#pools.get(id);
    if (pool === undefined) this.#pools.set(id, (pool = { awaited: new Set(), polled: new Set(), refused: new Set() }));
    return pool;
  }
}

function mark(ids: Set<string>, id: string, is: boolean): void {
  if (is) ids.add(id);
  else ids.delete(id);
}
