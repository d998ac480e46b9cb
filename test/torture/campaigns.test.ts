import { beforeAll, describe, expect, it } from 'vitest';
import { trial } from './campaigns/campaign.js';
import { flows, type Flow } from './campaigns/flows.js';
import { MIXES } from './campaigns/kinds.js';
import { Tally } from './campaigns/tally.js';

const RUNS = 40;

// Many more: npm run campaigns.
describe('random faults that end', () => {
  const tally = new Tally();
  let all: readonly Flow[] = [];

  beforeAll(async () => {
    all = await flows();
    for (const flow of all) for (const mix of MIXES) for (let seed = 1; seed <= RUNS; seed += 1) tally.add(await trial(flow, mix, seed));
  });

  it('break no invariant, and where they heal nothing is held', () => {
    expect(tally.wrong.map(({ problems, again }) => ({ problems, again }))).toEqual([]);
  });

  it('happen, and where they heal most commands succeed', () => {
    expect(tally.failings(all, 1)).toEqual([]);
  });
});
