import type { CommandDefinition } from '../../src/model/command.js';
import type { ProbeEvent } from '../report/timeline.js';
import type { RunResult } from '../report/result.js';
import type { Vocabulary } from '../scenario/check.js';
import type { Scenario } from '../scenario/schema.js';

/** A simulation as the command line drives it. */
export interface RunnableSimulation {
  /** Virtual µs. */
  readonly now: number;
  run(): Promise<void>;
  on(event: 'probe', listener: (event: ProbeEvent) => void): unknown;
  result(): RunResult;
  /** Stops it, wherever it is, and closes its store. */
  dispose(): Promise<void>;
}

/** What the commands of the command line work with. */
export interface Services {
  readonly commands: readonly CommandDefinition[];
  readonly vocabulary: Vocabulary;
  readonly createSimulation: (scenario: Scenario, options: { readonly seed: number; readonly db: string }) => Promise<RunnableSimulation>;
}
