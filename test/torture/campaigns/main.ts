import { program } from '../compiled.js';
import { campaign, whole } from '../options.js';
import { Progress, runProcess } from '../processes.js';
import type { Trial } from './campaign.js';
import { flows } from './flows.js';
import { Tally } from './tally.js';

// npm run campaigns: random faults that end, on every flow that ships. Exit code 1 if a run went wrong, or an engine that gives up too soon would have passed.

const WORKER = program('campaigns/worker.js');
const MOST_SHOWN = 5;

const { seed, runs, workers } = campaign('campaigns', 'Runs each flow with random faults that end, and tells how its commands end.')
  .option('--runs <number>', 'of each flow, with each mix of faults', whole, 500)
  .parse()
  .opts<{ seed: number; runs: number; workers: number }>();

const all = await flows();
const tally = new Tally();
const progress = new Progress();
const begin = performance.now();
await Promise.all(
  Array.from({ length: workers }, (_, shard) =>
    runProcess(WORKER, [`${seed}`, `${runs}`, `${shard}`, `${workers}`], (message) => {
      tally.add(message as Trial);
      progress.show(`${tally.runs} runs`);
    }),
  ),
);
progress.clear();

for (const line of tally.table(all)) console.log(line);
for (const { flow, problems, again } of tally.wrong.slice(0, MOST_SHOWN)) console.log(`\n${flow}\n  ${problems.join('\n  ')}\n  ${again}`);
const failings = tally.failings(all, Math.floor(runs / 20));
for (const failing of failings) console.log(`\n${failing}`);
console.log(`\n${tally.runs} runs in ${((performance.now() - begin) / 1000).toFixed(1)} s; ${tally.wrong.length} went wrong`);
process.exitCode = tally.wrong.length === 0 && failings.length === 0 && tally.runs > 0 ? 0 : 1;
