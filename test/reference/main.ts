import { Command } from 'commander';
import { check } from './check.js';

// npm run reference [-- --runs 5000 --seed 1]: the real engine beside the reference model. Exit code 1 if they differ.

const options = new Command('npm run reference --')
  .description('Runs random commands in the real engine, with random failures, cancels and crashes, and compares each with the reference model.')
  .option('--runs <number>', 'engines to run, with up to 8 commands each', '2000')
  .option('--seed <number>', 'of the cases', '1')
  .option('--path <path>', 'begin with a case that an earlier run has found')
  .parse()
  .opts<{ runs: string; seed: string; path?: string }>();

const begin = performance.now();
const { commands, lives, crashes, events, reached, difference } = await check({
  runs: Number(options.runs),
  seed: Number(options.seed),
  ...(options.path === undefined ? {} : { path: options.path }),
});
const seconds = (performance.now() - begin) / 1000;
console.log(`${commands} commands, ${lives} with their children, ${crashes} crashes, ${events} events in ${seconds.toFixed(1)} s: ${(commands / seconds).toFixed(0)} commands a second`);
for (const [what, n] of [...reached].sort(([, a], [, b]) => b - a)) console.log(`${String(n).padStart(8)}  ${what}`);
if (difference !== null) console.log(difference);
process.exitCode = difference === null ? 0 : 1;
