import { benchMigrations } from './migrations.js';
import { benchRing } from './ring.js';

// `npm run bench [-- --json]`. Absolute figures are of this machine at this hour; ratios are taken within this run.

const ring = await benchRing();
const migrations = await benchMigrations();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ring, migrations }, undefined, 2));
} else {
  const perSecond = (n: number): string => `${n.toLocaleString('en')}/s`;
  console.log(`ring of ${ring.actors} actors, ${ring.deliveries.toLocaleString('en')} deliveries`);
  console.log(`  captured nact, trace hash on   ${perSecond(ring.captured)}`);
  console.log(`  plain nact                     ${perSecond(ring.plain)}`);
  console.log(`  ratio (at least 0.35 wanted)   ${ring.ratio.toFixed(2)}`);
  console.log(`live migration of two 10 GiB disks, engine crashed during the copy, invariants on`);
  console.log(`  events                         ${perSecond(migrations.eventsPerSecond)} (${migrations.eventsPerMigration} a migration)`);
  console.log(`  migrations                     ${perSecond(migrations.migrationsPerSecond)}`);
}
