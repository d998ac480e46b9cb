import { asData, type Data } from '../../src/model/data.js';
import type { StoreMirror } from '../invariants/store-mirror.js';
import type { RunResult } from '../report/result.js';
import type { WorldStore } from '../world/world-store.js';

// How a run that is kept in a directory ended: it is not run again.

/** What a run came to, and which commit of the engine's was the last then: an operator may make another. */
type EndRecord = { readonly result: RunResult; readonly commitSeq: number };

/** To be kept with the run. */
export function endRecord(result: RunResult, store: StoreMirror): Data {
  return asData({ result, commitSeq: lastCommit(store) } satisfies EndRecord, 'the result');
}

/** What the run came to, if nothing has been committed since it ended; else null. */
export function endOf(world: WorldStore | null, store: StoreMirror): RunResult | null {
  // This program wrote it.
  const end = world?.end as EndRecord | null | undefined;
  return end?.commitSeq === lastCommit(store) ? end.result : null;
}

function lastCommit(store: StoreMirror): number {
  return store.heads.get('head')?.commitSeq ?? 0;
}
