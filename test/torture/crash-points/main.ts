import { program } from '../compiled.js';
import { FAILURE_CASES } from '../failure-cases.js';
import { campaign, whole } from '../options.js';
import { Progress, runProcess } from '../processes.js';
import type { Finding } from './campaign.js';
import type { WorkerMessage } from './worker.js';

// npm run crash-points: crashes the engine at every point of every case, one run each. Exit code 1 if a run went wrong.

interface Tally {
  events: number;
  portOperations: number;
  inMemory: number;
  crashed: number;
  onLevelDb: number;
  findings: Finding[];
}

const WORKER = program('crash-points/worker.js');
const MOST_SHOWN = 5;

const options = campaign('crash-points', 'Crashes the engine before every event, and before and after every port operation of it, in every case; one run each.')
  .option('--case <text>', 'only cases whose name has this text', '')
  .option('--every <number>', 'only every n-th point', whole, 1)
  .parse()
  .opts<{ seed: number; case: string; every: number; workers: number }>();

const tallies = new Map<string, Tally>();
const progress = new Progress();
const begin = performance.now();
let runs = 0;
let events = 0;

const tallyOf = (name: string): Tally => {
  const known = tallies.get(name) ?? { events: 0, portOperations: 0, inMemory: 0, crashed: 0, onLevelDb: 0, findings: [] };
  tallies.set(name, known);
  return known;
};

const seconds = (): number => (performance.now() - begin) / 1000;

function hear(message: WorkerMessage): void {
  switch (message.type) {
    case 'case': {
      const { events: inCase, portOperations } = message;
      Object.assign(tallyOf(message.name), { events: inCase, portOperations });
      return;
    }
    case 'ran': {
      const tally = tallyOf(message.name);
      tally.inMemory += message.inMemory;
      tally.crashed += message.crashed;
      tally.onLevelDb += message.onLevelDb;
      runs += message.inMemory + message.onLevelDb;
      events += message.events;
      progress.show(`case ${tallies.size} of ${FAILURE_CASES.length}, ${runs} runs, ${Math.round(runs / seconds())}/s: ${message.name}`);
      return;
    }
    case 'found':
      tallyOf(message.finding.case).findings.push(message.finding);
  }
}

const { seed, every, workers } = options;
await Promise.all(
  Array.from({ length: workers }, (_, shard) =>
    runProcess(WORKER, [`${seed}`, options.case, `${every}`, `${shard}`, `${workers}`], (message) => hear(message as WorkerMessage)),
  ),
);
progress.clear();

const row = (...cells: readonly (string | number)[]): string => cells.map((cell, i) => (i < 7 ? String(cell).padStart(8) : String(cell))).join('  ');
console.log(row('events', 'port ops', 'points', 'runs', 'crashes', 'LevelDB', 'wrong', 'case'));
for (const [name, { events: inCase, portOperations, inMemory, crashed, onLevelDb, findings }] of tallies) {
  console.log(row(inCase, portOperations, inCase + 2 * portOperations, inMemory, crashed, onLevelDb, findings.length, name));
}
const findings = [...tallies.values()].flatMap((tally) => tally.findings);
for (const { case: name, problems, again } of findings.slice(0, MOST_SHOWN)) console.log(`\n${name}\n  ${problems.join('\n  ')}\n  ${again}`);
if (findings.length > MOST_SHOWN) console.log(`\n… and ${findings.length - MOST_SHOWN} more`);
const pace = `in ${seconds().toFixed(1)} s: ${Math.round(runs / seconds())} runs/s`;
console.log(`\n${runs} runs, ${events} events in memory, ${pace}; ${findings.length} went wrong`);
process.exitCode = findings.length === 0 && runs > 0 ? 0 : 1;
