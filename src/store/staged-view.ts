import { atOnce } from '../model/at-once.js';
import { frozenData, type Data } from '../model/data.js';
import { entityKey, type EntityKey, type EntityKind, type EntityRecord, type EntityView } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { EntityReader } from './entity-table.js';

/** What a view found under a key: its version (0: absent) and value. */
export type EntityRead = { readonly key: EntityKey; readonly version: number; readonly value: Data | null };

/** A staged change, as a function of the value it meets at commit. undefined: no record. */
export interface EntityWrite {
  readonly key: EntityKey;
  /** `update` can be applied to a newer version than the callback saw; what was put or removed outright cannot. */
  readonly kind: 'update' | 'replace';
  readonly change: (current: Data | undefined) => Data | undefined;
  /** What it came to on the version that the view saw: it holds for as long as that is the newest. */
  readonly seen: Data | undefined;
}

/** Everything a commit needs of a view. */
export interface StagedEntities {
  /** Read or written by the view, and so checked against the newest versions. */
  readonly reads: readonly EntityRead[];
  /** Keys whose read was recorded before a call left: the callback has acted upon it, so a newer version is no conflict. */
  readonly exempt: ReadonlySet<EntityKey>;
  /** In the order they were staged. */
  readonly writes: readonly EntityWrite[];
}

export const NOTHING_STAGED: StagedEntities = { reads: [], exempt: new Set(), writes: [] };

/** The entities as one run of a callback sees and changes them. Nothing leaves it before the commit. */
export class StagedView implements EntityView {
  readonly #reads = new Map<EntityKey, EntityRead>();
  readonly #staged = new Map<EntityKey, Data | undefined>();
  readonly #writes: EntityWrite[] = [];
  readonly #exempt: ReadonlySet<EntityKey>;

  /** @param recorded what an earlier run of the same attempt had read up to its last recorded call; this run sees the same */
  constructor(
    private readonly committed: EntityReader,
    recorded: readonly EntityRead[] = [],
  ) {
    for (const read of recorded) this.#reads.set(read.key, read);
    this.#exempt = new Set(recorded.map((read) => read.key));
  }

  find<T>(kind: EntityKind<T>, id: string): T | undefined {
    return this.#current(entityKey(kind, id)) as T | undefined;
  }

  get<T>(kind: EntityKind<T>, id: string): T {
    const found = this.find(kind, id);
    if (found === undefined) throw new SeatbeltError('ENTITY_NOT_FOUND', `there is no ${kind.name} '${id}'`);
    return found;
  }

  put<T>(kind: EntityKind<T>, id: string, value: T): void {
    const key = entityKey(kind, id);
    const data = frozenData(value, key);
    this.#stage(key, 'replace', () => data);
  }

  update<T>(kind: EntityKind<T>, id: string, change: (current: T) => T): void {
    const key = entityKey(kind, id);
    if (this.#current(key) === undefined) throw new SeatbeltError('ENTITY_NOT_FOUND', `there is no ${kind.name} '${id}' to update`);
    // A record that was deleted meanwhile stays deleted.
    this.#stage(key, 'update', (current) => (current === undefined ? undefined : frozenData(atOnce(change(current as T)), key)));
  }

  remove<T>(kind: EntityKind<T>, id: string): void {
    this.#stage(entityKey(kind, id), 'replace', () => undefined);
  }

  /** What has been read so far, to be recorded with a call. */
  readsSoFar(): readonly EntityRead[] {
    return [...this.#reads.values()];
  }

  staged(): StagedEntities {
    return { reads: this.readsSoFar(), exempt: this.#exempt, writes: [...this.#writes] };
  }

  #current(key: EntityKey): Data | undefined {
    const read = this.#read(key);
    if (this.#staged.has(key)) return this.#staged.get(key);
    return read.version === 0 ? undefined : read.value;
  }

  #read(key: EntityKey): EntityRead {
    const known = this.#reads.get(key);
    if (known !== undefined) return known;
    const record: EntityRecord | undefined = this.committed.read(key);
    const read = { key, version: record?.version ?? 0, value: record?.value ?? null };
    this.#reads.set(key, read);
    return read;
  }

  #stage(key: EntityKey, kind: EntityWrite['kind'], change: EntityWrite['change']): void {
    const seen = change(this.#current(key));
    this.#staged.set(key, seen);
    this.#writes.push({ key, kind, change, seen });
  }
}
