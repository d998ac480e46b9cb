import type { Data } from './data.js';
import { SeatbeltError } from './errors.js';

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

/** @throws SeatbeltError `BAD_ENTITY_KEY` the kind is not `[A-Za-z][A-Za-z0-9]*`, or the id is empty, not a string, or not well-formed text */
export function entityKey(kind: EntityKind<unknown>, id: string): EntityKey {
  if (!KIND.test(kind.name)) throw new SeatbeltError('BAD_ENTITY_KEY', `entity kind ${JSON.stringify(kind.name)}: use letters and digits, a letter first`);
  if (typeof id !== 'string' || id === '' || LONE_SURROGATE.test(id)) {
    throw new SeatbeltError('BAD_ENTITY_KEY', `${kind.name}: ${JSON.stringify(id)} is no id; use non-empty, well-formed text`);
  }
  return `${kind.name}/${id}`;
}

const KIND = /^[A-Za-z][A-Za-z0-9]*$/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

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
  /**
   * Creates or replaces a record. If the callback had read it before an HSM call and somebody has changed it since, the callback fails with
   * `ENTITY_CHANGED`: it has acted upon what it read, and to replace the record would undo the other change.
   */
  put<T>(kind: EntityKind<T>, id: string, value: T): void;
  /**
   * Stages a change as a function of the record. Prefer it to get + put: when the callback's commit meets a newer version of a
   * record that it had already acted upon, the function is applied to that version.
   * @throws SeatbeltError `ENTITY_NOT_FOUND`
   */
  update<T>(kind: EntityKind<T>, id: string, change: (current: T) => T): void;
  /** Deletes a record; deleting an absent one does nothing. Fails like {@link put}. */
  remove<T>(kind: EntityKind<T>, id: string): void;
}
