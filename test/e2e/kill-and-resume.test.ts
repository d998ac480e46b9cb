import { describe, expect, it } from 'vitest';
import { killAndResume } from './kill-and-resume/campaign.js';

describe('a run by the wall clock that is killed again and again', () => {
  it.each([
    ['live-migration', 1],
    ['live-migration', 2],
    ['live-migration-failure', 3],
    ['live-migration-failure', 4],
  ])('%s, seed %i: goes on at the right step each time, to an end at which all invariants hold', async (scenario, seed) => {
    const { kills, wrong, again, report } = await killAndResume({ scenario, seed, kills: 9, factor: 300 });
    expect(wrong, again).toEqual([]);
    expect(kills, again).toBeGreaterThan(2);
    expect(report.resumptions, again).toBeGreaterThan(0);
  });
});
