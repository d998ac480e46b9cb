import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { drawLatency, type Latency } from '../../../sim/world/latency.js';

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function sample(latency: Latency, n: number): readonly number[] {
  const generator = xoroshiro128plus(20_26);
  return Array.from({ length: n }, () => drawLatency(latency, uniformFloat64(generator))).sort((a, b) => a - b);
}

describe('a lognormal latency', () => {
  const latency: Latency = { kind: 'lognormal', median: 2_000_000, p95: 8_000_000 };

  it('has the median and the 95th percentile that it was given', () => {
    expect(drawLatency(latency, 0.5)).toBe(2_000_000);
    expect(Math.abs(drawLatency(latency, 0.95) - 8_000_000)).toBeLessThanOrEqual(1);
    const values = sample(latency, 100_000);
    const quantile = (q: number): number => values[Math.floor(values.length * q)] ?? Number.NaN;
    expect(quantile(0.5) / 2_000_000).toBeCloseTo(1, 1);
    expect(quantile(0.95) / 8_000_000).toBeCloseTo(1, 1);
    // By symmetry of the logarithm: 2² / 8.
    expect(quantile(0.05) / 500_000).toBeCloseTo(1, 1);
    // The mean of a lognormal lies above its median, by exp(σ²/2).
    const sigma = Math.log(4) / 1.644853627;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean / (2_000_000 * Math.exp(sigma ** 2 / 2))).toBeCloseTo(1, 1);
  });

  it.each([
    [0.0001, -3.719016],
    [0.01, -2.326348],
    [0.3, -0.524401],
    [0.8, 0.841621],
    [0.99, 2.326348],
    [0.9999, 3.719016],
  ])('is the normal distribution on a logarithmic scale: %f is %f deviations away', (u, deviations) => {
    const oneDeviation = drawLatency({ kind: 'lognormal', median: 1e9, p95: 1e9 * Math.exp(1.6448536269514722) }, u) / 1e9;
    expect(Math.log(oneDeviation)).toBeCloseTo(deviations, 5);
  });

  it('is finite and whole for every draw, also the first and the last', () => {
    for (const u of [0, Number.MIN_VALUE, 2 ** -53, 0.02425, 0.97575, 1 - 2 ** -53]) {
      const value = drawLatency(latency, u);
      expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
    }
  });

  it('without spread is constant', () => {
    expect(drawLatency({ kind: 'lognormal', median: 5, p95: 5 }, 0.99)).toBe(5);
  });
});

it('grows with the draw and is a whole number, whatever its kind', () => {
  const constant = fc.record({ kind: fc.constant('constant' as const), value: fc.nat() });
  const uniform = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => ({ kind: 'uniform' as const, min: Math.min(a, b), max: Math.max(a, b) }));
  const lognormal = fc
    .tuple(fc.integer({ min: 1, max: 1e7 }), fc.double({ min: 1, max: 20, noNaN: true }))
    .map(([median, factor]) => ({ kind: 'lognormal' as const, median, p95: median * factor }));
  const latency = fc.oneof(constant, uniform, lognormal);
  fc.assert(
    fc.property(latency, draw, draw, (kind, a, b) => {
      const [low, high] = [drawLatency(kind, Math.min(a, b)), drawLatency(kind, Math.max(a, b))];
      expect(Number.isSafeInteger(low) && low >= 0).toBe(true);
      expect(low).toBeLessThanOrEqual(high);
    }),
  );
});

it('uniform covers its range evenly, and no more', () => {
  const values = sample({ kind: 'uniform', min: 100, max: 200 }, 20_000);
  expect([values[0], values.at(-1)]).toEqual([100, 200]);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(150, 0);
});
