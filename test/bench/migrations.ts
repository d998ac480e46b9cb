import { performance } from 'node:perf_hooks';
import { Simulation } from '../../sim/embed/simulation.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { loadScenario } from '../../sim/scenario/load.js';
import { median } from './median.js';

export interface MigrationsResult {
  readonly migrations: number;
  readonly eventsPerMigration: number;
  /** Medians over rounds. */
  readonly eventsPerSecond: number;
  readonly migrationsPerSecond: number;
}

/**
 * Complete live migrations of the shipped scenario (two disks of 10 GiB, default polling and latencies, the engine crashed during the copy), in memory,
 * with all invariants and the trace hash on. Each has a seed of its own.
 */
export async function benchMigrations({ migrations = 200, rounds = 5 }: { readonly migrations?: number; readonly rounds?: number } = {}): Promise<MigrationsResult> {
  const scenario = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: process.cwd(), set: [] });
  const seconds: number[] = [];
  let events = 0;
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    events = 0;
    const begin = performance.now();
    for (let i = 0; i < migrations; i += 1) {
      const simulation = await Simulation.create(scenario, { seed: i + 1 });
      await simulation.run();
      events += simulation.events;
      const broken = simulation.result().invariants.filter(({ held }) => !held);
      if (broken.length > 0) throw new Error(`seed ${i + 1}: ${broken.map(({ name, detail }) => `${name}: ${detail ?? ''}`).join('; ')}`);
      await simulation.dispose();
    }
    if (round > 0) seconds.push((performance.now() - begin) / 1000);
  }
  const each = median(seconds);
  return {
    migrations,
    eventsPerMigration: Math.round(events / migrations),
    eventsPerSecond: Math.round(events / each),
    migrationsPerSecond: Math.round(migrations / each),
  };
}
