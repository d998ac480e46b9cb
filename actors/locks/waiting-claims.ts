import { byAge, type LockClaim } from './lock-claim.js';

/** The claims that wait, by age; also those of one owner, and those for one key. */
export class WaitingClaims<C extends LockClaim> {
  #all: readonly C[] = [];
  readonly #byOwner = new Map<string, readonly C[]>();
  readonly #byKey = new Map<string, readonly C[]>();

  get all(): readonly C[] {
    return this.#all;
  }

  of(owner: string): readonly C[] {
    return this.#byOwner.get(owner) ?? [];
  }

  for(key: string): readonly C[] {
    return this.#byKey.get(key) ?? [];
  }

  add(claim: C): void {
    this.#change(claim, (claims) => {
      const place = claims.findLastIndex((other) => byAge(other, claim) < 0) + 1;
      return claims.toSpliced(place, 0, claim);
    });
  }

  remove(claim: C): void {
    this.#change(claim, (claims) => claims.filter((other) => other !== claim));
  }

  #change(claim: C, changed: (claims: readonly C[]) => readonly C[]): void {
    this.#all = changed(this.#all);
    changeAt(this.#byOwner, claim.owner, changed);
    for (const key of new Set(claim.requests.map((request) => request.key))) changeAt(this.#byKey, key, changed);
  }
}

function changeAt<C>(index: Map<string, readonly C[]>, at: string, changed: (claims: readonly C[]) => readonly C[]): void {
  const claims = changed(index.get(at) ?? []);
  if (claims.length === 0) index.delete(at);
  else index.set(at, claims);
}
