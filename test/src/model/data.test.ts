import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asData, frozen, frozenData, sameData, type Data } from '../../../src/model/data.js';
import { anyData, failureOf } from '../store/fixtures.js';

describe('asData', () => {
  test('passes any plain value as it is', () => {
    fc.assert(fc.property(anyData, (value) => asData(value, 'it') === value));
  });

  test('passes an object that is used in two places, or has no prototype', () => {
    const shared = { a: 1 };
    const value = { left: shared, right: [shared], bare: Object.assign(Object.create(null), { b: 2 }) as unknown };
    expect(asData(value, 'it')).toBe(value);
  });

  const cycle: { inner: { back?: unknown } } = { inner: {} };
  cycle.inner.back = cycle;
  let deep: unknown = 0;
  for (let i = 0; i < 20_000; i += 1) deep = [deep];

  test.each<[what: string, value: unknown, message: RegExp]>([
    ['undefined', undefined, /^params: undefined cannot be stored/],
    ['an absent field that is there', { a: undefined }, /^params\.a: undefined/],
    ['NaN', { list: [1, Number.NaN] }, /^params\.list\[1\]: NaN/],
    ['infinity', [[Number.NEGATIVE_INFINITY]], /^params\[0\]\[0\]: -Infinity/],
    ['a bigint', { size: 1n }, /^params\.size: bigint/],
    ['a symbol', { s: Symbol('s') }, /^params\.s: symbol/],
    ['a function', { f: () => 1 }, /^params\.f: function/],
    ['a date', { at: new Date(0) }, /^params\.at: a cycle or a class instance/],
    ['a map', new Map(), /^params: a cycle or a class instance/],
    ['bytes', new Uint8Array(1), /^params: a cycle or a class instance/],
    ['a cycle', cycle, /^params\.inner\.back: a cycle/],
    ['a hole in a list', [1, , 3], /^params\[1\]: undefined/],
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":1}}'), /^params\.a\.__proto__: a key named __proto__/],
    ['half a surrogate pair', { name: 'a\udc00' }, /^params\.name: a string with half a surrogate pair/],
    ['half a surrogate pair in a key', { 'a\ud800': 1 }, /^params: a key with half a surrogate pair/],
    ['a bottomless value', deep, /^params(\[0\])+: what is nested more than 200 deep/],
  ])('refuses %s and names the place', async (_, value, message) => {
    const error = await failureOf(() => asData(value, 'params'));
    expect(error.code).toBe('NOT_PLAIN_DATA');
    expect(error.message).toMatch(message);
  });
});

/** Whether nothing can be changed in it, however deep. */
function isFrozen(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
}

/** Whether anything can still be changed in it. */
function isFree(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (!Object.isFrozen(value) && Object.values(value).every(isFree));
}

describe('frozenData', () => {
  test('gives a copy that nobody can change, and leaves the value to its owner', () => {
    fc.assert(fc.property(anyData, (value) => {
      const copy = frozenData(value, 'it');
      return sameData(copy, value) && isFrozen(copy) && isFree(value) && (typeof value !== 'object' || value === null || copy !== value);
    }));
  });

  test('does not follow what becomes of the value', () => {
    const value = { list: [{ a: 1 }], bare: Object.assign(Object.create(null), { b: 2 }) as { b: number } };
    const copy = frozenData(value, 'it');
    value.list.push({ a: 2 });
    value.bare.b = 3;
    expect(copy).toEqual({ list: [{ a: 1 }], bare: { b: 2 } });
  });

  test('refuses what asData refuses', async () => {
    const error = await failureOf(() => frozenData({ at: [new Date(0)] }, 'params'));
    expect([error.code, error.message]).toEqual(['NOT_PLAIN_DATA', expect.stringContaining('params.at[0]')]);
  });
});

test('frozen freezes a value in place, to the bottom, also where a part of it is frozen already', () => {
  fc.assert(fc.property(anyData, (value) => frozen(value) === value && isFrozen(value)));
  const part = Object.freeze({ a: 1 });
  const value = { part, rest: [{ b: 2 }] };
  expect([frozen(value), isFrozen(value)]).toEqual([value, true]);
});

describe('sameData', () => {
  test('a value is the same as its copy, whatever the order of keys', () => {
    const reversed = (value: Data): Data => {
      if (Array.isArray(value)) return value.map((item: Data) => reversed(item));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, reversed(item as Data)]));
    };
    fc.assert(fc.property(anyData, (value) => sameData(value, reversed(value))));
  });

  test('is what comparing the sorted text would say', () => {
    const small = fc.oneof(fc.constantFrom<Data>(0, 1, '0', null, false, [], {}), anyData);
    const pair = fc.oneof(fc.tuple(small, small), fc.tuple(small, small).map(([a, b]): [Data, Data] => [{ a, b: [a] }, { a: b, b: [a] }]));
    const text = (value: Data): string =>
      JSON.stringify(value, (_, item: unknown) =>
        typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)) : item,
      );
    // An object and the list of its entries have the same text; tell them apart by a mark.
    const marked = (value: Data): Data => {
      if (Array.isArray(value)) return ['list', ...value.map((item: Data) => marked(item))];
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, marked(item as Data)]));
    };
    fc.assert(fc.property(pair, ([a, b]) => sameData(a, b) === (text(marked(a)) === text(marked(b)))));
  });

  test.each<[Data | undefined, Data | undefined]>([
    [undefined, null],
    [[], {}],
    [[1], [1, 1]],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1 }, { b: 1 }],
    [{ toString: null }, { a: null }],
    [0, false],
    ['1', 1],
  ])('%j is not %j', (a, b) => {
    expect(sameData(a, b)).toBe(false);
    expect(sameData(b, a)).toBe(false);
  });

  test('nothing is the same as nothing', () => {
    expect(sameData(undefined, undefined)).toBe(true);
  });
});
