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
const COMMAND: Schema = { version: 2, upgrades: { 1: withRepeatable } };

export const SCHEMAS: Schemas = {
  identity: FIRST,
  head: FIRST,
  command: COMMAND,
  history: FIRST,
  call: FIRST,
  task: FIRST,
  taskIndex: FIRST,
  entity: FIRST,
  lock: FIRST,
  done: COMMAND,
  ended: FIRST,
  expired: FIRST,
};

type Fields = { readonly [key: string]: Data };

/** In version 1 a command's tasks did not say whether they may run twice: none might. */
function withRepeatable(command: Data): Data {
  const steps = listIn(command, 'steps').map((step): Data => ({
    ...fieldsOf(step),
    work: listIn(step, 'work').map(once),
    revertWork: listIn(step, 'revertWork').map(once),
  }));
  return { ...fieldsOf(command), steps };
}

function once(item: Data): Data {
  const fields = fieldsOf(item);
  return fields['kind'] === 'task' ? { ...fields, repeatable: false } : fields;
}

function listIn(value: Data, field: string): readonly Data[] {
  const list = fieldsOf(value)[field];
  if (!Array.isArray(list)) throw new TypeError(`${field} is no list`);
  return list as readonly Data[];
}

function fieldsOf(value: Data): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('there is a value where there should be fields');
  return value as Fields;
}
