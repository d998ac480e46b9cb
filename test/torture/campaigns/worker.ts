import { tell } from '../processes.js';
import { trial } from './campaign.js';
import { flows } from './flows.js';
import { MIXES } from './kinds.js';

// One shard of a campaign: `worker SEED RUNS SHARD SHARDS`. Each flow is run RUNS times with each mix of faults, over all shards.

const [seed = '1', runs = '1', shard = '0', shards = '1'] = process.argv.slice(2);

for (const flow of await flows()) {
  for (const mix of MIXES) {
    for (let run = Number(shard); run < Number(runs); run += Number(shards)) await tell(await trial(flow, mix, Number(seed) + run));
  }
}

// The channel to the parent would keep this process.
process.disconnect();
