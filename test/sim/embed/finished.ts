import type { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';

/** Runs it to its end, and disposes of it whatever happens. */
export async function finished(simulation: Simulation): Promise<RunResult> {
  try {
    await simulation.run();
    return simulation.result();
  } finally {
    await simulation.dispose();
  }
}

/** The invariants that did not hold. */
export function broken({ invariants }: RunResult): RunResult['invariants'] {
  return invariants.filter(({ held }) => !held);
}
