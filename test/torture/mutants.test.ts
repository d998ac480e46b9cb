import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { hunt, noticedBy } from './mutants/hunt.js';
import type { Mutant, Watch } from './mutants/mutant.js';
import { mutated } from './mutants/plant.js';
import { MUTANTS } from './mutants/table.js';

const EACH: readonly Watch[] = ['liveness', 'callback-order', 'exactly-once', 'locks', 'spm-lease', 'disk-data', 'at-rest', 'truth', 'determinism', 'ends'];

function firstOf(watch: Watch): Mutant {
  const found = MUTANTS.find(({ breaks }) => breaks === watch);
  if (found === undefined) throw new Error(`there is no mutant that breaks ${watch}`);
  return found;
}

/** One of the rest, by fair means: whoever wrote the campaign has not chosen it. */
function drawn(seed: number): Mutant {
  const rest = MUTANTS.filter((mutant) => mutant.unnoticed === undefined && !EACH.some((watch) => firstOf(watch) === mutant));
  const mutant = rest[uniformInt(xoroshiro128plus(seed), 0, rest.length - 1)];
  if (mutant === undefined) throw new Error('there are too few mutants');
  return mutant;
}

// All of them: npm run mutants.
describe('the campaign of crash points notices that', () => {
  const LIMITS = { seed: 1, runs: 1_500, runLimitMs: 20_000 };

  it.each(EACH.map(firstOf))('$name', async (mutant) => {
    expect(noticedBy(await hunt(mutant, `test-${mutant.breaks}`, LIMITS))).toBe(mutant.breaks);
  });

  it('a mutant is there that was drawn by lot', async () => {
    expect(await hunt(drawn(20_260_101), 'test-drawn', LIMITS)).toMatchObject({ kind: 'caught' });
  });
});

describe('the table of mutants', () => {
  it.each(MUTANTS)('has a place for: $name', (mutant) => {
    expect(mutated(mutant)).toContain(mutant.replace);
  });

  it('calls each by a name of its own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it('says in how many places it found a text that is not there once', () => {
    expect(() => mutated({ ...firstOf('locks'), find: 'no such text' })).toThrow(/occurs 0 times in actors\/locks\/lock-table\.ts/);
  });
});
