import type { CommandDefinition } from '../../src/model/command.js';
import type { InvariantResult } from '../report/result.js';
import type { Scenario } from '../scenario/schema.js';
import { Simulation } from './simulation.js';

/**
 * Invariant 10: the same scenario and seed give the same trace, on either disk. Runs it once more, with the engine's disk in memory.
 * @param options.signal once aborted, it is given up
 * @param traceHash of the run that is to be repeated
 * @throws SeatbeltError `SIMULATION_DISPOSED` it was aborted
 */
export async function repeats(
  scenario: Scenario,
  options: { readonly seed: number; readonly commands?: ReadonlyMap<string, CommandDefinition>; readonly signal?: AbortSignal },
  traceHash: string,
): Promise<InvariantResult> {
  const again = await Simulation.create(scenario, options);
  const giveUp = (): void => void again.dispose();
  if (options.signal?.aborted === true) giveUp();
  options.signal?.addEventListener('abort', giveUp);
  try {
    await again.run();
    const name = 'determinism';
    if (again.fingerprint() === traceHash) return { name, held: true };
    return { name, held: false, detail: `run again with the same seed, the trace is ${again.fingerprint()} instead of ${traceHash}` };
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
    await again.dispose();
  }
}
