import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byAge, type LockClaim } from '../../../actors/locks/lock-claim.js';
import { LockQueue } from '../../../actors/locks/lock-queue.js';
import { LockTable } from '../../../actors/locks/lock-table.js';
import { compatible, type LockMode, type LockRequest } from '../../../src/model/lock.js';

const ROOTS = ['a', 'b', 'c', 'd', 'e'] as const;

interface Ask {
  readonly what: 'ask';
  readonly root: (typeof ROOTS)[number];
  readonly requests: readonly LockRequest[];
  /** How long before now it was submitted. */
  readonly age: number;
  readonly patient: boolean;
}
type Action = Ask | { readonly what: 'end'; readonly root: (typeof ROOTS)[number] } | { readonly what: 'giveUp'; readonly nth: number };

const mode = fc.constantFrom<LockMode[]>('shared', 'exclusive');
const requests = fc.uniqueArray(fc.record({ key: fc.constantFrom('k', 'l', 'm', 'n', 'o', 'p'), mode }), { minLength: 1, maxLength: 2, selector: ({ key }) => key });
const ask = fc.record({ what: fc.constant('ask' as const), root: fc.constantFrom(...ROOTS), requests, age: fc.nat(3), patient: fc.nat(9).map((n) => n > 1) });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: ask },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('end' as const), root: fc.constantFrom(...ROOTS) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('giveUp' as const), nth: fc.nat(4) }) },
);

/** Roots whose commands ask, wait and end as roots do: none ends while one of its commands waits. */
class Town {
  readonly table = new LockTable([]);
  readonly queue = new LockQueue<LockClaim>(this.table);
  readonly waiting = new Set<LockClaim>();
  readonly granted: LockClaim[] = [];
  deadlocks = 0;
  #now = 10;

  do(action: Action): void {
    switch (action.what) {
      case 'ask':
        this.#ask(action);
        break;
      case 'end':
        if (!this.#waits(action.root)) this.queue.release(action.root);
        break;
      case 'giveUp': {
        const claim = [...this.waiting][action.nth];
        if (claim === undefined) break;
        this.waiting.delete(claim);
        this.queue.leave(claim);
      }
    }
    this.#serve();
  }

  /** Everybody comes to an end, as soon as nothing of his waits. @returns whether all did */
  end(): boolean {
    for (;;) {
      const free = ROOTS.filter((root) => this.table.heldBy(root).length > 0 && !this.#waits(root));
      if (free.length === 0) return this.waiting.size === 0;
      for (const root of free) this.queue.release(root);
      this.#serve();
    }
  }

  #ask({ root, requests: wanted, age, patient }: Ask): void {
    this.#now += 1;
    const claim = { commandId: `${root}${this.#now}`, owner: root, submittedAt: this.#now - age, requests: wanted };
    const mayHave = !isWithheld(this.table, claim) && free(this.table, [...this.waiting, claim]).includes(claim);
    const has = this.queue.take(claim) === null;
    expect(has).toBe(mayHave);
    if (has) return void this.granted.push(claim);
    if (!patient) return;
    if (this.queue.deadlockOf(claim) !== null) {
      this.deadlocks += 1;
      return;
    }
    this.queue.wait(claim);
    this.waiting.add(claim);
  }

  #serve(): void {
    for (let claim = this.queue.grantNext(); claim !== null; claim = this.queue.grantNext()) {
      // Who was not waiting is not granted anything, nor anybody twice.
      expect(this.waiting.delete(claim)).toBe(true);
      this.granted.push(claim);
    }
    expect(free(this.table, this.waiting)).toEqual([]);
  }

  #waits(root: string): boolean {
    return [...this.waiting].some(({ owner }) => owner === root);
  }
}

/** The rule, without a thought of speed: which claims have nothing in their way, neither what others hold nor what is promised to those who come first. */
function free(table: LockTable, waiting: Iterable<LockClaim>): readonly LockClaim[] {
  const claims = [...waiting].toSorted(byAge);
  const inOrder: LockClaim[] = [];
  const place = (claim: LockClaim): void => {
    if (inOrder.includes(claim)) return;
    for (const own of claims.filter(({ owner }) => owner === claim.owner)) {
      for (const request of own.requests) for (const holder of table.against(own.owner, request)) claims.filter(({ owner }) => owner === holder).forEach(place);
    }
    inOrder.push(claim);
  };
  claims.forEach(place);
  const clash = (one: LockClaim, other: LockClaim): boolean =>
    one.owner !== other.owner && one.requests.some((a) => other.requests.some((b) => a.key === b.key && !compatible(a.mode, b.mode)));
  return inOrder.filter((claim, i) => !isWithheld(table, claim) && !inOrder.slice(0, i).some((other) => clash(other, claim)));
}

