import { SeatbeltError } from './errors.js';

/**
 * A value that survives a disk and a wire unchanged: what JSON can say, with finite numbers only. Params, outputs, entities,
 * task arguments and replies are all of this kind.
 */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [key: string]: Data };

/** It has no UTF-8, so it would come back as another character. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Deeper than anyone means to; it keeps recursion over data off the end of the stack. */
const MAX_DEPTH = 200;

/**
 * Checks that `value` is {@link Data} and returns it as such.
 * @param where names the place in the error message, e.g. `params.disks`.
 * @throws SeatbeltError `NOT_PLAIN_DATA` naming the path of the first offender (functions, class instances, NaN, cycles …).
 */
export function asData(value: unknown, where: string): Data {
  check(value, where, []);
  return value as Data;
}

function check(value: unknown, where: string, above: readonly unknown[]): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      if (LONE_SURROGATE.test(value)) throw notPlain(where, 'a string with half a surrogate pair');
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object': {
      if (value === null) return;
      if (above.includes(value)) break;
      if (above.length >= MAX_DEPTH) throw notPlain(where, `what is nested more than ${MAX_DEPTH} deep`);
      const path = [...above, value];
      if (Array.isArray(value)) {
        // Not forEach: it would pass over holes, which come back as something else.
        for (let i = 0; i < value.length; i += 1) check(value[i], `${where}[${i}]`, path);
        return;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) break;
      for (const [key, item] of Object.entries(value)) {
        // The codec would silently rename this key, and a reader might set a prototype with it.
        if (key === '__proto__') throw notPlain(`${where}.__proto__`, 'a key named __proto__');
        if (LONE_SURROGATE.test(key)) throw notPlain(where, 'a key with half a surrogate pair');
        check(item, `${where}.${key}`, path);
      }
      return;
    }
    default:
  }
  throw notPlain(where, typeof value === 'object' ? 'a cycle or a class instance' : String(typeof value === 'number' ? value : typeof value));
}

function notPlain(where: string, what: string): SeatbeltError {
  return new SeatbeltError('NOT_PLAIN_DATA', `${where}: ${what} cannot be stored; use plain JSON values`);
}

/**
 * Checks a value like {@link asData}, and returns a frozen copy of it: what is kept must not change when whoever gave it, or is given it, goes on using it.
 * @throws SeatbeltError `NOT_PLAIN_DATA`
 */
export function frozenData(value: unknown, where: string): Data {
  return frozenCopy(asData(value, where));
}

function frozenCopy(value: Data): Data {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item: Data) => frozenCopy(item)));
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, frozenCopy(item as Data)])));
}

/** Freezes a value that nobody else holds, such as one that was just read from disk, and returns it. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}

/** Structural equality of two plain values. The order of keys does not matter. */
export function sameData(a: Data | undefined, b: Data | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameItems(a, b);
  return sameEntries(a as DataEntries, b as DataEntries);
}

type DataEntries = { readonly [key: string]: Data };

// Every command's snapshot is compared at every commit, by these loops.

function sameItems(a: readonly Data[], b: readonly Data[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (!sameData(a[i], b[i])) return false;
  return true;
}

function sameEntries(a: DataEntries, b: DataEntries): boolean {
  let count = 0;
  for (const key in a) {
    if (!Object.hasOwn(a, key)) continue;
    if (!Object.hasOwn(b, key) || !sameData(a[key], b[key])) return false;
    count += 1;
  }
  return count === Object.keys(b).length;
}
