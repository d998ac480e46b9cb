import { rerunLine } from '../../sim/cli/rerun.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { loadScenario } from '../../sim/scenario/load.js';
import type { Scenario } from '../../sim/scenario/schema.js';
import type { CrashPoint } from '../../sim/kernel/crash-point.js';

// The live migration with other faults, each written as a scenario file has it: so every run of a campaign can be repeated from the command line.

const SCENARIO = 'live-migration';

interface Failure {
  readonly verb: string;
  readonly match?: { readonly [arg: string]: string };
  readonly nth?: number | 'every';
  readonly code: number;
}

type CrashDocument = { readonly event: number } | { readonly beforePortOperation: number } | { readonly afterPortOperation: number };

export type FaultDocument = { readonly failTask: Failure } | { readonly failCall: Failure } | { readonly crashEngine: CrashDocument };

/** Where a campaign crashes the engine. */
export type EnginePoint = Exclude<CrashPoint, { at: 'time' }>;

export function crashAt(point: EnginePoint): FaultDocument {
  switch (point.at) {
    case 'event':
      return { crashEngine: { event: point.n } };
    case 'before':
      return { crashEngine: { beforePortOperation: point.portOperation } };
    case 'after':
      return { crashEngine: { afterPortOperation: point.portOperation } };
  }
}

/** What differs from the built-in scenario. */
export interface Changes {
  readonly faults: readonly FaultDocument[];
  /** Further settings, `path=value`. */
  readonly settings?: readonly string[];
}

export function migrationWith(changes: Changes): Promise<Scenario> {
  return loadScenario(SCENARIO, { vocabulary: BUILT_IN_VOCABULARY, cwd: '.', set: settingsOf(changes) });
}

/** The command line that gives the same run again. */
export function reproduction(changes: Changes, seed: number): string {
  return rerunLine(SCENARIO, { seed, set: settingsOf(changes) });
}

function settingsOf({ faults, settings = [] }: Changes): readonly string[] {
  return [`faults=${JSON.stringify(faults)}`, ...settings];
}
