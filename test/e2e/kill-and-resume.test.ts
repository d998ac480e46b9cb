import { describe, expect, it } from 'vitest';
import { killAndResume } from './kill-and-resume/campaign.js';

/** How often a process outlives its run depends on the machine; so runs go on with ever new seeds until so many were killed. */
const KILLS = 12;

describe('a run by the wall clock that is killed again and again', () => {
  it.each([
    ['live-migration', 1],
    ['live-migration-failure', 101],
  ])('%s, from seed %i: goes on at the right step each time, to an end at which all invariants hold', async (scenario, first) => {
    for (let seed = first, killed = 0; killed < KILLS; seed += 1) {
      const { kills, wrong, again } = await killAndResume({ scenario, seed, kills: Math.min(9, KILLS - killed), factor: 300 });
      expect(wrong, again).toEqual([]);
      killed += kills;
    }
  }, 180_000);
});
