import type { Data } from '../../src/model/data.js';
import type { TrackedMap } from './tracked-map.js';

/** A part of the world that outlives the process: rows of plain data under keys of its own. */
export interface Table {
  /** Names it in the store: ASCII, and for ever the same. */
  readonly name: string;
  /** The rows that changed since this was last called; undefined: deleted. */
  takeChanges(): Iterable<readonly [key: string, row: Data | undefined]>;
  /** To be called once, on a table in which nothing has happened yet, with all of its rows, in a fixed order. */
  restore(rows: Iterable<readonly [key: string, row: Data]>): void;
}

/** The table of a map. @param fromRow the reverse of `toRow` */
export function tableOf<K extends string, V>(name: string, map: TrackedMap<K, V>, toRow: (value: V) => Data, fromRow: (row: Data) => V): Table {
  return {
    name,
    takeChanges: () => map.takeChanges().map(([key, value]) => [key, value === undefined ? undefined : toRow(value)] as const),
    restore: (rows) => {
      for (const [key, row] of rows) map.restore(key as K, fromRow(row));
    },
  };
}

/** The table of a map whose values are plain data as they are. */
export function tableOfData<K extends string, V extends Data>(name: string, map: TrackedMap<K, V>): Table {
  // Only this program writes the store, and it wrote such values.
  return tableOf(name, map, (value) => value, (row) => row as V);
}
