import type { CommandDefinition } from '../../src/model/command.js';
import type { InvariantResult } from '../report/result.js';
import type { Scenario } from '../scenario/schema.js';
import { Simulation } from './simulation.js';

/**
 * Invariant 10: the same scenario and seed give the same trace, on either disk. Runs it once more, with the engine's disk in memory.
 * @param traceHash of the run that is to be repeated
 */
export async function repeats(
  scenario: Scenario,
  options: { readonly seed: number; readonly commands?: ReadonlyMap<string, CommandDefinition> },
  traceHash: string,
): Promise<InvariantResult> {
  const again = await Simulation.create(scenario, options);
  try {
    await again.run();
    const name = 'determinism';
    if (again.fingerprint() === traceHash) return { name, held: true };
    return { name, held: false, detail: `run again with the same seed, the trace is ${again.fingerprint()} instead of ${traceHash}` };
  } finally {
    await again.dispose();
  }
}
