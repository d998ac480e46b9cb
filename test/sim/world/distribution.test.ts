import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { drawFrom, truncated, type Distribution } from '../../../sim/world/distribution.js';

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Draws with a fixed seed. */
function sample(distribution: Distribution, n = 20_000): readonly number[] {
  const generator = xoroshiro128plus(20_26);
  return Array.from({ length: n }, () => drawFrom(distribution, uniformFloat64(generator)));
}

/** How many of so many draws are at most a value that this share of all is, give or take five deviations of a binomial distribution. */
function expectShare(values: readonly number[], most: number, share: number): void {
  const n = values.length;
  const found = values.filter((value) => value <= most).length;
  expect(Math.abs(found - n * share), `${found} of ${n} are at most ${most}, of which ${n * share} are expected`).toBeLessThanOrEqual(5 * Math.sqrt(n * share * (1 - share)) + 1);
}

const exponential: Distribution = { kind: 'exponential', mean: 1000 };
const mixture: Distribution = {
  kind: 'mixture',
  parts: [
    { weight: 97, of: { kind: 'uniform', min: 0, max: 10 } },
    { weight: 2, of: { kind: 'uniform', min: 100, max: 110 } },
    { weight: 1, of: { kind: 'constant', value: 1000 } },
  ],
};

function cutOf(of: Distribution, min: number, max: number): Distribution {
  const left = truncated(of, min, max);
  if (left === null) throw new Error('nothing is left');
  return left;
}

describe('a distribution', () => {
  it.each<[string, Distribution, readonly (readonly [value: number, share: number])[]]>([
    ['uniform', { kind: 'uniform', min: 100, max: 200 }, [[100, 0], [125, 0.25], [150, 0.5], [200, 1]]],
    ['lognormal', { kind: 'lognormal', median: 2, p95: 8 }, [[0.5, 0.05], [2, 0.5], [8, 0.95]]],
    ['exponential', exponential, [[0, 0], [1000 * Math.LN2, 0.5], [1000, 1 - 1 / Math.E], [3000, 1 - Math.exp(-3)]]],
    ['pareto', { kind: 'pareto', minimum: 10, alpha: 1.5 }, [[10, 0], [20, 1 - 1 / Math.sqrt(8)], [40, 1 - 1 / 8], [1000, 0.999]]],
    ['samples', { kind: 'samples', values: [1, 2, 2, 9] }, [[0.9, 0], [1, 0.25], [2, 0.75], [9, 1]]],
    ['quantiles', { kind: 'quantiles', points: [{ share: 0, value: 1 }, { share: 0.5, value: 3 }, { share: 0.9, value: 3 }, { share: 1, value: 13 }] }, [[1, 0], [2, 0.25], [3, 0.9], [8, 0.95], [13, 1]]],
    ['shifted', { kind: 'shifted', of: exponential, plus: 500 }, [[500, 0], [500 + 1000 * Math.LN2, 0.5]]],
    ['a mixture', mixture, [[5, 0.485], [10, 0.97], [105, 0.98], [110, 0.99], [1000, 1]]],
    ['truncated', cutOf({ kind: 'uniform', min: 0, max: 100 }, 20, 60), [[19.9, 0], [30, 0.25], [40, 0.5], [60, 1]]],
    ['truncated from above only', cutOf(exponential, 0, 1000 * Math.LN2), [[1000 * Math.log(4 / 3), 0.5], [700, 1]]],
    ['a truncated one truncated', cutOf(cutOf({ kind: 'uniform', min: 0, max: 100 }, 20, 60), 30, 90), [[29.9, 0], [45, 0.5], [60, 1]]],
    ['a shifted one truncated', cutOf({ kind: 'shifted', of: { kind: 'uniform', min: 0, max: 10 }, plus: 100 }, 105, 200), [[104.9, 0], [107.5, 0.5], [110, 1]]],
    ['a truncated mixture, in which the parts keep their proportions', cutOf(mixture, 5, 105), [[4.9, 0], [10, 48.5 / 49.5], [105, 1]]],
    ['a mixture of a truncated mixture', cutOf({ kind: 'mixture', parts: [{ weight: 1, of: mixture }, { weight: 1, of: { kind: 'constant', value: 7 } }] }, 6, 8), [[6.9, 0.97 * 0.1 / 1.194], [8, 1]]],
  ])('%s, has the shares that are said of it', (_, distribution, shares) => {
    const values = sample(distribution);
    for (const [value, share] of shares) expectShare(values, value, share);
  });

  it('grows with the draw and stays within its bounds, unless it is a mixture, for every draw, the first and the last too', () => {
    const positive = fc.double({ min: 0.001, max: 1e9, noNaN: true });
    const leaf = fc.oneof(
      positive.map((value): Distribution => ({ kind: 'constant', value })),
      fc.tuple(positive, positive).map(([a, b]): Distribution => ({ kind: 'uniform', min: Math.min(a, b), max: Math.max(a, b) })),
      fc.tuple(positive, fc.double({ min: 1, max: 20, noNaN: true })).map(([median, factor]): Distribution => ({ kind: 'lognormal', median, p95: median * factor })),
      positive.map((mean): Distribution => ({ kind: 'exponential', mean })),
      fc.tuple(positive, fc.double({ min: 0.5, max: 10, noNaN: true })).map(([minimum, alpha]): Distribution => ({ kind: 'pareto', minimum, alpha })),
      fc.array(positive, { minLength: 1, maxLength: 5 }).map((values): Distribution => ({ kind: 'samples', values: values.toSorted((a, b) => a - b) })),
    );
    const shifted = fc.tuple(leaf, positive).map(([of, plus]): Distribution => ({ kind: 'shifted', of, plus }));
    const extremes = fc.constantFrom(0, Number.MIN_VALUE, Number.EPSILON / 2, 0.5, 1 - Number.EPSILON / 2);
    fc.assert(
      fc.property(fc.oneof(leaf, shifted), fc.oneof(draw, extremes), fc.oneof(draw, extremes), positive, positive, (of, a, b, one, other) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(drawFrom(of, low)).toBeLessThanOrEqual(drawFrom(of, high));
        const [min, max] = [Math.min(one, other), Math.max(one, other)];
        const left = truncated(of, min, max);
        if (left === null) return;
        const [first, last] = [drawFrom(left, low), drawFrom(left, high)];
        expect(first).toBeLessThanOrEqual(last);
        // Not to the last bit, as what is shifted is cut before it is shifted.
        expect(first).toBeGreaterThanOrEqual(min * (1 - 1e-9));
        expect(last).toBeLessThanOrEqual(max * (1 + 1e-9));
      }),
    );
  });

  it.each([
    ['below it', { kind: 'uniform', min: 10, max: 20 }, 0, 9],
    ['above it', { kind: 'uniform', min: 10, max: 20 }, 21, 30],
    ['between two of its samples', { kind: 'samples', values: [1, 5] }, 2, 4],
    ['away from a constant', { kind: 'constant', value: 3 }, 4, 5],
    ['away from all parts of a mixture', mixture, 20, 50],
    ['away from what is shifted', { kind: 'shifted', of: { kind: 'constant', value: 3 }, plus: 3 }, 0, 5],
  ] as const)('has no part %s', (_, distribution, min, max) => {
    expect(truncated(distribution, min, max)).toBeNull();
  });

  it('uses what is left of the draw that has chosen the part of a mixture, which is evenly spread again', () => {
    const inFirst = sample(mixture).filter((value) => value <= 10);
    expectShare(inFirst, 2.5, 0.25);
    expectShare(inFirst, 7.5, 0.75);
  });
});
