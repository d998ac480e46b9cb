import { resolve } from 'node:path';
import type { CommandDefinition } from '../../src/model/command.js';
import { resolveScenario, type ScenarioDefinition } from '../scenario/code.js';
import { isModule, loadScenario, type LoadOptions } from '../scenario/load.js';
import type { Scenario } from '../scenario/schema.js';

/**
 * A scenario as the command line names it: a built-in one, a YAML or JSON file, or a module.
 * @throws SeatbeltError `UNKNOWN_SCENARIO`, `BAD_SCENARIO`
 */
export async function findScenario(name: string, options: LoadOptions): Promise<{ readonly scenario: Scenario; readonly module: string | null }> {
  if (!isModule(name)) return { scenario: await loadScenario(name, options), module: null };
  const module = resolve(options.cwd, name);
  return { scenario: resolveScenario(await loaded(module, name), name, options), module };
}

/** The commands that a scenario's module brings along, as it is today; none if there is no module. @throws SeatbeltError as {@link findScenario} */
export async function definitionsIn(module: string | null): Promise<readonly CommandDefinition[]> {
  return module === null ? [] : (await loaded(module, module)).definitions;
}

async function loaded(file: string, name: string): Promise<ScenarioDefinition> {
  // Only who has a module waits for the compiler to be loaded.
  const { loadScenarioModule } = await import('./scenario-module.js');
  return loadScenarioModule(file, name);
}
