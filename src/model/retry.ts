/** How often, and how patiently, something is tried. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly attempts: number;
  /** Wait before the second attempt, ms; doubled for each further one, and stretched by up to a half at random (seeded). */
  readonly backoffMs: number;
  /** Upper bound of the wait, ms. */
  readonly maxBackoffMs: number;
}

/** A policy as a handler states it: waits that it leaves out are the usual ones. */
export type RetrySettings = Pick<RetryPolicy, 'attempts'> & Partial<RetryPolicy>;

/** Forward work: one attempt, unless the handler says otherwise. */
export const NO_RETRY: RetryPolicy = { attempts: 1, backoffMs: 1_000, maxBackoffMs: 60_000 };

/** Undo work, and forward work past the point of no return: errors that say nothing about the work itself are not counted at all. */
export const UNDO_RETRY: RetryPolicy = { attempts: 5, backoffMs: 5_000, maxBackoffMs: 60_000 };

/** The wait before attempt `next` (2, 3, …), in µs. @param jitter a draw from [0, 1) */
export function backoffUs(policy: RetryPolicy, next: number, jitter: number): number {
  const base = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(30, next - 2));
  return Math.round(base * 1000 * (1 + jitter / 2));
}
