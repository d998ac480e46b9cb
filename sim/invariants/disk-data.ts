import { isTerminal } from '../../src/flow/state.js';
import { Disk, Vm, type DiskRecord } from '../../src/commands/entities.js';
import type { EntityKey, EntityRecord } from '../../src/model/entity.js';
import type { Image } from '../world/images.js';
import type { LedgerEntry } from '../world/ledger.js';
import { imageObject, volumeObject } from '../world/verbs/objects.js';
import { disksOf } from './affected-disks.js';
import { diskKey, diskRecord } from './disk-entity.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { isOfLostCommits } from './lost-commits.js';
import { vmFlaws, vmKey, vmOf } from './running-vms.js';
import type { Batch } from './store-mirror.js';

/**
 * At every instant some legal copy holds all of a disk's data, unless a command that has it in hand removes the disk, and its record says so. At rest there is exactly one, where the engine's record says, which the VM runs on, and
 * nothing else lies about; but for what a rollback declares to leave, and for what a held command still has in hand.
 */
export const diskData: Invariant = {
  number: 6,
  name: 'disk-data',
  watch: (scene, broken) => new DiskData(scene, broken),
};

class DiskData implements Watcher {
  /** Which commands have changed a record, or what it stands for on storage. */
  readonly #workedOn = new Map<EntityKey, Set<string>>();
  /** Those whose records have been OK: from then on their data must be there. Until then, they are being made. */
  readonly #made = new Set<string>();
  /** Told once, until the data is found again. */
  readonly #lost = new Set<string>();

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    // What an earlier process has left, when a run goes on: a command locks the records that it changes, and those that it makes have its id in theirs.
    for (const { key, owner } of scene.mirror.locks.values()) this.#noteWork(key, owner);
    for (const key of scene.mirror.entities.keys()) if (key.includes('$')) this.#noteWork(key, key.slice(key.indexOf('/') + 1, key.indexOf('$')));
    this.#noteEffects(scene.storage.ledger.entries);
    for (const { id, status } of this.#disks()) if (status === 'OK') this.#made.add(id);
  }

