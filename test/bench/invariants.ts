import { createInMemory } from '../../sim/embed/run-store.js';
import { Simulation } from '../../sim/embed/simulation.js';
import { INVARIANTS } from '../../sim/invariants/monitor.js';
import type { Invariant } from '../../sim/invariants/invariant.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { loadScenario } from '../../sim/scenario/load.js';
import type { Scenario } from '../../sim/scenario/schema.js';
import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { median } from './median.js';

export interface InvariantsResult {
  /** Processor time with all invariants, by that with none: medians over rounds that take turns. */
  readonly ratio: number;
  /** What each one alone costs, in the same way, less one. */
  readonly costs: { readonly [name: string]: number };
}

/**
 * What the invariants cost: the shipped live migration with an engine crash, with all of them, with none, and with each alone. The view of the engine's disk that they share is
 * there in any case, since results are read from it.
 */
export async function benchInvariants({ runs = 40, rounds = 5 }: { readonly runs?: number; readonly rounds?: number } = {}): Promise<InvariantsResult> {
  const scenario = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: process.cwd(), set: [] });
  const settings: readonly (readonly Invariant[])[] = [[], INVARIANTS, ...INVARIANTS.map((invariant) => [invariant])];
  const times = settings.map((): number[] => []);
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [i, invariants] of settings.entries()) {
      const took = await processorTime(scenario, invariants, runs);
      if (round > 0) times[i]?.push(took);
    }
  }
  const [none = NaN, all = NaN, ...each] = times.map(median);
  return { ratio: all / none, costs: Object.fromEntries(INVARIANTS.map(({ name }, i) => [name, (each[i] ?? NaN) / none - 1])) };
}

/** µs */
async function processorTime(scenario: Scenario, invariants: readonly Invariant[], runs: number): Promise<number> {
  const begin = process.cpuUsage();
  for (let seed = 1; seed <= runs; seed += 1) {
    const simulation = await Simulation.on(await createInMemory({ scenario, seed, module: null }), BUILT_IN_COMMANDS, invariants);
    await simulation.run();
    await simulation.dispose();
  }
  const { user, system } = process.cpuUsage(begin);
  return user + system;
}
