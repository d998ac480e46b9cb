import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/store/codec.js';
import { anyData, failureOf } from './fixtures.js';

/** The bytes with another value at one place, and the right checksum for it. */
function altered(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(value, at);
  copy.writeUInt32BE(crc32(copy.subarray(8), crc32(copy.subarray(0, 4))), 4);
  return copy;
}

describe('a value on disk', () => {
  test('comes back as it was, with its schema version', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), anyData, (schema, value) => {
        expect(decodeValue('k', encodeValue(schema, value))).toEqual({ schema, value });
      }),
    );
  });

  test('is laid out for ever like this', () => {
    const bytes = encodeValue(258, { a: 1, b: [{ c: null }, { c: 'é' }] });
    expect(Buffer.from(bytes).toString('hex')).toBe('b5010102bfd1e5b182a16101a1629281a163c081a163a2c3a9');
  });

  test('keeps the order of keys, so that writing it again gives the same bytes', () => {
    fc.assert(
      fc.property(anyData, (value) => {
        const bytes = encodeValue(1, value);
        expect(Buffer.from(encodeValue(1, decodeValue('k', bytes).value)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('depends on nothing that was encoded before', () => {
    const value = { id: 'c1', steps: [{ name: 'a' }, { name: 'b' }] };
    const first = encodeValue(1, value);
    for (let i = 0; i < 100; i += 1) encodeValue(1, { id: 'other', [`key${i}`]: i });
    expect(Buffer.from(encodeValue(1, structuredClone(value))).equals(first)).toBe(true);
  });

  test('can be an object of more keys than fit 16 bits', () => {
    const value = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]));
    expect(decodeValue('k', encodeValue(1, value)).value).toEqual(value);
  });

  test('is not overwritten by the next one', () => {
    const bytes = encodeValue(1, 'first');
    encodeValue(1, 'secnd');
    expect(decodeValue('k', bytes).value).toBe('first');
  });

  test('has no schema version out of range', async () => {
    for (const schema of [-1, 0x10000, 1.5]) expect((await failureOf(() => encodeValue(schema, null))).code).toBe('INTERNAL');
  });
});

describe('a damaged value', () => {
  test('is noticed, and its key named, wherever a bit is flipped', async () => {
    const bytes = encodeValue(3, { id: 'c1', list: [1, 2, 'three'] });
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const error = await failureOf(() => decodeValue('command/c1', damaged));
      expect(error.code).toBe('STORE_CORRUPT');
      expect(error.message).toContain('command/c1');
    }
  });

  test('is noticed when it was cut short or lengthened', async () => {
    const bytes = encodeValue(3, { id: 'c1' });
    for (let length = 0; length < bytes.length; length += 1) {
      expect((await failureOf(() => decodeValue('k', bytes.subarray(0, length)))).code).toBe('STORE_CORRUPT');
    }
    expect((await failureOf(() => decodeValue('k', Buffer.concat([bytes, Buffer.of(0)])))).code).toBe('STORE_CORRUPT');
  });

  test('is noticed when only the checksum is right', async () => {
    // 0xa5 begins a string of five bytes, which do not follow.
    expect((await failureOf(() => decodeValue('k', altered(encodeValue(1, 5), 8, 0xa5)))).code).toBe('STORE_CORRUPT');
  });
});

test('a value of a later format is told from a damaged one', async () => {
  const error = await failureOf(() => decodeValue('lock/x', altered(encodeValue(1, { a: 1 }), 1, 2)));
  expect(error.code).toBe('STORE_VERSION');
  expect(error.message).toMatch(/lock\/x.*format 2.*format 1/);
});
