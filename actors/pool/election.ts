import { RECOVERING, type SpmStatus } from '../wire.js';

/** What a host of a pool has last let the engine know of itself. */
export type Word =
  /** Its own role, and what storage says of the pool's lease. */
  | { readonly kind: 'told'; readonly status: SpmStatus }
  /** It is alive, and answers so many times in a row with an error instead. */
  | { readonly kind: 'refused'; readonly code: number; readonly times: number }
  /** Not a word for so long, µs. `fenced`: up to which incarnation the fence agent has seen to it; 0: to none. */
  | { readonly kind: 'silent'; readonly forUs: number; readonly fenced: number };

export interface Situation {
  /** What every host of the pool says, in the order in which they are to become SPM. */
  readonly words: ReadonlyMap<string, Word>;
  /** Hosts that were to become SPM in this election and did not. */
  readonly failed: ReadonlySet<string>;
  /** How long the SPM may be silent before it is fenced, µs. */
  readonly graceUs: number;
  /** Whether there is a fence agent. */
  readonly canFence: boolean;
  /** How many errors in a row count as a failure of the SPM. */
  readonly patience: number;
}

export type ElectionStep =
  | { readonly step: 'use' | 'watch'; readonly host: string }
  /** The incarnation that has the lease: a later one may be the next SPM. */
  | { readonly step: 'fence'; readonly host: string; readonly incarnation: number }
  /** Of this lease generation. */
  | { readonly step: 'stop'; readonly host: string; readonly generation: number }
  | { readonly step: 'start'; readonly host: string; readonly prevId: string | null; readonly prevVersion: number }
  /** Nothing can be done before somebody says something else. */
  | { readonly step: 'wait' };

/**
 * What to do for a pool to have an SPM. No second one is started while the first may be alive: whom storage names is Free by its own word, or has been stopped or
 * fenced; or else it has been silent for so long that only storage, which grants no lease that has not expired, still stands for it.
 */
export function nextStep(situation: Situation): ElectionStep {
  const { words, graceUs, canFence, patience } = situation;
  const told = [...words].flatMap(([host, word]) => (word.kind === 'told' ? [{ host, ...word.status }] : []));
  const newest = told.toSorted((a, b) => b.leaseGeneration - a.leaseGeneration)[0];
  if (newest === undefined) return { step: 'wait' };

  // One that storage does not name is of a term that is over, and has not noticed.
  const spm = told.find(({ host, role, spmId, leaseGeneration }) => role === 'SPM' && spmId === host && leaseGeneration === newest.leaseGeneration);
  if (spm !== undefined) return { step: 'use', host: spm.host };
  const onTheWay = told.find(({ role }) => role === 'Contend');
  if (onTheWay !== undefined) return { step: 'watch', host: onTheWay.host };

  const { spmId: owner, ownerIncarnation: incarnation, leaseGeneration: generation } = newest;
  const word = owner === null ? undefined : words.get(owner);
  if (owner === null || word === undefined) return start(situation, newest);
  switch (word.kind) {
    case 'told':
      return start(situation, newest);
    case 'refused':
      return word.code === RECOVERING || word.times < patience ? { step: 'wait' } : { step: 'stop', host: owner, generation };
    case 'silent':
      if (word.fenced >= incarnation) return start(situation, newest);
      if (word.forUs < graceUs) return { step: 'wait' };
      return canFence ? { step: 'fence', host: owner, incarnation } : start(situation, newest);
  }
}

/** Who had the lease last gets it at once, and so comes first; all others may have to wait until it expires. */
function start({ words, failed }: Situation, { spmId, leaseVersion }: SpmStatus): ElectionStep {
  const free = [...words].flatMap(([host, word]) => (word.kind === 'told' && word.status.role === 'Free' && !failed.has(host) ? [host] : []));
  const host = free.find((candidate) => candidate === spmId) ?? free[0];
  return host === undefined ? { step: 'wait' } : { step: 'start', host, prevId: spmId, prevVersion: leaseVersion };
}
