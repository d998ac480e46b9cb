import type { ErrorRecord } from '../model/errors.js';

/** The error of a command that was cancelled. */
export const CANCELLED: ErrorRecord = { code: 'CANCELLED', message: 'it was cancelled', retryable: false, causes: [] };
