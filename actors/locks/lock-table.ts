import { compatible, stronger, type LockRecord, type LockRequest } from '../../src/model/lock.js';

/** Who holds what. Owners are root commands; whoever belongs to such a root shares its locks. */
export interface LockReader {
  /** In the order in which they were granted. */
  heldBy(owner: string): readonly LockRecord[];
  records(): Iterable<LockRecord>;
}

/** The engine's memory of the lock records. Only the locks actor changes it. */
export class LockTable implements LockReader {
  readonly #byKey = new Map<string, Map<string, LockRecord>>();
  readonly #byOwner = new Map<string, Map<string, LockRecord>>();

  /** @param held the lock records on disk, re-acquired before the engine accepts anything */
  constructor(held: Iterable<LockRecord>) {
    for (const lock of held) this.grant(lock.owner, lock);
  }

  heldBy(owner: string): readonly LockRecord[] {
    return [...(this.#byOwner.get(owner)?.values() ?? [])];
  }

  *records(): Generator<LockRecord> {
    for (const holders of this.#byKey.values()) yield* holders.values();
  }

  /** The others that hold the key in a mode that does not go with this one. */
  *against(owner: string, { key, mode }: LockRequest): Generator<string> {
    for (const held of this.#byKey.get(key)?.values() ?? []) if (held.owner !== owner && !compatible(held.mode, mode)) yield held.owner;
  }

  /** What the owner has in a stronger mode stays so. */
  grant(owner: string, { key, mode }: LockRequest): void {
    const before = this.#byOwner.get(owner)?.get(key);
    const lock: LockRecord = { key, mode: stronger(mode, before?.mode ?? mode), owner };
    put(this.#byKey, key, owner, lock);
    put(this.#byOwner, owner, key, lock);
  }

  release(owner: string): void {
    for (const { key } of this.heldBy(owner)) {
      const holders = this.#byKey.get(key);
      holders?.delete(owner);
      if (holders?.size === 0) this.#byKey.delete(key);
    }
    this.#byOwner.delete(owner);
  }
}

function put(index: Map<string, Map<string, LockRecord>>, first: string, second: string, lock: LockRecord): void {
  const inner = index.get(first);
  if (inner === undefined) index.set(first, new Map([[second, lock]]));
  else inner.set(second, lock);
}
