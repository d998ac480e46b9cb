import { normalQuantile, P95 } from './normal-quantile.js';

/**
 * How something is distributed that is drawn for each execution: how long it takes, or how fast it goes. Values are of whatever unit the user of it says.
 *
 * Each is drawn by one number from [0, 1), by way of its quantile function: two runs that differ in a distribution stay aligned draw by draw, and a higher number
 * gives a higher value (but for a mixture, where it also chooses the part). Computed with +, -, ×, /, sqrt, and the engine's log and exp, which V8 computes in
 * software, with the same bits on every machine; powers, sines and cosines are not used.
 */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  /** By its median and its 95th percentile, which is what one reads off a monitoring graph; storage operations are seldom symmetric. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly p95: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  /** What is above `minimum` falls off as a power: by 1/2^alpha at each doubling. With an alpha up to 1 it has no mean. */
  | { readonly kind: 'pareto'; readonly minimum: number; readonly alpha: number }
  /** One of the values, which ascend, each as likely as the other. */
  | { readonly kind: 'samples'; readonly values: readonly number[] }
  /** By what share (0 to 1) is at most which value; both ascend, the first share is 0 and the last is 1. Linear between two of them. */
  | { readonly kind: 'quantiles'; readonly points: readonly QuantilePoint[] }
  | { readonly kind: 'shifted'; readonly of: Distribution; readonly plus: number }
  /** Each time one of the parts, as likely as it has weight. */
  | { readonly kind: 'mixture'; readonly parts: readonly MixturePart[] }
  | Truncated;

export interface QuantilePoint {
  readonly share: number;
  readonly value: number;
}

export interface MixturePart {
  /** Above 0. */
  readonly weight: number;
  readonly of: Distribution;
}

/** Only the values of `of` from `min` to `max`, those within as likely to each other as before. Made by {@link truncated}. */
export interface Truncated {
  readonly kind: 'truncated';
  readonly of: Distribution;
  readonly min: number;
  readonly max: number;
  /** Which draws of `of` fall between. */
  readonly from: number;
  readonly to: number;
}

/** The largest draw that there is. */
const LAST_DRAW = 1 - Number.EPSILON / 2;

/** The value for one draw. @param draw from [0, 1) */
export function drawFrom(distribution: Distribution, draw: number): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value;
    case 'uniform':
      return distribution.min + (distribution.max - distribution.min) * draw;
    case 'lognormal': {
      const { median, p95 } = distribution;
      return median * Math.exp((Math.log(p95 / median) / P95) * normalQuantile(draw));
    }
    case 'exponential':
      return -distribution.mean * Math.log(1 - draw);
    case 'pareto':
      return distribution.minimum * Math.exp(-Math.log(1 - draw) / distribution.alpha);
    case 'samples':
      return distribution.values[Math.floor(draw * distribution.values.length)] ?? NaN;
    case 'quantiles':
      return between(distribution.points, draw);
    case 'shifted':
      return drawFrom(distribution.of, draw) + distribution.plus;
    case 'mixture':
      return drawFromMixture(distribution.parts, draw);
    case 'truncated': {
      const { of, min, max, from, to } = distribution;
      return Math.min(max, Math.max(min, drawFrom(of, Math.min(LAST_DRAW, from + (to - from) * draw))));
    }
  }
}

/**
 * The part of a distribution that is from `min` to `max`. Of a mixture, each part is cut, and weighs as much less as it has lost.
 * @returns null if nothing of it is there
 */
export function truncated(of: Distribution, min: number, max: number): Distribution | null {
  return cut(of, min, max)?.left ?? null;
}

/** What is left of a distribution, and how much of it that is. */
interface Cut {
  readonly left: Distribution;
  /** Above 0, up to 1. */
  readonly share: number;
}

function cut(of: Distribution, min: number, max: number): Cut | null {
  switch (of.kind) {
    case 'shifted': {
      const inner = cut(of.of, min - of.plus, max - of.plus);
      return inner === null ? null : { left: { ...of, of: inner.left }, share: inner.share };
    }
    case 'mixture': {
      const parts = of.parts.flatMap((part): MixturePart[] => {
        const inner = cut(part.of, min, max);
        return inner === null ? [] : [{ weight: part.weight * inner.share, of: inner.left }];
      });
      return parts.length === 0 ? null : { left: { kind: 'mixture', parts }, share: weightOf(parts) / weightOf(of.parts) };
    }
    case 'constant':
    case 'uniform':
    case 'lognormal':
    case 'exponential':
    case 'pareto':
    case 'samples':
    case 'quantiles':
    case 'truncated': {
      const from = firstDraw(of, (value) => value >= min);
      const to = firstDraw(of, (value) => value > max);
      return from < to ? { left: { kind: 'truncated', of, min, max, from, to }, share: to - from } : null;
    }
  }
}

/** From which draw on the value `is` so, of a distribution that grows with the draw; 1 if it never is. */
function firstDraw(of: Distribution, is: (value: number) => boolean): number {
  if (is(drawFrom(of, 0))) return 0;
  if (!is(drawFrom(of, LAST_DRAW))) return 1;
  let [before, at] = [0, LAST_DRAW];
  for (let middle = at / 2; middle > before && middle < at; middle = (before + at) / 2) {
    if (is(drawFrom(of, middle))) at = middle;
    else before = middle;
  }
  return at;
}

function weightOf(parts: readonly MixturePart[]): number {
  return parts.reduce((sum, { weight }) => sum + weight, 0);
}

/** The draw first says which part, and what is left of it is a draw of that part. */
function drawFromMixture(parts: readonly MixturePart[], draw: number): number {
  const all = weightOf(parts);
  let before = 0;
  for (const { weight, of } of parts) {
    const within = (draw * all - before) / weight;
    if (within < 1) return drawFrom(of, Math.max(0, within));
    before += weight;
  }
  // The weights are not exact, so the sum of the first may be a little less than what the last draw asks for.
  const last = parts.at(-1);
  return last === undefined ? NaN : drawFrom(last.of, LAST_DRAW);
}

function between(points: readonly QuantilePoint[], draw: number): number {
  const after = points.findIndex(({ share }) => share > draw);
  const [low, high] = [points[after - 1], points[after]];
  if (low === undefined || high === undefined) return NaN;
  return low.value + ((high.value - low.value) * (draw - low.share)) / (high.share - low.share);
}
