/** The standard normal's 95th percentile. */
export const P95 = 1.6448536269514722;

/**
 * The standard normal's quantile function, by Acklam's rational approximation (relative error below 1.2e-9). Only +, ×, /, log and sqrt, which
 * give the same bits in every version of the engine; sine and cosine, which other methods need, do not.
 */
export function normalQuantile(draw: number): number {
  const p = Math.min(Math.max(draw, 2 ** -53), 1 - 2 ** -53);
  if (p > 1 - TAIL) return -lowerTail(1 - p);
  if (p < TAIL) return lowerTail(p);
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(CENTRE_TOP, r)) / polynomial(CENTRE_BOTTOM, r);
}

function lowerTail(p: number): number {
  const q = Math.sqrt(-2 * Math.log(p));
  return polynomial(TAIL_TOP, q) / polynomial(TAIL_BOTTOM, q);
}

/** Coefficients from the highest power down. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

const TAIL = 0.02425;
const CENTRE_TOP = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239,
];
const CENTRE_BOTTOM = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1];
const TAIL_TOP = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
];
const TAIL_BOTTOM = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
