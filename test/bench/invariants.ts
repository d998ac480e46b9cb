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
  /** Processor time with all invariants, by that with none, of the same run right before or after: the median over runs. */
  readonly ratio: number;
  /** What each one alone costs, in the same way, less one. */
  readonly costs: { readonly [name: string]: number };
}

/**
 * What the invariants cost: the shipped live migration with an engine crash, with all of them, with none, and with each alone. The view of the engine's disk that they share is
 * there in any case, since results are read from it.
 */
export async function benchInvariants({ runs = 150, warmUp = 30 }: { readonly runs?: number; readonly warmUp?: number } = {}): Promise<InvariantsResult> {
  const scenario = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: process.cwd(), set: [] });
  const settings: readonly (readonly Invariant[])[] = [INVARIANTS, ...INVARIANTS.map((invariant) => [invariant])];
  const shares = settings.map((): number[] => []);
  for (let seed = 1; seed <= runs + warmUp; seed += 1) {
    const none = await processorTime(scenario, [], seed);
    for (const [i, invariants] of settings.entries()) {
      const took = await processorTime(scenario, invariants, seed);
      if (seed > warmUp) shares[i]?.push(took / none);
    }
  }
  const [all = NaN, ...each] = shares.map(median);
  return { ratio: all, costs: Object.fromEntries(INVARIANTS.map(({ name }, i) => [name, (each[i] ?? NaN) - 1])) };
}

/** µs */
async function processorTime(scenario: Scenario, invariants: readonly Invariant[], seed: number): Promise<number> {
  const simulation = await Simulation.on(await createInMemory({ scenario, seed, module: null }), BUILT_IN_COMMANDS, invariants);
  const begin = process.cpuUsage();
  await simulation.run();
  const { user, system } = process.cpuUsage(begin);
  await simulation.dispose();
  return user + system;
}
