import { describe, expect, it } from 'vitest';
import { trial } from './campaigns/campaign.js';
import { FLOWS, known, type Flow } from './campaigns/flows.js';
import { MIXES } from './campaigns/kinds.js';
import { Tally } from './campaigns/tally.js';

const RUNS = 20;

// Many more: npm run campaigns.
describe('random faults that end', () => {
  const tally = new Tally();
  const all: Flow[] = [];

  it.each(FLOWS)('break no invariant in $name, and but for failures nothing is held', async (flow) => {
    const hit = await known(flow);
    all.push(hit);
    for (const mix of MIXES) for (let seed = 1; seed <= RUNS; seed += 1) tally.add(await trial(hit, mix, seed));
    expect(tally.wrong.filter((run) => run.flow === flow.name).map(({ problems, again }) => ({ problems, again }))).toEqual([]);
  });

  it('happen, and but for failures commands succeed, or roll back for a host that died or was silent', () => {
    expect(tally.failings(all, 1)).toEqual([]);
  });
});
