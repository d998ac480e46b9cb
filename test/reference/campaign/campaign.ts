import { expect, it } from 'vitest';
import { check } from '../check.js';

// A campaign is split over several files, so that several cores work on it.

const SEED = Number(process.env['FC_SEED'] ?? 20_261_123);
/** Engines of each part, with four or five commands each. */
const RUNS = Number(process.env['REFERENCE_RUNS'] ?? 1_200);

/** What one part must at least have come to, in lives of 10 000 (see `reachedIn`): about half of what it usually does. A comparison of less is worth less. */
const AT_LEAST: { readonly [what: string]: number } = {
  'status SUCCEEDED': 1_000,
};

/** @param part from 1 */
export function playPart(part: number): void {
  it(`the real engine and the reference model never differ, whatever fails, is cancelled, or crashes (part ${part})`, { timeout: 1_200_000 }, async () => {
    const { commands, lives, crashes, reached, difference } = await check({ runs: RUNS, seed: SEED + part });
    if (difference !== null) expect.fail(difference);
    expect(commands).toBeGreaterThan(3 * RUNS);
    expect(crashes).toBeGreaterThan(RUNS / 4);
    const few = Object.entries(AT_LEAST).filter(([what, rate]) => (reached.get(what) ?? 0) < Math.floor((rate * lives) / 10_000));
    expect(few.map(([what]) => `${what}: ${reached.get(what) ?? 0} of ${lives}`)).toEqual([]);
  });
}
