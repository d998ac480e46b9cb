import type { SpmLease } from '../../actors/storage-port.js';
import type { Broken, Invariant, Watcher } from './invariant.js';

/** A pool has at most one valid SPM lease; its version grows by one at each take-over. */
export const spmLease: Invariant = {
  number: 5,
  name: 'spm-lease',
  watch: (_, broken) => new SpmLeases(broken),
};

class SpmLeases implements Watcher {
  constructor(private readonly broken: Broken) {}

  onLease(pool: string, before: SpmLease, after: SpmLease): void {
    const where = `pool ${pool}`;
    const sameHolder = before.owner === after.owner && before.ownerIncarnation === after.ownerIncarnation;
    const generation = before.generation + (sameHolder && before.version === after.version ? 0 : 1);
    if (after.generation !== generation) this.broken(where, `${after.owner ?? 'nobody'} has generation ${after.generation} of the SPM lease, and ${before.owner ?? 'nobody'} had ${before.generation}`);
    if (after.owner !== null && !sameHolder && after.version !== before.version + 1) {
      this.broken(where, `${after.owner} has taken the SPM lease over with version ${after.version}, and ${before.owner ?? 'nobody'} had ${before.version}`);
    }
  }
}