  kept(): number {
    return [...this.#workedOn.values()].reduce((sum, commands) => sum + commands.size, 0);
  }

  onBatch({ entities, history, expired }: Batch): void {
    // The records of one batch do not say which of its callbacks has changed them; so each counts for all of them.
    for (const { id } of entities) for (const { commandId } of history) this.#noteWork(id, commandId);
    for (const { id: key, before, after } of entities) {
      const disk = diskRecord(after);
      if (after === undefined) this.#made.delete(diskRecord(before)?.id ?? '');
      if (disk?.status === 'OK' && key === diskKey(disk.id) && !saysTheSame(diskRecord(before), disk)) this.#isOk(disk);
    }
    for (const { id } of expired.flatMap(({ family }) => family)) this.#forget(id);
  }

  /** Whoever says that a disk is OK, and where, says that it can be used: its volumes are there, with all that it has to hold. */
  #isOk({ id, domain, volumes }: DiskRecord): void {
    this.#made.add(id);
    const { storage } = this.scene;
    const image = storage.content.images.find(domain, id);
    const missing = volumes.find((volume) => image?.volumes.has(volume.id) !== true);
    const isHeld = !hasData(this.scene, id) || storage.legalCopies(id).includes(domain);
    if ((missing === undefined && isHeld) || this.#doubtful().has(diskKey(id))) return;
    // What no copy holds any more may have been told already.
    if (!isHeld && this.#lost.has(id)) return;
    if (!isHeld) this.#lost.add(id);
    this.broken(diskKey(id), `its record says OK, and ${isHeld ? `volume ${missing?.id ?? ''} is not on ${domain}` : `its copy on ${domain} does not hold all that it must hold`}`);
  }

  onEffects(entries: readonly LedgerEntry[]): void {
    for (const disk of this.#noteEffects(entries)) this.#isThere(disk);
  }

  atRest(): void {
    const left = this.#residue();
    for (const disk of this.#disks()) {
      this.#isThere(disk.id);
      if (!this.#isInHand(diskKey(disk.id))) this.#isInPlace(disk, left);
    }
    for (const { where, detail } of vmFlaws(this.scene, left, (key) => this.#isInHand(key))) this.broken(where, detail);
    for (const [key, record] of this.scene.mirror.entities) this.#isUnlocked(key, record);
    this.#noOrphans(left);
  }

  #isThere(disk: string): void {
    const { storage, mirror } = this.scene;
    if (!mirror.entities.has(diskKey(disk)) || !this.#made.has(disk) || !hasData(this.scene, disk) || storage.legalCopies(disk).length > 0 || this.#isBeingRemoved(disk) || this.#doubtful().has(diskKey(disk))) {
      this.#lost.delete(disk);
    } else if (!this.#lost.has(disk)) {
      this.#lost.add(disk);
      const last = storage.ledger.entries.at(-1);
      this.broken(diskKey(disk), `no legal copy holds all of its data${last === undefined ? '' : `, since ${last.verb} (${last.key}) on ${last.host}`}`);
    }
  }

  /** Its record says that nobody may count on the data, and the command that says so has itself removed the image, and goes on with that. */
  #isBeingRemoved(disk: string): boolean {
    const key = diskKey(disk);
    const record = diskRecord(this.scene.mirror.entities.get(key));
    if (record?.status !== 'ILLEGAL') return false;
    const removed = imageObject(record.domain, disk);
    const holders = this.#holders(key);
    // One that it had made itself leaves nothing open when it is removed.
    const last = this.scene.storage.ledger.entries.findLast(({ effects }) => effects.some(({ object }) => object === removed));
    return last !== undefined && holders.includes(last.commandId) && last.effects.some(({ sign, object }) => sign === '-' && object === removed);
  }

  #isInPlace(disk: DiskRecord, left: ReadonlySet<string>): void {
    const key = diskKey(disk.id);
    const { storage } = this.scene;
    const copies = storage.legalCopies(disk.id).filter((domain) => domain === disk.domain || !left.has(imageObject(domain, disk.id)));
    if (hasData(this.scene, disk.id) && (copies.length !== 1 || copies[0] !== disk.domain)) {
      this.broken(key, `at rest it should have one copy, on ${disk.domain}, and has copies on ${copies.join(', ') || 'no domain'}`);
    }
    const image = storage.content.images.find(disk.domain, disk.id);
    this.#hasTheVolumes(disk, image, left);
  }

  #hasTheVolumes(disk: DiskRecord, image: Image | undefined, left: ReadonlySet<string>): void {
    const recorded = new Set(disk.volumes.map(({ id }) => id));
    for (const { id, legal } of image?.volumes.values() ?? []) {
      const what = `at rest volume ${id} on ${disk.domain}`;
      if (!legal) this.broken(diskKey(disk.id), `${what} is illegal`);
      if (recorded.has(id) || left.has(volumeObject(disk.domain, disk.id, id))) continue;
      this.broken(diskKey(disk.id), `${what} is an orphan: the record does not have it`);
    }
    for (const id of recorded) if (image?.volumes.has(id) !== true) this.broken(diskKey(disk.id), `at rest volume ${id} of the record is not on ${disk.domain}`);
  }

  #isUnlocked(key: EntityKey, { value }: EntityRecord): void {
    if (typeof value !== 'object' || value === null || this.#isInHand(key)) return;
    const status = 'status' in value ? value.status : undefined;
    const state = key.startsWith(`${Vm.name}/`) && 'state' in value ? value.state : undefined;
    const busy = BUSY.find((name) => name === status || name === state);
    if (busy !== undefined) this.broken(key, `at rest its record is ${busy}, and no command works on it`);
  }

  /** Images that no record has. */
  #noOrphans(left: ReadonlySet<string>): void {
    const { images } = this.scene.storage.content;
    for (const [domain, disks] of Object.entries(images.toData() as { readonly [domain: string]: { readonly [disk: string]: unknown } })) {
      for (const disk of Object.keys(disks)) {
        const record = diskRecord(this.scene.mirror.entities.get(diskKey(disk)));
        if (record?.domain === domain || this.#isInHand(diskKey(disk)) || left.has(imageObject(domain, disk))) continue;
        this.broken(diskKey(disk), `at rest its image on ${domain} is an orphan: the record ${record === undefined ? 'does not exist' : `says ${record.domain}`}`);
      }
    }
  }

  /** Objects that ended rollbacks have declared to leave. */
  #residue(): ReadonlySet<string> {
    return new Set([...this.scene.mirror.commands.values()].flatMap(({ residue }) => residue.map(({ object }) => object)));
  }

  /** A command that has worked on it is not over, or an operator closed it: what it has done so far is its status to tell. */
  #isInHand(key: EntityKey): boolean {
    return this.#doubtful().has(key) || this.#holders(key).length > 0;
  }

