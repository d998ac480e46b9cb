import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceHash } from '../../../sim/kernel/trace-hash.js';

function hashOf(...values: readonly unknown[]): string {
  const hash = new TraceHash();
  for (const value of values) hash.value(value);
  return hash.digest();
}

describe('the trace hash', () => {
  it('is 16 hexadecimal digits', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(hashOf(value)).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it('is the same for values of the same structure, and another for others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(hashOf(structuredClone(one))).toBe(hashOf(one));
        // JSON has one zero.
        if (JSON.stringify(one) !== JSON.stringify(other)) expect(hashOf(one)).not.toBe(hashOf(other));
      }),
      { numRuns: 500 },
    );
  });

  it('tells apart what is easily taken for the same', () => {
    const values = [
      ...[undefined, null, false, true, 0, 1, -1, 0.5, 1e300, 2 ** 31, 2 ** 32, NaN, Infinity, 1n],
      ...['', '0', '1', 'ab', 'ba', 'a'.repeat(200), 'a'.repeat(201)],
      ...[[], [''], [[]], [[], []], ['a', 1], {}, { a: 1 }, { a: 1, b: 2 }, { a: { b: 2 } }],
      ...[[], [0], [0, 0, 0, 0, 0], [1, 2, 3, 4, 5], [1, 2, 3, 5, 4]].map((bytes) => new Uint8Array(bytes)),
      ...[new Map(), new Map([['a', 1]]), new Set(), new Set(['a']), new Error('a'), new TypeError('a')],
    ];
    expect(new Set(values.map((value) => hashOf(value))).size).toBe(values.length);
  });

  it('depends on the order', () => {
    expect(hashOf('a', 'b')).not.toBe(hashOf('b', 'a'));
    expect(hashOf(1, 2)).not.toBe(hashOf(2, 1));
  });

  it('is the same for two orders of hashing in one process: what is remembered of strings changes nothing', () => {
    const words = Array.from({ length: 40_000 }, (_, i) => `word ${i}`);
    const before = hashOf('word 1', 'word 39999');
    hashOf(...words);
    expect(hashOf('word 1', 'word 39999')).toBe(before);
  });

  it('survives values that hold themselves, functions and instances of classes', () => {
    const self: { me?: unknown } = {};
    self.me = self;
    class Thing {
      readonly holder = this;
    }
    expect(hashOf(self)).toBe(hashOf(self));
    expect(hashOf(new Thing(), () => 1)).toBe(hashOf(new Thing(), () => 2));
  });

  it('finds a single changed bit in a large value', () => {
    const bytes = new Uint8Array(1001);
    const seen = new Set([hashOf(bytes)]);
    for (let i = 0; i < bytes.length; i += 7) {
      const changed = new Uint8Array(bytes);
      changed[i] = 1 << (i % 8);
      seen.add(hashOf(changed));
    }
    expect(seen.size).toBe(1 + Math.ceil(bytes.length / 7));
  });
});
