import type { Fence, LeaseHold, SpmLease, ReadResult, Refusal, StoragePort, StoredTask, Work, WorkPart, WorkResult } from '../../actors/storage-port.js';
import { BAD_PARAMETER, GENERAL_FAILURE } from '../../actors/wire.js';
import { SeenStores, type SeenStore } from '../../actors/host/seen-stores.js';
import type { Args, SeenCommits, Stamp } from '../../actors/wire.js';
import type { Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { guestWrites, legalCopies, type Content } from './content.js';
import { Images } from './images.js';
import { Ledger, type SignedEffect } from './ledger.js';
import { byKey } from './order.js';
import { Repositories } from './repositories.js';
import { SpmRecords, type StorageObserver } from './spm-records.js';
import { tableOfData, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';
import { minus, replicationObject } from './verbs/objects.js';
import { changedRecoveries } from './verbs/recovery-list.js';
import type { Verb } from './verbs/verb.js';
import { VmDisks, type DesiredState } from './vm-disks.js';

/** The table of how far hosts have seen stores come, by their ids. */
export const SEEN_STORES = 'seen-store';

/** A disk as a scenario puts it there. */
export interface InitialDisk {
  readonly disk: string;
  /** The running VM that has it in use, if one does. */
  readonly vm: string | null;
  readonly domain: string;
  /** The base first, each the parent of the next; something is written in each of them. */
  readonly volumes: readonly { readonly id: string; readonly parent: string | null; readonly format: 'raw' | 'cow' }[];
  readonly sizeBytes: number;
}

/**
 * The storage that all hosts share: volumes, leases, task tables, fences, and the ledger of effects. It is no node: it never crashes, and whatever is
 * written is there for whoever asks next. What a running VM has in use is kept here too, so that the invariants have one place to look at.
 */
export class SharedStorage implements StoragePort {
  readonly content: Content = { images: new Images(), repositories: new Repositories(), vmDisks: new VmDisks(), ledger: new Ledger() };
  readonly #pools = new Map<string, SpmRecords>();
  readonly #seenRecords = new TrackedMap<string, SeenStore>();
  readonly #seen = new SeenStores(this.#seenRecords);
  readonly #verbs: ReadonlyMap<string, Verb>;
  /** By domain. Null: every pool's. */
  readonly #poolOf = new Map<string, string | null>();
  #observer: StorageObserver | null = null;

  constructor(verbs: readonly Verb[]) {
    this.#verbs = new Map(verbs.map((verb) => [verb.name, verb]));
  }

  /** Whoever looks is told what SPMs write from now on. There is one at a time. */
  observe(observer: StorageObserver): void {
    this.#observer = observer;
    for (const [pool, records] of this.#pools) records.observe(pool, observer);
  }

  get ledger(): Ledger {
    return this.content.ledger;
  }

  /** @param pool whose hosts see it. Null: all hosts do */
  addDomain(domain: string, pool: string | null = null): void {
    this.content.images.addDomain(domain);
    this.#poolOf.set(domain, pool);
  }

  /** An image of a repository outside. */
  addRepoImage(repository: string, image: string, sizeBytes: number): void {
    this.content.repositories.add(repository, image, sizeBytes);
  }

  addVm(vm: string, host: string, desired: DesiredState = 'up'): void {
    this.content.vmDisks.add(vm, host, desired);
  }

  /** @throws SeatbeltError `BAD_SCENARIO` the VM or the domain does not exist, or the disk is on that domain already */
  addDisk({ disk, vm, domain, volumes, sizeBytes }: InitialDisk): void {
    const { images, vmDisks } = this.content;
    if (vm !== null && vmDisks.find(vm) === undefined) throw new SeatbeltError('BAD_SCENARIO', `disk ${disk}: there is no VM '${vm}'`);
    if (!images.hasDomain(domain)) throw new SeatbeltError('BAD_SCENARIO', `disk ${disk}: there is no domain '${domain}'`);
    if (images.find(domain, disk) !== undefined) throw new SeatbeltError('BAD_SCENARIO', `disk ${disk}: it is on domain '${domain}' already`);
    images.put(domain, disk, { filled: true, volumes: new Map() });
    volumes.forEach(({ id, parent, format }, i) => {
      const token = i === 0 ? `base:${disk}` : `layer:${disk}#${i}`;
      images.putVolume(domain, disk, { id, parent, format, legal: true, sizeBytes, data: [token] });
      vmDisks.wrote(disk, token);
    });
    const active = volumes.at(-1);
    if (vm !== null && active !== undefined) vmDisks.putDisk(vm, disk, { domain, volume: active.id, replication: null });
  }

  /** Takes the pool's SPM lease away, as vdsm's fenceSpmStorage does: which version it had is forgotten. @returns whether anybody had it */
  revokeLease(pool: string): boolean {
    const { owner } = this.lease(pool);
    if (owner !== null) this.#pool(pool).vacate(-1);
    return owner !== null;
  }

  /**
   * The VMs that are meant to be up come back with their host. What qemu did for them went with it: a mirror is none any more, and what is on its target is behind
   * what the guest writes from now on.
   */
  hostRestarted(host: string): void {
    const { vmDisks, ledger } = this.content;
    for (const { id, disks } of vmDisks.on(host)) {
      for (const [disk, state] of disks) {
        if (state.replication === null) continue;
        const object = replicationObject(id, disk);
        const started = ledger.lastThatMade(object);
        vmDisks.putDisk(id, disk, { ...state, replication: null });
        guestWrites(this.content, id, disk);
        if (started === undefined) continue;
        const { n: _, ...execution } = started;
        ledger.append({ ...execution, part: 'undone', cause: 'hostDeath', effects: [minus(execution.verb, object)] });
      }
    }
  }

  /** The domains that hold a complete legal chain with all of the disk's data; none if that data is lost. */
  legalCopies(disk: string): readonly string[] {
    return legalCopies(this.content, disk);
  }

  witness(stamp: Stamp): SeenCommits | null {
    return this.#seen.witness(stamp);
  }

  lease(pool: string): SpmLease {
    return this.#pool(pool).lease;
  }

  takeLease(pool: string, { host, incarnation }: { readonly host: string; readonly incarnation: number }, now: number, lasts: number): LeaseHold | null {
    const generation = this.#pool(pool).take(host, incarnation, now, lasts);
    return generation === null ? null : { pool, generation };
  }

  renewLease(hold: LeaseHold, now: number, lasts: number): boolean {
    return this.#isValid(hold) && this.#pool(hold.pool).renew(now, lasts);
  }

  releaseLease(hold: LeaseHold): boolean {
    if (!this.#isValid(hold)) return false;
    const records = this.#pool(hold.pool);
    records.vacate(records.lease.version);
    return true;
  }

  admit(hold: LeaseHold, stamp: Stamp): 'admitted' | 'stale' | 'leaseLost' {
    if (!this.#mayWrite(hold)) return 'leaseLost';
    return this.#pool(hold.pool).fences.admit(stamp) ? 'admitted' : 'stale';
  }

  tasks(pool: string): readonly StoredTask[] {
    return [...this.#pool(pool).tasks.values()];
  }

  saveTask(hold: LeaseHold, task: StoredTask): boolean {
    if (!this.#mayWrite(hold)) return false;
    this.#pool(hold.pool).tasks.set(task.id, task);
    return true;
  }

  clearTask(hold: LeaseHold, taskId: string): boolean {
    if (!this.#mayWrite(hold)) return false;
    const records = this.#pool(hold.pool);
    records.bury(taskId, records.tasks.has(taskId) ? 'known' : 'unknown');
    records.tasks.delete(taskId);
    return true;
  }

  loseTask(hold: LeaseHold, taskId: string): boolean {
    if (!this.#mayWrite(hold)) return false;
    this.#pool(hold.pool).tasks.delete(taskId);
    return true;
  }

  refuseTask(hold: LeaseHold, taskId: string, refusal: Refusal): boolean {
    if (!this.#mayWrite(hold)) return false;
    this.#pool(hold.pool).refusals.set(taskId, refusal);
    return true;
  }

  refusalOf(pool: string, taskId: string): Refusal | null {
    return this.#pool(pool).refusals.get(taskId) ?? null;
  }

  fenceOf(pool: string, taskId: string): Fence | null {
    return this.#pool(pool).fenceOf(taskId);
  }

  hasDomain(pool: string, domain: string): boolean {
    const owner = this.#poolOf.get(domain);
    return owner === null || owner === pool;
  }

  perform(work: Work, part: WorkPart): WorkResult {
    if (work.hold !== null && !this.#mayWrite(work.hold)) {
      return { ok: false, code: GENERAL_FAILURE, message: 'Secured object is not in safe state' };
    }
    const { step, key, verb, host, args, hold } = work;
    const task = hold === null ? undefined : this.#pool(hold.pool).tasks.get(key);
    const before = task?.recoveries ?? [];
    const outcome = this.#run(verb, args, host, part);
    if (outcome === null) return { ok: true, result: null, recoveries: before };
    if (!outcome.ok) return outcome;
    this.ledger.append({ ...step, key, verb, host, part, effects: outcome.effects });
    if (outcome.recoveries.length === 0) return { ok: true, result: outcome.result, recoveries: before };
    const recoveries = changedRecoveries(before, outcome.recoveries);
    if (hold !== null && task !== undefined) this.#pool(hold.pool).tasks.set(key, { ...task, recoveries });
    return { ok: true, result: outcome.result, recoveries };
  }

  recover(work: Work, recoveries: readonly string[], failing: boolean): 'clean' | 'dirty' | 'leaseLost' {
    const { step, key, verb, host, args, hold } = work;
    if (hold !== null && !this.#mayWrite(hold)) return 'leaseLost';
    if (failing) return 'dirty';
    const effects: SignedEffect[] = [];
    const left = [...recoveries];
    for (let name = left.at(-1); name !== undefined; name = left.at(-1)) {
      const outcome = this.#verbs.get(verb)?.recover(name, this.content, args);
      if (outcome?.ok !== true) break;
      effects.push(...outcome.effects);
      left.pop();
    }
    this.ledger.append({ ...step, key, verb, host, part: 'undone', effects });
    const records = hold === null ? null : this.#pool(hold.pool).tasks;
    const task = records?.get(key);
    if (task !== undefined) records?.set(key, { ...task, recoveries: left });
    return left.length > 0 ? 'dirty' : 'clean';
  }

  read(verb: string, args: Args, host: string): ReadResult {
    return this.#run(verb, args, host, 'end') ?? { ok: true, result: null };
  }

  /** All that is stored but for the domains, for a store of the world. @param pools that there are */
  tables(pools: readonly string[]): readonly Table[] {
    const { images, vmDisks, ledger } = this.content;
    return [tableOfData(SEEN_STORES, this.#seenRecords), images.table(), ...vmDisks.tables(), ledger.table(), ...pools.flatMap((pool) => this.#pool(pool).tables(pool))];
  }

  /** Whether a verb only reads, and so leaves nothing in the ledger. */
  onlyReads(verb: string): boolean {
    return this.#verbs.get(verb)?.kind === 'read';
  }

  /** All that is stored, as plain data. Equal states give equal data, whatever the order in which they were built; so it serves for comparisons. */
  toData(): Data {
    const { images, vmDisks, ledger } = this.content;
    return {
      images: images.toData(),
      vmDisks: vmDisks.toData(),
      pools: byKey(this.#pools, (pool) => pool.toData()),
      ledger: ledger.toData(),
    };
  }

  /** Null: the verb has no such part. */
  #run(name: string, args: Args, host: string, part: WorkPart): ReturnType<Verb['run']> {
    const verb = this.#verbs.get(name);
    return verb === undefined ? { ok: false, code: BAD_PARAMETER, message: `storage knows no verb '${name}'` } : verb.run(this.content, args, host, part);
  }

  /** Whether it is to be written what this SPM wants to; whoever looks is told. */
  #mayWrite(hold: LeaseHold): boolean {
    const may = this.#isValid(hold);
    if (may) this.#observer?.spmWrites(hold.pool, hold.generation);
    return may;
  }

  #isValid(hold: LeaseHold): boolean {
    return this.#pool(hold.pool).lease.generation === hold.generation;
  }

  #pool(pool: string): SpmRecords {
    const known = this.#pools.get(pool);
    if (known !== undefined) return known;
    const created = new SpmRecords();
    this.#pools.set(pool, created);
    if (this.#observer !== null) created.observe(pool, this.#observer);
    return created;
  }
}
