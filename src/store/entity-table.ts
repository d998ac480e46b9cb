import { frozen } from '../model/data.js';
import type { EntityKey, EntityRecord } from '../model/entity.js';

/** The committed entities as everybody but the journal sees them. */
export interface EntityReader {
  read(key: EntityKey): EntityRecord | undefined;
  entries(): IterableIterator<[EntityKey, EntityRecord]>;
}

/**
 * The engine's memory of its committed entities. Only the journal changes it, and only with what is on disk, so it always equals the durable
 * state (checked by the invariants). Values are frozen: a callback that would change one in place gets a TypeError instead of a secret.
 */
export class EntityTable implements EntityReader {
  readonly #records = new Map<EntityKey, EntityRecord>();

  constructor(entries: Iterable<readonly [EntityKey, EntityRecord]>) {
    for (const [key, record] of entries) this.apply(key, record);
  }

  read(key: EntityKey): EntityRecord | undefined {
    return this.#records.get(key);
  }

  entries(): IterableIterator<[EntityKey, EntityRecord]> {
    return this.#records.entries();
  }

  /** Takes over one committed change; null is a deletion. */
  apply(key: EntityKey, record: EntityRecord | null): void {
    if (record === null) this.#records.delete(key);
    else this.#records.set(key, { version: record.version, value: frozen(record.value) });
  }
}
