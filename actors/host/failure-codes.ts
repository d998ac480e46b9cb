import { GENERAL_FAILURE } from '../wire.js';

/**
 * Volume busy, volume with children, volume not shareable, time-out of a lock, invalid parameter: in vdsm none of them is a storage exception, and of no other does a
 * task keep the code.
 */
const NO_STORAGE_EXCEPTION: ReadonlySet<number> = new Set([203, 204, 214, 851, 1000]);

/** What a task tells of a failure in its job. At its submission, the same failure is told as it is. */
export function codeInTask(code: number): number {
  return NO_STORAGE_EXCEPTION.has(code) ? GENERAL_FAILURE : code;
}
