import { compatible } from '../../src/model/lock.js';
import { byAge, type LockClaim } from './lock-claim.js';
import { LockTable } from './lock-table.js';
import { WaitingClaims } from './waiting-claims.js';

/** One thing that is in the way of a claim. */
export interface LockConflict {
  readonly key: string;
  /** The root command that has the key, or is to have it first. */
  readonly holder: string;
  /** False: it is not held, but promised to a claim that comes first. */
  readonly held: boolean;
}

/**
 * Decides who gets what, and when. A claim is granted as a whole, or not at all.
 *
 * Claims are served by age, so that none is passed over for ever; and after those of owners that theirs waits for, since before these have ended it
 * could do nothing with what it was granted. So what is promised never makes anybody wait in a circle. Only what is held can: a root waits while one of its
 * commands does, and such a circle is found when the claim comes that would close it ({@link deadlockOf}). Granting closes none: it makes wait for an
 * owner only whoever came after its claim, and nobody comes after a claim of an owner that waits for him.
 */
export class LockQueue<C extends LockClaim> {
  readonly #waiting = new WaitingClaims<C>();
  /** Owners that hold something and wait for more. While there are none, nobody waits for one who waits, and age alone decides. */
  readonly #waitingHolders = new Set<string>();
  /** Keys that have been given up since nothing more could be granted. */
  readonly #freed = new Set<string>();

  constructor(private readonly table: LockTable) {}

  /** Grants a claim that does not wait, if it can be. @returns what is in its way, or null: it is granted */
  take(claim: C): LockConflict | null {
    const byAgeAlone = this.#waitingHolders.size === 0 && this.table.heldBy(claim.owner).length === 0;
    const conflict = this.#heldConflict(claim) ?? (byAgeAlone ? this.#olderConflict(claim) : this.#conflictInTurn(claim));
    if (conflict === null) this.#grant(claim);
    return conflict;
  }

  /** A lock that the claim would wait for, and whose holder waits for the claim's owner, itself or through others. */
  deadlockOf(claim: C): LockConflict | null {
    const seen = new Set<string>();
    for (const conflict of this.#heldConflicts(claim)) if (this.#waitsFor(conflict.holder, claim.owner, seen)) return conflict;
    return null;
  }

  /** It waits from now on. Then others may be grantable, whose owners its own waits for now: see {@link grantNext}. */
  wait(claim: C): void {
    this.#waiting.add(claim);
    if (this.table.heldBy(claim.owner).length > 0) this.#waitingHolders.add(claim.owner);
  }

  /** It waits no more; then others may be grantable. */
  leave(claim: C): void {
    this.#waiting.remove(claim);
    if (this.#waiting.of(claim.owner).length === 0) this.#waitingHolders.delete(claim.owner);
    for (const { key } of claim.requests) this.#freed.add(key);
  }

  /** The owner gives up all that it holds; then others may be grantable. None of its claims waits. */
  release(owner: string): void {
    for (const { key } of this.table.heldBy(owner)) this.#freed.add(key);
    this.table.release(owner);
  }

  /** Grants one of the waiting claims that can be, or none. To be called until there is none, after each change. */
  grantNext(): C | null {
    const claim = this.#grantable();
    if (claim === null) return null;
    this.leave(claim);
    this.#grant(claim);
    return claim;
  }

  #grant({ owner, requests }: C): void {
    for (const request of requests) this.table.grant(owner, request);
    if (requests.length > 0 && this.#waiting.of(owner).length > 0) this.#waitingHolders.add(owner);
  }

  #grantable(): C | null {
    if (this.#waitingHolders.size > 0) {
      for (const [claim, conflict] of this.#inTurn()) if (conflict === null) return claim;
      this.#freed.clear();
      return null;
    }
    for (const key of this.#freed) {
      for (const claim of this.#waiting.for(key)) {
        if ((this.#heldConflict(claim) ?? this.#olderConflict(claim)) === null) return claim;
        // It is in the way of all that follow, which are others' claims.
        if (this.#waiting.of(claim.owner).length === 1 && claim.requests.some((request) => request.key === key && request.mode === 'exclusive')) break;
      }
      this.#freed.delete(key);
    }
    return null;
  }

  // What is in the way of a claim.

  #heldConflict(claim: C): LockConflict | null {
    for (const conflict of this.#heldConflicts(claim)) return conflict;
    return null;
  }

  *#heldConflicts({ owner, requests }: C): Generator<LockConflict> {
    for (const { key, mode } of requests) for (const holder of this.table.against(owner, { key, mode })) yield { key, holder, held: true };
  }

  /** Where age alone decides. */
  #olderConflict(claim: C): LockConflict | null {
    for (const { key, mode } of claim.requests) {
      for (const other of this.#waiting.for(key)) {
        if (byAge(other, claim) >= 0) break;
        if (other.owner === claim.owner) continue;
        if (other.requests.some((request) => request.key === key && !compatible(request.mode, mode))) return { key, holder: other.owner, held: false };
      }
    }
    return null;
  }

  #conflictInTurn(claim: C): LockConflict | null {
    if (claim.requests.every(({ key }) => this.#waiting.for(key).length === 0)) return null;
    this.#waiting.add(claim);
    const found = [...this.#inTurn()].find(([next]) => next === claim);
    this.#waiting.remove(claim);
    return found?.[1] ?? null;
  }

  /** The claims in the order in which they are served, each with what is in its way. */
  *#inTurn(): Generator<readonly [C, LockConflict | null]> {
    const promised = new LockTable([]);
    for (const claim of this.#inOrder()) {
      yield [claim, this.#heldConflict(claim) ?? promisedConflict(claim, promised)];
      for (const request of claim.requests) promised.grant(claim.owner, request);
    }
  }

  /** By age, but after all that their owners wait for. */
  #inOrder(): Iterable<C> {
    const ordered = new Set<C>();
    const seen = new Set<string>();
    const placeWhatItWaitsFor = (owner: string): void => {
      if (seen.has(owner)) return;
      seen.add(owner);
      for (const claim of this.#waiting.of(owner)) for (const { holder } of this.#heldConflicts(claim)) this.#waiting.of(holder).forEach(place);
    };
    const place = (claim: C): void => {
      placeWhatItWaitsFor(claim.owner);
      ordered.add(claim);
    };
    this.#waiting.all.forEach(place);
    return ordered;
  }

  #waitsFor(owner: string, target: string, seen: Set<string>): boolean {
    if (owner === target) return true;
    if (seen.has(owner)) return false;
    seen.add(owner);
    for (const claim of this.#waiting.of(owner)) {
      for (const { holder } of this.#heldConflicts(claim)) if (this.#waitsFor(holder, target, seen)) return true;
    }
    return false;
  }
}

function promisedConflict({ owner, requests }: LockClaim, promised: LockTable): LockConflict | null {
  for (const { key, mode } of requests) for (const holder of promised.against(owner, { key, mode })) return { key, holder, held: false };
  return null;
}