  #holders(key: EntityKey): readonly string[] {
    return [...(this.#workedOn.get(key) ?? [])].filter((id) => {
      const state = this.scene.mirror.commands.get(id);
      return state !== undefined && (!isTerminal(state.status) || state.status === 'CLOSED_BY_OPERATOR');
    });
  }

  /** What lost commits have worked on: no record says how far they came. */
  #doubtful(): ReadonlySet<EntityKey> {
    if (this.scene.epoch === 0) return new Set();
    const lost = this.scene.storage.ledger.entries.filter((entry) => isOfLostCommits(this.scene, entry));
    return new Set([...lost.flatMap((entry) => this.#affectedBy(entry)).map(diskKey), ...lost.flatMap(vmsAffectedBy).map(vmKey)]);
  }

  /** @returns the disks that were affected */
  #noteEffects(entries: readonly LedgerEntry[]): ReadonlySet<string> {
    const affected = new Set<string>();
    for (const entry of entries) {
      for (const disk of this.#affectedBy(entry)) {
        affected.add(disk);
        this.#noteWork(diskKey(disk), entry.commandId);
      }
      for (const vm of vmsAffectedBy(entry)) this.#noteWork(vmKey(vm), entry.commandId);
    }
    return affected;
  }

  #affectedBy({ effects }: LedgerEntry): readonly string[] {
    return effects.flatMap(({ object }) => disksOf(object, this.scene.storage.content) ?? this.#disks().map(({ id }) => id));
  }

  /** It is over, and so has nothing in hand; what it has closed with is not told any more. */
  #forget(commandId: string): void {
    for (const [key, commands] of this.#workedOn) if (commands.delete(commandId) && commands.size === 0) this.#workedOn.delete(key);
  }

  #noteWork(key: EntityKey, commandId: string): void {
    const known = this.#workedOn.get(key);
    if (known === undefined) this.#workedOn.set(key, new Set([commandId]));
    else known.add(commandId);
  }

  #disks(): readonly DiskRecord[] {
    return [...this.scene.mirror.entities].flatMap(([key, record]) => (key.startsWith(`${Disk.name}/`) ? (diskRecord(record) ?? []) : []));
  }
}

/** Of a record, while a command works on it. */
const BUSY = ['LOCKED', 'ILLEGAL', 'imageLocked', 'poweringUp', 'savingState'] as const;

/** Whether a record that is OK claims nothing anew. */
function saysTheSame(before: DiskRecord | undefined, { domain }: DiskRecord): boolean {
  return before?.status === 'OK' && before.domain === domain;
}

function vmsAffectedBy({ effects }: LedgerEntry): readonly string[] {
  return effects.flatMap(({ object }) => vmOf(object) ?? []);
}

/** Nothing was ever written to a disk that was only just made. */
function hasData({ storage }: Scene, disk: string): boolean {
  return storage.content.vmDisks.dataOf(disk).length > 0;
}
