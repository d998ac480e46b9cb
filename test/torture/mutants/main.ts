import { campaign, whole } from '../options.js';
import { Progress } from '../processes.js';
import { hunt, noticedBy, type Verdict } from './hunt.js';
import type { Mutant } from './mutant.js';
import { MUTANTS } from './table.js';

// npm run mutants: plants wrong changes in the engine, one at a time, and sees whether the campaign of crash points notices. Exit code 1 if one goes
// unnoticed and the table does not say why.

const options = campaign('mutants', 'Plants wrong changes in copies of the engine, and sees whether the campaign of crash points notices each.')
  .option('--only <text>', 'only mutants whose name has this text', '')
  .option('--runs <number>', 'at most so many runs for each', whole, 1500)
  .parse()
  .opts<{ only: string; runs: number; seed: number; workers: number }>();

const RUN_LIMIT_MS = 20_000;
const progress = new Progress();
const verdicts = new Map<Mutant, Verdict>();

const chosen = MUTANTS.filter(({ name }) => name.includes(options.only));
const left = [...chosen];
await Promise.all(Array.from({ length: options.workers }, (_, worker) => hunter(worker)));
progress.clear();

async function hunter(worker: number): Promise<void> {
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    progress.show(`${verdicts.size} of ${chosen.length} mutants: ${mutant.name}`);
    const begin = performance.now();
    const verdict = await hunt(mutant, `${process.pid}-${worker}`, {
      seed: options.seed,
      runs: options.runs,
      runLimitMs: RUN_LIMIT_MS,
    });
    verdicts.set(mutant, verdict);
    progress.clear();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const noticed = noticedBy(verdict);
    const as = noticed === mutant.breaks ? noticed : `${noticed} (expected: ${mutant.breaks})`;
    console.log(`${String(verdict.runs).padStart(5)} runs ${seconds.padStart(6)} s  ${mutant.name}: ${as}`);
    if (verdict.kind === 'caught') console.log(`${' '.repeat(20)}${verdict.finding.problems[0]?.slice(0, 180) ?? ''}`);
  }
}

const survivors = [...verdicts].filter(([, { kind }]) => kind === 'survived').map(([mutant]) => mutant);
console.log(`\n${verdicts.size - survivors.length} of ${verdicts.size} mutants were noticed`);
for (const { name, unnoticed } of survivors) console.log(`not noticed: ${name}${unnoticed === undefined ? '' : ` (known: ${unnoticed})`}`);
process.exitCode = verdicts.size > 0 && survivors.every(({ unnoticed }) => unnoticed !== undefined) ? 0 : 1;
