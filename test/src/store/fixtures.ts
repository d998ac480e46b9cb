import fc from 'fast-check';
import { submitted, type HistoryEntry } from '../../../src/flow/state.js';
import type { Data } from '../../../src/model/data.js';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { CallRecord } from '../../../src/store/call-record.js';
import type { StoredCommand } from '../../../src/store/records.js';

export function aTask(id: string, changes: Partial<SpmAsyncTask> = {}): SpmAsyncTask {
  return {
    id,
    commandId: 'migrate',
    executionIndex: 0,
    executionReason: 'REGULAR_FLOW',
    attempt: 1,
    pool: 'pool1',
    verb: 'createVolume',
    args: { size: 1024 },
    entity: 'disk/d1',
    state: 'Placeholder',
    createdAt: 5,
    submittedAt: null,
    ...changes,
  };
}

export function aCommand(id: string, changes: { readonly [field: string]: Data } = {}): StoredCommand {
  const lockWait = 'refuse' as const;
  return {
    ...submitted({ id, type: 'MoveDisk', version: 1, params: { disk: 'd1' }, handlers: ['copy', 'remove'], parent: null, rootId: id, locks: [], lockWait, submittedAt: 5 }),
    ...changes,
  };
}

export function anEntry(t: number): HistoryEntry {
  return { t, handler: 'copy', index: 0, callback: 'beforeTask', attempt: 1, outcome: 'ok' };
}

/** @param ordinals how many calls it has */
export function aCallRecord(commandId: string, ordinals = 0): CallRecord {
  const calls = Array.from({ length: ordinals }, (_, n) => ({ host: 'host1', verb: 'poke', args: { n }, key: `${commandId}.${n}`, hostIncarnation: 1, reply: null, reads: 0 }));
  return { commandId, index: 0, callback: 'start', attempt: 1, reads: [], calls };
}

/** Any plain value, but for minus zero, which comes back as zero. */
export const anyData: fc.Arbitrary<Data> = fc.letrec<{ data: Data }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('data')),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      tie('data'),
    ),
  ),
})).data;

/** The SeatbeltError with which an operation fails. */
export async function failureOf(operation: () => unknown): Promise<SeatbeltError> {
  try {
    await operation();
  } catch (error) {
    if (error instanceof SeatbeltError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
