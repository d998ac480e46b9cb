import { asCauses, type ErrorRecord } from '../model/errors.js';
import type { Failure } from '../model/outcome.js';
import { backoffUs, isRetried, type RetryPolicy } from '../model/retry.js';
import type { Instant } from './event.js';

/** 654 not SPM, 99 recovering: the host says nothing about the work itself. */
const NOT_ABOUT_THE_WORK: readonly number[] = [654, 99];

/** Undo work, and forward work past the point of no return, repeats these without limit. */
export function isUncounted(error: ErrorRecord): boolean {
  return error.callUnknown === true || (error.hostCode !== undefined && NOT_ABOUT_THE_WORK.includes(error.hostCode));
}

/** The same for tasks: a host that died or forgot says nothing about the task. */
export function isUncountedOutcome(outcome: Failure): boolean {
  switch (outcome.kind) {
    case 'failed':
      return outcome.takeOver || NOT_ABOUT_THE_WORK.includes(outcome.code);
    case 'refused':
      return NOT_ABOUT_THE_WORK.includes(outcome.code);
    case 'lost':
    case 'unknown':
      return true;
    case 'aborted':
    case 'notSent':
    case 'childFailed':
      return false;
  }
}

/** What has failed, and how often it has by now. */
export interface Failed {
  /** The attempt that has failed, from 1. */
  readonly attempt: number;
  /** How many have failed that count, this one included if it does. */
  readonly failures: number;
  readonly counted: boolean;
  readonly error: ErrorRecord;
}

/** When the next attempt is due (µs), or null if the policy allows no more. Every attempt makes the wait longer; only those that count use the policy up. */
export function nextAttempt(policy: RetryPolicy, { attempt, failures, counted, error }: Failed, at: Instant): number | null {
  if (counted && (failures >= policy.attempts || !isRetried(policy, error))) return null;
  return afterBackoff(policy, attempt, at);
}

/** When what is tried without limit is due again, µs. @param tried the attempt that has failed, from 1 */
export function afterBackoff(policy: RetryPolicy, tried: number, at: Instant): number {
  return at.now + backoffUs(policy, tried + 1, at.jitter);
}

export function errorOfOutcome(name: string, outcome: Failure): ErrorRecord {
  const record = (message: string, hostCode?: number): ErrorRecord => ({
    code: 'TASK_FAILED',
    message: `${name} ${message}`,
    ...(hostCode === undefined ? {} : { hostCode }),
    retryable: false,
    causes: [],
  });
  switch (outcome.kind) {
    case 'failed':
      return record(`failed with ${outcome.code}: ${outcome.message}${outcome.takeOver ? ', taken over unfinished by a new SPM' : ''}`, outcome.code);
    case 'refused':
      return record(`was refused with ${outcome.code}: ${outcome.message}`, outcome.code);
    case 'aborted':
      return record(`was aborted (${outcome.reason})`);
    case 'lost':
      return record('was lost by its host');
    case 'notSent':
      return record('was not sent');
    case 'unknown':
      return record('has an unknown outcome');
    case 'childFailed':
      return { code: 'CHILD_FAILED', message: `${name} failed: ${outcome.error.message}`, retryable: false, causes: asCauses(outcome.error) };
  }
}
