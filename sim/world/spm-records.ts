import { FenceTable, type FenceMemory } from '../../actors/host/fence-table.js';
import type { Fence, Refusal, SpmLease, StoredTask } from '../../actors/storage-port.js';
import type { Data } from '../../src/model/data.js';
import { byKey } from './order.js';
import { tableOf, tableOfData, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';

const NO_LEASE: SpmLease = { owner: null, ownerIncarnation: 0, generation: 0, version: -1, expiresAt: 0 };

/** Is told what SPMs write, at once. It never acts on the storage. */
export interface StorageObserver {
  leaseWritten(pool: string, before: SpmLease, after: SpmLease): void;
  /** Storage takes what an SPM writes that has this generation of the lease. */
  spmWrites(pool: string, generation: number): void;
  /** Undefined: there is none. */
  taskWritten(pool: string, before: StoredTask | undefined, after: StoredTask | undefined): void;
}

/** What one pool's SPMs leave to each other on shared storage. */
export class SpmRecords {
  readonly #lease = new TrackedMap<'lease', SpmLease>();
  readonly #seen = { engine: new TrackedMap<'incarnation', number>(), commands: new TrackedMap<string, number>() } satisfies FenceMemory;
  readonly #tombstones = new TrackedMap<string, Fence>();
  readonly fences = new FenceTable(this.#seen);
  /** Of tasks that were not accepted, until their ids are buried. */
  readonly refusals = new TrackedMap<string, Refusal>();
  /** In the order of their acceptance; those that were restored, in the order of their ids. */
  readonly tasks = new TrackedMap<string, StoredTask>();

  get lease(): SpmLease {
    return this.#lease.get('lease') ?? NO_LEASE;
  }

  /** See `StoragePort.takeLease`. @returns the new generation, or null */
  take(owner: string, ownerIncarnation: number, now: number, lasts: number): number | null {
    const { lease } = this;
    const isOwn = lease.owner === owner && lease.ownerIncarnation < ownerIncarnation;
    if (lease.owner !== null && !isOwn && now < lease.expiresAt) return null;
    const generation = lease.generation + 1;
    this.#lease.set('lease', { owner, ownerIncarnation, generation, version: lease.version + 1, expiresAt: now + lasts });
    return generation;
  }

  renew(now: number, lasts: number): boolean {
    const { lease } = this;
    if (lease.owner === null || now >= lease.expiresAt) return false;
    this.#lease.set('lease', { ...lease, expiresAt: now + lasts });
    return true;
  }

  /** Nobody has the lease any more. @param version what is left of that of the last SPM */
  vacate(version: number): void {
    if (this.lease.owner === null && this.lease.version === version) return;
    this.#lease.set('lease', { ...NO_LEASE, generation: this.lease.generation + 1, version });
  }

  /** The id must never start from now on. What is known of it stays: a host had it, however often it is fenced again. */
  bury(taskId: string, as: Fence): void {
    this.refusals.delete(taskId);
    if (!this.#tombstones.has(taskId)) this.#tombstones.set(taskId, as);
  }

  fenceOf(taskId: string): Fence | null {
    return this.#tombstones.get(taskId) ?? null;
  }

  /** Whoever looks is told of each change from now on. */
  observe(pool: string, observer: StorageObserver): void {
    this.#lease.observe((_, before = NO_LEASE, after = NO_LEASE) => observer.leaseWritten(pool, before, after));
    this.tasks.observe((_, before, after) => observer.taskWritten(pool, before, after));
  }

  /** @param pool whose records they are */
  tables(pool: string): readonly Table[] {
    return [
      tableOfData(`spm-lease/${pool}`, this.#lease),
      tableOfData(`spm-seen/${pool}`, this.#seen.engine),
      tableOfData(`spm-fence/${pool}`, this.#seen.commands),
      tableOf(`spm-task/${pool}`, this.tasks, toRow, (row) => row as unknown as StoredTask),
      tableOfData(`spm-tombstone/${pool}`, this.#tombstones),
      tableOfData(`spm-refusal/${pool}`, this.refusals),
    ];
  }

  toData(): Data {
    return {
      lease: this.lease,
      fences: this.fences.toData(),
      tasks: [...this.tasks.values()].map(toRow),
      tombstones: byKey(this.#tombstones, (fence) => fence),
      refusals: byKey(this.refusals, (refusal) => ({ ...refusal })),
    };
  }
}

function toRow({ step, ...task }: StoredTask): Data {
  return { ...task, step: { ...step }, recoveries: [...task.recoveries] };
}
