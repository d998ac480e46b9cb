import { FenceTable } from '../../actors/host/fence-table.js';
import type { SpmLease, StoredTask } from '../../actors/storage-port.js';
import type { Data } from '../../src/model/data.js';

/** What one pool's SPMs leave to each other on shared storage. */
export class SpmRecords {
  lease: SpmLease = { owner: null, ownerIncarnation: 0, generation: 0, version: -1 };
  readonly fences = new FenceTable();
  /** In the order of their acceptance. */
  readonly tasks = new Map<string, StoredTask>();
  /** Ids that must never start: cleared, or stopped before they were known. */
  readonly tombstones = new Set<string>();

  /** A host becomes SPM. */
  grant(owner: string, ownerIncarnation: number): void {
    const { generation, version } = this.lease;
    this.lease = { owner, ownerIncarnation, generation: generation + 1, version: version + 1 };
  }

  toData(): Data {
    const tasks = [...this.tasks.values()].map(({ step, ...task }) => ({ ...task, step: { ...step } }));
    return { lease: this.lease, fences: this.fences.toData(), tasks, tombstones: [...this.tombstones].sort() };
  }
}
