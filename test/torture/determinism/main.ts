import { Command } from 'commander';
import { Progress } from '../processes.js';
import { inMemory, interleaved, reproductionOf, singleSteps, slices, type Drive } from './course.js';
import { firstDifference } from './difference.js';
import { ANOTHER, eventsOf, hashesOf, LEVELDB, ONE, type Setting } from './settings.js';

// npm run determinism: one seed, one trace, wherever, on whatever and however it is run. Exit code 1 if a seed has two.

const options = new Command('npm run determinism --')
  .description('Runs many seeds in different processes, on both disks, and driven in different ways, and compares the traces event by event.')
  .option('--seeds <number>', 'how many, each in two processes', '1000')
  .option('--leveldb <number>', 'how many of them on LevelDB too', '200')
  .option('--driven <number>', 'how many of them by single steps, by slices of time, and in turns with another simulation', '100')
  .parse()
  .opts<{ seeds: string; leveldb: string; driven: string }>();
const seeds = Number(options.seeds);
const seedsOnLevelDb = Math.min(seeds, Number(options.leveldb));
const seedsDriven = Math.min(seeds, Number(options.driven));

const progress = new Progress();
const begin = performance.now();
let runs = 0;
let differences = 0;

/** The seeds from 1 to `last`, run in a setting: what ran before a seed in the same process may matter. */
interface Batch {
  readonly setting: Setting;
  readonly last: number;
  readonly hashes: ReadonlyMap<number, string>;
}

function ran(what: string): void {
  runs += 1;
  progress.show(`${runs} runs: ${what}`);
}

function report(seed: number, ways: readonly [string, string], difference: string | null): void {
  differences += 1;
  progress.clear();
  const place = difference ?? 'the second time, they agree';
  console.log(`seed ${seed}: the trace differs between ${ways[0]} and ${ways[1]}\n${place}\n${reproductionOf(seed)}\n`);
}

async function compare(one: Batch, other: Batch): Promise<void> {
  const unlike = [...other.hashes].filter(([seed, hash]) => one.hashes.get(seed) !== hash).map(([seed]) => seed);
  for (const [i, seed] of unlike.entries()) {
    // Tracing repeats everything before it: once tells enough.
    const traced = i === 0 ? await Promise.all([one, other].map(({ setting, last }) => eventsOf(setting, 1, last, seed))) : null;
    report(seed, [one.setting.name, other.setting.name], traced === null ? '(not traced)' : firstDifference(traced[0] ?? [], traced[1] ?? []));
  }
}

const [inOne, inAnother] = await Promise.all([batch(ONE, seeds), batch(ANOTHER, seeds)]);
await compare(inOne, inAnother);
const stored = await batch(LEVELDB, seedsOnLevelDb);
await compare(inOne, stored);

for (let seed = 1; seed <= seedsDriven; seed += 1) {
  const whole = await inMemory(seed);
  const ways: readonly (readonly [string, Drive])[] = [
    ['single steps', singleSteps],
    ['slices of time', slices(seed, whole.end)],
  ];
  for (const [way, drive] of ways) {
    ran(way);
    const { traceHash } = await inMemory(seed, { drive });
    if (traceHash !== whole.traceHash) report(seed, ['one run', way], firstDifference(await traceOf(seed), await traceOf(seed, drive)));
  }
  const [one] = await interleaved(seed, seed + 1);
  ran('in turns with another');
  if (one.traceHash !== whole.traceHash) report(seed, ['one run', 'turns with another simulation'], '(not traced)');
}

async function batch(setting: Setting, last: number): Promise<Batch> {
  return { setting, last, hashes: await hashesOf(setting, 1, last, () => ran(setting.name)) };
}

async function traceOf(seed: number, drive?: Drive): Promise<readonly string[]> {
  const lines: string[] = [];
  await inMemory(seed, { onEvent: (line) => lines.push(line), ...(drive === undefined ? {} : { drive }) });
  return lines;
}

progress.clear();
const distinct = new Set(inOne.hashes.values()).size;
const seconds = (performance.now() - begin) / 1000;
console.log(`${seeds} seeds in two processes: ${distinct} traces; ${seedsOnLevelDb} on LevelDB; ${seedsDriven} driven in three other ways`);
console.log(`${runs} runs in ${seconds.toFixed(1)} s: ${Math.round(runs / seconds)} runs/s; ${differences} differences`);
// Runs that are all alike would show nothing.
const complete = distinct === seeds && inAnother.hashes.size === seeds && stored.hashes.size === seedsOnLevelDb;
process.exitCode = differences === 0 && complete ? 0 : 1;
