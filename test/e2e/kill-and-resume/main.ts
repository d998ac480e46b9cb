import process from 'node:process';
import { parseArgs } from 'node:util';
import { killAndResume } from './campaign.js';

// npm run kill-and-resume -- --kills N: as the test does, with ever new seeds, until that many processes were killed.

const { values } = parseArgs({ options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, factor: { type: 'string', default: '300' } } });
const SCENARIOS = ['live-migration', 'live-migration-failure'];

let killed = 0;
let broken = 0;
for (let seed = Number(values.seed); killed < Number(values.kills); seed += 1) {
  const scenario = SCENARIOS[seed % SCENARIOS.length] ?? 'live-migration';
  const { kills, wrong, again, report } = await killAndResume({ scenario, seed, kills: 12, factor: Number(values.factor) });
  killed += kills;
  process.stdout.write(`seed ${seed}  ${scenario}: killed ${kills} times, ${report.commands.map(({ status }) => status).join(' ')}\n`);
  if (wrong.length === 0) continue;
  broken += 1;
  process.stdout.write(`${wrong.map((what) => `  ${what}\n`).join('')}${again}\n`);
}
process.stdout.write(`${killed} kills, ${broken} runs went wrong\n`);
process.exitCode = broken === 0 ? 0 : 1;
