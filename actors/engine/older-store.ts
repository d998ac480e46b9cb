import { SeatbeltError } from '../../src/model/errors.js';
import type { StoreHead } from '../../src/store/records.js';
import type { SeenCommits } from '../wire.js';

// What a start of an engine makes of a store that is, or may be, an older copy.

export type Admission =
  | { readonly kind: 'goesOn' }
  /** It begins anew beyond the commits that are lost, as an operator has decided. */
  | { readonly kind: 'takenUp'; readonly lost: SeenCommits }
  /** Hosts have refused it, and nobody has decided since: the start changes nothing. */
  | { readonly kind: 'refused'; readonly seen: SeenCommits };

/** @param accepted an operator's decision: it counts for the commit that was refused, and for later ones */
export function admissionOf({ commitSeq, refused }: StoreHead, accepted: SeenCommits | null): Admission {
  if (refused !== null) {
    const decided = accepted !== null && accepted.commitSeq >= refused.commitSeq;
    return decided ? { kind: 'takenUp', lost: accepted } : { kind: 'refused', seen: refused };
  }
  return accepted !== null && commitSeq < accepted.commitSeq ? { kind: 'takenUp', lost: accepted } : { kind: 'goesOn' };
}

/** @param began the commit with which the start began that asked, or the store's last if it was refused before */
export function rolledBack(began: number, { commitSeq, incarnation }: SeenCommits): SeatbeltError {
  const numbers = `it began with commit ${began}, and hosts have seen commit ${commitSeq} of incarnation ${incarnation}`;
  return new SeatbeltError('STORE_ROLLED_BACK', `the engine's store is an older copy: ${numbers}`);
}
