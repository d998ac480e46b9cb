import { resolve } from 'node:path';
import { rerunLine } from '../../sim/cli/rerun.js';
import { loadScenarioModule } from '../../sim/cli/scenario-module.js';
import { resolveScenario, type ScenarioDefinition } from '../../sim/scenario/code.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { isModule, loadScenario } from '../../sim/scenario/load.js';
import type { Scenario, ScenarioInput } from '../../sim/scenario/schema.js';
import type { Moment } from '../../sim/kernel/moment.js';

// Scenarios with other faults, each written as a scenario file has it: so every run of a campaign can be repeated from the command line.

const LIVE_MIGRATION = 'live-migration';

/** A fault as a file has it. */
export type FaultDocument = NonNullable<ScenarioInput['faults']>[number];

/** Where a campaign crashes the engine. */
export type EnginePoint = Exclude<Moment, { at: 'time' }>;

/**
 * Around a port operation the engine is up again at once: what it has sent is still on its way then. Else it is down for longer than anything is on its
 * way.
 */
export function crashAt(point: EnginePoint): FaultDocument {
  switch (point.at) {
    case 'event':
      return { crashEngine: { event: point.n, down: '5s' } };
    case 'before':
      return { crashEngine: { beforePortOperation: point.portOperation, down: '0s' } };
    case 'after':
      return { crashEngine: { afterPortOperation: point.portOperation, down: '0s' } };
  }
}

/** What differs from the scenario as it stands. */
export interface Changes {
  /** Default: the live migration. */
  readonly scenario?: string;
  readonly faults: readonly FaultDocument[];
  /** Further settings, `path=value`. */
  readonly settings?: readonly string[];
}

export async function scenarioWith(changes: Changes): Promise<Scenario> {
  const { scenario = LIVE_MIGRATION } = changes;
  const options = { vocabulary: BUILT_IN_VOCABULARY, set: settingsOf(changes) };
  return isModule(scenario) ? resolveScenario(await moduleOf(scenario), scenario, options) : loadScenario(scenario, { ...options, cwd: '.' });
}

/** A run takes less time than to compile one. */
const modules = new Map<string, Promise<ScenarioDefinition>>();

function moduleOf(name: string): Promise<ScenarioDefinition> {
  const known = modules.get(name) ?? loadScenarioModule(resolve(name), name);
  modules.set(name, known);
  return known;
}

/** The command line that gives the same run again. */
export function reproduction(changes: Changes, seed: number): string {
  return rerunLine(changes.scenario ?? LIVE_MIGRATION, { seed, set: settingsOf(changes) });
}

function settingsOf({ faults, settings = [] }: Changes): readonly string[] {
  return [`faults=${JSON.stringify(faults)}`, ...settings];
}
