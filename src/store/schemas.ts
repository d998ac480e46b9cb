import type { Data } from '../model/data.js';
import type { StoreKey } from './keys.js';

export type RecordKind = StoreKey['kind'];

/** How a kind of record has changed. */
export interface Schema {
  /** Of what this program writes, from 1. It grows with every change to the shape that an older program would misread. */
  readonly version: number;
  /** By the version that they start from: what a record of that version is in the next one. Pure; one that meets what it does not expect throws. */
  readonly upgrades: { readonly [from: number]: (value: Data) => Data };
}

export type Schemas = { readonly [K in RecordKind]: Schema };

const FIRST: Schema = { version: 1, upgrades: {} };

export const SCHEMAS: Schemas = {
  identity: FIRST,
  head: FIRST,
  command: FIRST,
  history: FIRST,
  call: FIRST,
  task: FIRST,
  taskIndex: FIRST,
  entity: FIRST,
  lock: FIRST,
  done: FIRST,
  ended: FIRST,
  expired: FIRST,
};