function isWithheld(table: LockTable, { owner, requests: wanted }: LockClaim): boolean {
  return wanted.some((request) => [...table.against(owner, request)].length > 0);
}

/** Two owners that hold one key in modes that do not go together. */
function clashes(table: LockTable): readonly string[] {
  const records = [...table.records()];
  return records.flatMap((one) =>
    records.filter((other) => one.key === other.key && one.owner < other.owner && !compatible(one.mode, other.mode)).map((other) => `${one.key}: ${one.owner}, ${other.owner}`),
  );
}

describe('whatever is asked, released and given up', () => {
  const course = fc.array(action, { maxLength: 40, size: 'max' });

  test('no two hold what does not go together, and who was granted something has all of it until he ends', () => {
    fc.assert(
      fc.property(course, (actions) => {
        const town = new Town();
        for (const each of actions) {
          town.do(each);
          expect(clashes(town.table)).toEqual([]);
          if (each.what === 'end') continue;
          const newest = town.granted.at(-1);
          if (newest !== undefined && town.table.heldBy(newest.owner).length > 0) {
            const held = new Map(town.table.heldBy(newest.owner).map((lock) => [lock.key, lock.mode]));
            for (const { key, mode: wanted } of newest.requests) expect([wanted, 'exclusive']).toContain(held.get(key));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('who can be served is served at once, and everybody who waits when those before him have come to their ends', () => {
    fc.assert(
      fc.property(course, (actions) => {
        const town = new Town();
        for (const each of actions) town.do(each);
        expect([town.end(), [...town.table.records()]]).toEqual([true, []]);
      }),
      { numRuns: 1_500 },
    );
  });

  test('the same course has the same end', () => {
    fc.assert(
      fc.property(course, (actions) => {
        const [one, other] = [new Town(), new Town()];
        for (const each of actions) [one, other].forEach((town) => town.do(each));
        expect(one.granted).toEqual(other.granted);
      }),
    );
  });

  test('circles and long queues do occur in these courses', () => {
    const towns = fc.sample(course, { numRuns: 500, seed: 1 }).map((actions) => {
      const town = new Town();
      for (const each of actions) town.do(each);
      return town;
    });
    expect(towns.reduce((sum, { deadlocks }) => sum + deadlocks, 0)).toBeGreaterThan(50);
    expect(towns.filter(({ waiting }) => waiting.size > 3).length).toBeGreaterThan(50);
  });
});

test('roots that hold nothing yet are served in the order in which they were submitted, where they are in each other\'s way', () => {
  const claims = fc.array(requests, { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(claims, (all) => {
      const table = new LockTable(['k', 'l', 'm', 'n', 'o', 'p'].map((key) => ({ key, mode: 'exclusive', owner: 'first' })));
      const queue = new LockQueue<LockClaim>(table);
      all.forEach((wanted, i) => queue.wait({ commandId: `c${i}`, owner: `c${i}`, submittedAt: i, requests: wanted }));
      const served: number[] = [];
      const next = ['first'];
      for (let owner = next.shift(); owner !== undefined; owner = next.shift()) {
        queue.release(owner);
        for (let claim = queue.grantNext(); claim !== null; claim = queue.grantNext()) {
          served.push(claim.submittedAt);
          next.push(claim.owner);
        }
      }
      expect(served).toHaveLength(all.length);
      const inTheWay = (i: number, j: number): boolean =>
        (all[i] ?? []).some((one) => (all[j] ?? []).some((other) => one.key === other.key && !compatible(one.mode, other.mode)));
      for (const [place, i] of served.entries()) for (const j of served.slice(0, place)) if (inTheWay(i, j)) expect(j).toBeLessThan(i);
    }),
    { numRuns: 500 },
  );
});
