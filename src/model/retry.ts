import type { ErrorCode, ErrorRecord } from './errors.js';

/** A set of errors: those that carry one of the codes, or behind which a host's code of the list is. */
export interface ErrorMatch {
  /** Codes of errors, e.g. `CALL_FAILED`; a task that ended badly has `TASK_FAILED`, and what is not ours `CALLBACK_THREW`. */
  readonly codes?: readonly ErrorCode[];
  readonly hostCodes?: readonly number[];
}

/** Which errors are tried again: none but these, or all but these. Data, so that it can be checked and shown. */
export type RetryIf = { readonly only: ErrorMatch } | { readonly except: ErrorMatch };

/** How often, and how patiently, something is tried. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly attempts: number;
  /** Wait before the second attempt, ms; doubled for each further one, and stretched by up to a half at random (seeded). */
  readonly backoffMs: number;
  /** Upper bound of the wait, ms. */
  readonly maxBackoffMs: number;
  /** Default: every error. What is never tried again, and what is without limit, is not for it to say. */
  readonly retryIf?: RetryIf;
}

/** Whether the policy tries this error again at all. */
export function isRetried({ retryIf }: RetryPolicy, error: ErrorRecord): boolean {
  if (retryIf === undefined) return true;
  return 'only' in retryIf ? matches(retryIf.only, error) : !matches(retryIf.except, error);
}

function matches({ codes = [], hostCodes = [] }: ErrorMatch, { code, hostCode }: ErrorRecord): boolean {
  return codes.some((known) => known === code) || (hostCode !== undefined && hostCodes.includes(hostCode));
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
