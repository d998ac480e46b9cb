import type { LockRequest } from '../../src/model/lock.js';
import { LockTable } from './lock-table.js';

/** What one command asks for on behalf of its root. All of it is durable, and so is the order that follows from it. */
export interface LockClaim {
  readonly commandId: string;
  /** Its root command. */
  readonly owner: string;
  /** µs */
  readonly submittedAt: number;
  readonly requests: readonly LockRequest[];
}

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
  /** By age. */
  #waiting: readonly C[] = [];

  constructor(private readonly table: LockTable) {}

  /** Grants a claim that does not wait, if it can be. @returns what is in its way, or null: it is granted */
  take(claim: C): LockConflict | null {
    for (const conflict of this.#heldAgainst(claim)) return conflict;
    for (const [next, conflict] of this.#inTurn(inserted(this.#waiting, claim))) {
      if (next === claim && conflict !== null) return conflict;
    }
    this.#grant(claim);
    return null;
  }

  /** A lock that the claim would wait for, and whose holder waits for the claim's owner, itself or through others. */
  deadlockOf(claim: C): LockConflict | null {
    const seen = new Set<string>();
    for (const conflict of this.#heldAgainst(claim)) if (this.#waitsFor(conflict.holder, claim.owner, seen)) return conflict;
    return null;
  }

  /** It waits from now on. Then others may be grantable, whose owners its own waits for now: see {@link grantNext}. */
  wait(claim: C): void {
    this.#waiting = inserted(this.#waiting, claim);
  }

  /** It waits no more; then others may be grantable. */
  leave(claim: C): void {
    this.#waiting = this.#waiting.filter((other) => other !== claim);
  }

  /** Grants the first of the waiting claims that can be. To be called until there is none, after each change and each release. */
  grantNext(): C | null {
    for (const [claim, conflict] of this.#inTurn(this.#waiting)) {
      if (conflict !== null) continue;
      this.leave(claim);
      this.#grant(claim);
      return claim;
    }
    return null;
  }

  #grant({ owner, requests }: C): void {
    for (const request of requests) this.table.grant(owner, request);
  }

  *#heldAgainst({ owner, requests }: C): Generator<LockConflict> {
    for (const request of requests) {
      for (const holder of this.table.against(owner, request)) yield { key: request.key, holder, held: true };
    }
  }

  /** The claims in the order in which they are served, each with what is in its way. */
  *#inTurn(claims: readonly C[]): Generator<readonly [C, LockConflict | null]> {
    const promised = new LockTable([]);
    for (const claim of this.#inOrder(claims)) {
      yield [claim, this.#inTheWay(claim, promised)];
      for (const request of claim.requests) promised.grant(claim.owner, request);
    }
  }

  #inTheWay(claim: C, promised: LockTable): LockConflict | null {
    for (const conflict of this.#heldAgainst(claim)) return conflict;
    for (const request of claim.requests) {
      // What the owner has is no longer promised to anybody.
      if (this.table.covers(claim.owner, request)) continue;
      for (const holder of promised.against(claim.owner, request)) return { key: request.key, holder, held: false };
    }
    return null;
  }

  /** By age, but after all that their owners wait for. @param claims by age */
  #inOrder(claims: readonly C[]): Iterable<C> {
    const byOwner = new Map<string, C[]>();
    for (const claim of claims) byOwner.set(claim.owner, [...(byOwner.get(claim.owner) ?? []), claim]);
    const ordered = new Set<C>();
    const seen = new Set<string>();
    const placeWhatItWaitsFor = (owner: string): void => {
      if (seen.has(owner)) return;
      seen.add(owner);
      for (const claim of byOwner.get(owner) ?? []) for (const { holder } of this.#heldAgainst(claim)) byOwner.get(holder)?.forEach(place);
    };
    const place = (claim: C): void => {
      placeWhatItWaitsFor(claim.owner);
      ordered.add(claim);
    };
    claims.forEach(place);
    return ordered;
  }

  #waitsFor(owner: string, target: string, seen: Set<string>): boolean {
    if (owner === target) return true;
    if (seen.has(owner)) return false;
    seen.add(owner);
    for (const claim of this.#waiting) {
      if (claim.owner !== owner) continue;
      for (const { holder } of this.#heldAgainst(claim)) if (this.#waitsFor(holder, target, seen)) return true;
    }
    return false;
  }
}

export function byAge(a: LockClaim, b: LockClaim): number {
  return a.submittedAt - b.submittedAt || (a.commandId < b.commandId ? -1 : 1);
}

function inserted<C extends LockClaim>(claims: readonly C[], claim: C): readonly C[] {
  const younger = claims.findLastIndex((other) => byAge(other, claim) < 0) + 1;
  return claims.toSpliced(younger, 0, claim);
}
