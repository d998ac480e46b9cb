import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationSchema, rateSchema, sizeSchema } from '../../../sim/scenario/units.js';

describe('quantities are whole numbers of their smallest unit', () => {
  it.each([
    ['0s', 0],
    ['7us', 7],
    ['0.1s', 100_000],
    ['250ms', 250_000],
    ['90 s', 90_000_000],
    ['1.5 min', 90_000_000],
    ['2h', 7_200_000_000],
    ['1d', 86_400_000_000],
  ])('%s', (text, micros) => expect(durationSchema.parse(text)).toBe(micros));

  const malformed = [
    '', '5', 's', '-1s', '+1s', '1e3s', '1.s',
    '.5s', '0.0001us', '1 m', '1S', '1s 5ms', '9'.repeat(15) + 'd', 'Infinity s', '1constructor',
  ];
  it.each(malformed)('not %j', (text) => expect(durationSchema.safeParse(text).success).toBe(false));

  it.each([5, null, undefined, {}, ['1s']])('not %j, which has no unit', (value) => expect(durationSchema.safeParse(value).success).toBe(false));

  it('any whole number of µs', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e14 }), (n) => durationSchema.parse(`${n}us`) === n), { seed: 1 });
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e11 }), (n) => durationSchema.parse(`${(n / 1000).toFixed(3)}ms`) === n), { seed: 1 });
  });

  it('sizes and rates', () => {
    expect(sizeSchema.parse('10 GiB')).toBe(10 * 2 ** 30);
    expect(sizeSchema.safeParse('0 B').success).toBe(false);
    expect(sizeSchema.safeParse('10 GB').success).toBe(false);
    expect(rateSchema.parse('75 MiB/s')).toBe(75 * 2 ** 20);
    expect(rateSchema.safeParse('75 MiB').success).toBe(false);
    expect(rateSchema.safeParse('75 MiB/s/s').success).toBe(false);
  });
});
