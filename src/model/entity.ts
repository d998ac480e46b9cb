import type { Data } from './data.js';

/** Names a kind of entity, and carries the TypeScript type of its records: `const Disk = entityKind<DiskRecord>('disk')`. */
export interface EntityKind<T> {
  readonly name: string;
  /** Never present; it only carries the type. */
  readonly _record?: T;
}

export function entityKind<T>(name: string): EntityKind<T> {
  return { name };
}

/** `disk/d1`: how an entity is named on disk and in messages. */
export type EntityKey = string;

export function entityKey(kind: EntityKind<unknown>, id: string): EntityKey {
  return `${kind.name}/${id}`;
}

/** A committed entity. `version` is 1 at creation and grows by exactly one with each commit that changes it. */
export type EntityRecord = { readonly version: number; readonly value: Data };

/**
 * The engine's records as one callback sees them: a staged view. Reads see committed values and what this callback has staged;
 * nothing is changed until the callback's commit, and nothing at all if it throws.
 */
export interface EntityView {
  /** The record, or undefined if there is none. */
  find<T>(kind: EntityKind<T>, id: string): T | undefined;
  /** The record. @throws SeatbeltError `ENTITY_NOT_FOUND` */
  get<T>(kind: EntityKind<T>, id: string): T;
  /** Creates or replaces a record. */
  put<T>(kind: EntityKind<T>, id: string, value: T): void;
  /**
   * Stages a change as a function of the record. Prefer it to get + put: when the callback's commit meets a newer version of a
   * record that it had already acted upon, the function is applied to that version.
   * @throws SeatbeltError `ENTITY_NOT_FOUND`
   */
  update<T>(kind: EntityKind<T>, id: string, change: (current: T) => T): void;
  /** Deletes a record; deleting an absent one does nothing. */
  remove<T>(kind: EntityKind<T>, id: string): void;
}
