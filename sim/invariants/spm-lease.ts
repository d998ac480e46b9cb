import type { Probe } from '../../actors/probe.js';
import type { SpmLease } from '../../actors/storage-port.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';

/**
 * A pool has at most one valid SPM lease, and its version grows by one at each take-over. It changes hands only when it was given up, taken away, or has expired, or to a later
 * incarnation of who has it; nobody is SPM who was not given it, and no earlier generation writes.
 */
export const spmLease: Invariant = {
  number: 5,
  name: 'spm-lease',
  watch: (scene, broken) => new SpmLeases(scene, broken),
};

class SpmLeases implements Watcher {
  /** By host, the generation with which it is SPM, or may become it. */
  readonly #holds = new Map<string, number>();
  /** By pool: hosts that say that they are SPM. */
  readonly #inOffice = new Map<string, Set<string>>();

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    for (const pool of scene.pools) this.#given(pool, scene.storage.lease(pool));
  }

  onLease(pool: string, before: SpmLease, after: SpmLease): void {
    const where = `pool ${pool}`;
    const sameHolder = before.owner === after.owner && before.ownerIncarnation === after.ownerIncarnation;
    const isRenewed = sameHolder && before.version === after.version;
    const generation = before.generation + (isRenewed ? 0 : 1);
    if (after.generation !== generation) this.broken(where, `${after.owner ?? 'nobody'} has generation ${after.generation} of the SPM lease, and ${before.owner ?? 'nobody'} had ${before.generation}`);
    if (after.owner !== null && !sameHolder && after.version !== before.version + 1) {
      this.broken(where, `${after.owner} has taken the SPM lease over with version ${after.version}, and ${before.owner ?? 'nobody'} had ${before.version}`);
    }
    this.#isFree(where, before, after, isRenewed);
    if (!isRenewed) this.#given(pool, after);
  }

  onSpmWrites(pool: string, generation: number): void {
    const { owner, generation: valid } = this.scene.storage.lease(pool);
    if (generation !== valid) this.broken(`pool ${pool}`, `who has generation ${generation} of the SPM lease has written to storage, and ${owner ?? 'nobody'} has ${valid}`);
  }

  onProbe(probe: Probe): void {
    switch (probe.type) {
      case 'hostCrashed':
        this.#holds.delete(probe.host);
        for (const hosts of this.#inOffice.values()) hosts.delete(probe.host);
        return;
      case 'spmRoleChanged':
        return this.#roleChanged(probe);
      default:
    }
  }

  /** Who has it gives it up, or it is taken away; or else it is his until it expires. */
  #isFree(where: string, before: SpmLease, after: SpmLease, isRenewed: boolean): void {
    const { owner, expiresAt } = before;
    const now = this.scene.now();
    if (owner === null || after.owner === null) return;
    if (isRenewed) {
      if (now >= expiresAt && after.expiresAt > expiresAt) this.broken(where, `${owner} has renewed the SPM lease ${now - expiresAt} µs after it had expired`);
      return;
    }
    const isOwn = after.owner === owner && after.ownerIncarnation > before.ownerIncarnation;
    if (!isOwn && now < expiresAt) this.broken(where, `${after.owner} has taken the SPM lease, which was ${owner}'s for ${expiresAt - now} µs more`);
  }

  #given(pool: string, { owner, generation }: SpmLease): void {
    if (owner === null) return;
    this.#holds.set(owner, generation);
    if (!this.#inOffice.has(pool)) this.#inOffice.set(pool, new Set());
  }

  #roleChanged({ host, pool, role }: Extract<Probe, { type: 'spmRoleChanged' }>): void {
    const inOffice = this.#inOffice.get(pool) ?? new Set<string>();
    this.#inOffice.set(pool, inOffice);
    if (role !== 'SPM') {
      inOffice.delete(host);
      return;
    }
    const generation = this.#holds.get(host);
    if (generation === undefined) this.broken(`pool ${pool}`, `${host} is SPM, and was not given the lease`);
    const lease = this.scene.storage.lease(pool);
    // Who has lost the lease may not have noticed yet, and can write nothing.
    const rival = [...inOffice].find((other) => other !== host && generation === lease.generation && this.#holds.get(other) === generation);
    if (rival !== undefined) this.broken(`pool ${pool}`, `${host} is SPM, and so is ${rival}: both have generation ${lease.generation} of the lease, which is valid`);
    inOffice.add(host);
  }
}
