import { benchInFlight, type Load } from './in-flight.js';
import { benchInvariants } from './invariants.js';
import { benchMigrations } from './migrations.js';
import { benchLayouts, benchPolls } from './pools.js';
import { benchRing } from './ring.js';

// `npm run bench [-- --json]`. Absolute figures are of this machine at this hour; ratios are taken within this run.

const ring = await benchRing();
const migrations = await benchMigrations();
const invariants = await benchInvariants();
const inFlight = await benchInFlight();
const polls = await benchPolls();
const layouts = await benchLayouts();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ring, migrations, invariants, inFlight, polls, layouts }, undefined, 2));
} else {
  const perSecond = (n: number): string => `${n.toLocaleString('en')}/s`;
  console.log(`ring of ${ring.actors} actors, ${ring.deliveries.toLocaleString('en')} deliveries`);
  console.log(`  captured nact, trace hash on   ${perSecond(ring.captured)}`);
  console.log(`  plain nact                     ${perSecond(ring.plain)}`);
  console.log(`  ratio (at least 0.35 wanted)   ${ring.ratio.toFixed(2)}`);
  console.log(`live migration of two 10 GiB disks, engine crashed during the copy, invariants on`);
  console.log(`  events                         ${perSecond(migrations.eventsPerSecond)} (${migrations.eventsPerMigration} a migration)`);
  console.log(`  migrations                     ${perSecond(migrations.migrationsPerSecond)}`);
  console.log(`the same with invariants and without, processor time`);
  console.log(`  ratio (at most 1.20 wanted)    ${invariants.ratio.toFixed(2)}`);
  for (const [name, cost] of Object.entries(invariants.costs)) console.log(`  ${name.padEnd(30)} ${(cost * 100).toFixed(1)} %`);
  const { few, many, ratio, bytes } = inFlight;
  console.log(`commands in flight over 20 pools; µs of processor time per message of a command's actor, less plain nact beside as many idle actors`);
  for (const load of [few, many]) console.log(`  ${loadText(load)}`);
  console.log(`  ratio (at most 1.2 wanted)     ${ratio.toFixed(2)}`);
  console.log(`  bytes per command in flight    ${bytes.engine.toLocaleString('en')} of the engine, ${bytes.all.toLocaleString('en')} with what the simulator keeps of it`);
  console.log('one poll of running tasks over 10 pools, hosts, network and engine together');
  for (const { tasks, perTask } of polls) console.log(`  ${tasks.toLocaleString('en').padEnd(6)} tasks                   ${perTask.toFixed(1)} µs a task`);
  console.log('as many tasks, by pools and hosts');
  for (const { pools, hosts, eventsPerSecond, ratio } of layouts) {
    console.log(`  ${pools} ${pools === 1 ? 'pool' : 'pools'}, ${hosts} hosts`.padEnd(33) + `${perSecond(eventsPerSecond)} (ratio ${ratio.toFixed(2)})`);
  }
}

function loadText({ commands, perMessage, plain, above, perCommand, perDelivery, messagesPerCommand, deliveriesPerCommand }: Load): string {
  const inAll = `a command: ${(perCommand / 1000).toFixed(2)} ms, ${messagesPerCommand.toFixed(0)} messages of its own, ${deliveriesPerCommand.toFixed(0)} deliveries of ${perDelivery.toFixed(1)} µs in all`;
  return `${commands.toLocaleString('en').padEnd(6)} ${perMessage.toFixed(1)} - ${plain.toFixed(1)} = ${above.toFixed(1)} µs (${inAll})`;
}
