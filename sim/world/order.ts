import type { Data } from '../../src/model/data.js';

/** A map as plain data, its keys in code unit order whatever the order of insertion: equal states list equally. */
export function byKey<V>(map: ReadonlyMap<string, V>, value: (item: V) => Data): { readonly [key: string]: Data } {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, value(item)]));
}
