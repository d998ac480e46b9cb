import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffUs } from '../../../src/model/retry.js';

const POLICY = { attempts: 9, backoffMs: 1_000, maxBackoffMs: 5_000 };

describe('the wait before the next attempt', () => {
  test('is the back-off, doubled for each further attempt, up to the limit', () => {
    expect([2, 3, 4, 5, 6].map((next) => backoffUs(POLICY, next, 0))).toEqual([1e6, 2e6, 4e6, 5e6, 5e6]);
  });

  test('is stretched by up to a half', () => {
    expect([0, 0.5, 0.999].map((jitter) => backoffUs(POLICY, 2, jitter))).toEqual([1_000_000, 1_250_000, 1_499_500]);
  });

  test('is a whole number of µs and never falls, however many attempts there were', () => {
    const policy = fc.record({ attempts: fc.constant(9), backoffMs: fc.integer({ min: 0, max: 1e6 }), maxBackoffMs: fc.integer({ min: 0, max: 3e10 }) });
    fc.assert(
      fc.property(policy, fc.integer({ min: 2, max: 1e9 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retry, next, jitter) => {
        const wait = backoffUs(retry, next, jitter);
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(backoffUs(retry, next + 1, jitter)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });
});
