import { Option } from 'commander';
import { program } from '../compiled.js';
import { FAILURE_CASES } from '../failure-cases.js';
import { campaign, whole } from '../options.js';
import { Progress, runProcess } from '../processes.js';
import { BLOWS, type Blow } from './blow.js';
import { Tally } from './tally.js';
import type { WorkerMessage } from './worker.js';

// npm run crash-points: lets the engine crash, or the SPM go, at every point of every case, one run each. Exit code 1 if a run went wrong.

const WORKER = program('crash-points/worker.js');

const { seed, every, from, workers, case: part, what, show } = campaign('crash-points', 'Before every event, and before and after every port operation of the engine, in every case: lets the engine crash, or the SPM go; one run each.')
  .option('--case <text>', 'only cases whose name has this text', '')
  .addOption(new Option('--what <kind>', 'only this').choices(BLOWS))
  .option('--every <number>', 'only every n-th point', whole, 1)
  .option('--from <number>', 'the first of them', whole, 1)
  .option('--show <number>', 'findings to print', whole, 5)
  .parse()
  .opts<{ seed: number; case: string; what?: Blow; every: number; from: number; show: number; workers: number }>();

const tally = new Tally();
const progress = new Progress();
const begin = performance.now();
const seconds = (): number => (performance.now() - begin) / 1000;

function hear(message: WorkerMessage): void {
  tally.add(message);
  if (message.type === 'ran') {
    progress.show(`case ${tally.cases} of ${FAILURE_CASES.length}, ${tally.runs} runs, ${Math.round(tally.runs / seconds())}/s: ${message.name}`);
  }
}

const blows = what === undefined ? BLOWS : [what];
await Promise.all(
  Array.from({ length: workers }, (_, shard) =>
    runProcess(WORKER, [`${seed}`, part, blows.join(','), `${every}`, `${from - 1}`, `${shard}`, `${workers}`], (message) => hear(message as WorkerMessage)),
  ),
);
progress.clear();

for (const line of tally.lines(blows, show)) console.log(line);
const pace = `in ${seconds().toFixed(1)} s: ${Math.round(tally.runs / seconds())} runs/s`;
console.log(`\n${tally.runs} runs, ${tally.events} events in memory, ${pace}; ${tally.findings} went wrong`);
process.exitCode = tally.findings === 0 && tally.runs > 0 ? 0 : 1;
