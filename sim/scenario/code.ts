import type { CommandDefinition } from '../../src/model/command.js';
import type { ScenarioDocument } from './document.js';
import { scenarioOf, type LoadOptions } from './load.js';
import type { Scenario, ScenarioInput } from './schema.js';
import { BUILT_IN_VOCABULARY } from './vocabulary.js';

/** A scenario as a module defines it. Made by {@link defineScenario}. */
export class ScenarioDefinition {
  constructor(
    /** As a file would have it. */
    readonly data: ScenarioInput,
    readonly definitions: readonly CommandDefinition[],
  ) {}
}

/**
 * A scenario in code: what a file says, and commands of its own besides. The default export of a scenario module; `Simulation.create` takes it too. It is checked when it
 * is run, for a command line may still change it.
 */
export function defineScenario({ definitions = [], ...data }: ScenarioInput & { readonly definitions?: readonly CommandDefinition[] }): ScenarioDefinition {
  return new ScenarioDefinition(data, definitions);
}

/**
 * The scenario with every default filled in.
 * @param file names it in errors, and the scenario, if it does not name itself
 * @throws SeatbeltError `BAD_SCENARIO` naming the field
 */
export function resolveScenario(
  { data, definitions }: ScenarioDefinition,
  file = 'scenario',
  { vocabulary = BUILT_IN_VOCABULARY, set = [] }: Partial<Pick<LoadOptions, 'vocabulary' | 'set'>> = {},
): Scenario {
  return scenarioOf(inCode(data, file), file, { vocabulary, set, definitions });
}

/** Code has no lines to point at: the path of the field says it all. */
function inCode(value: unknown, file: string): ScenarioDocument {
  const depth = (at: unknown, [key, ...rest]: readonly (string | number)[]): number => {
    if (key === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return 0;
    return 1 + depth((at as { readonly [field: string | number]: unknown })[key], rest);
  };
  return { value, place: () => file, depth: (path) => depth(value, path) };
}
