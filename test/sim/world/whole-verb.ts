import type { StoragePort, Work, WorkResult } from '../../../actors/storage-port.js';

/** Does all the parts of a verb in one go, up to the first that fails. */
export function performWhole(storage: StoragePort, work: Work): WorkResult {
  let recoveries: readonly string[] = [];
  for (const part of ['begin', 'end'] as const) {
    const result = storage.perform(work, part);
    if (!result.ok) return result;
    // Of a task that is not on storage, the last part knows no more than what it has registered itself.
    if (result.recoveries.length > 0) recoveries = result.recoveries;
  }
  return { ok: true, result: null, recoveries };
}
