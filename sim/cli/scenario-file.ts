import { resolve } from 'node:path';
import { resolveScenario } from '../scenario/code.js';
import { isModule, loadScenario, type LoadOptions } from '../scenario/load.js';
import type { Scenario } from '../scenario/schema.js';

/**
 * A scenario as the command line names it: a built-in one, a YAML or JSON file, or a module.
 * @throws SeatbeltError `UNKNOWN_SCENARIO`, `BAD_SCENARIO`
 */
export async function findScenario(name: string, options: LoadOptions): Promise<Scenario> {
  if (!isModule(name)) return loadScenario(name, options);
  // Only who has a module waits for the compiler to be loaded.
  const { loadScenarioModule } = await import('./scenario-module.js');
  return resolveScenario(await loadScenarioModule(resolve(options.cwd, name), name), name, options);
}
