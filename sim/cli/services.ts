import type { CommandDefinition } from '../../src/model/command.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import type { Pace, ResumeOptions, SimulationEvents } from '../embed/interface.js';
import type { InvariantResult, RunResult } from '../report/result.js';
import type { Vocabulary } from '../scenario/check.js';
import type { Scenario } from '../scenario/schema.js';

/** A simulation as the command line drives it. */
export interface RunnableSimulation {
  /** Virtual µs. */
  readonly now: number;
  run(pace?: Pace): Promise<void>;
  on<E extends keyof SimulationEvents>(event: E, listener: (event: SimulationEvents[E]) => void): unknown;
  result(): RunResult;
  /** Stops it, wherever it is, and closes its store. */
  dispose(): Promise<void>;
}

export interface CreateOptions {
  readonly seed: number;
  readonly db: string;
  /** The file that commands of the scenario come from, if it brings any along in code. */
  readonly module?: string;
}

/** What the commands of the command line work with. */
export interface Services {
  readonly commands: readonly CommandDefinition[];
  readonly vocabulary: Vocabulary;
  /** Whether the scenario, run once more, gives the same trace. */
  readonly repeats: (scenario: Scenario, options: { readonly seed: number; readonly signal: AbortSignal }, traceHash: string) => Promise<InvariantResult>;
  readonly createSimulation: (scenario: Scenario, options: CreateOptions) => Promise<RunnableSimulation>;
  /** Goes on with the run that is kept in this directory. */
  readonly resumeSimulation: (db: string, options: Pick<ResumeOptions, 'acceptOlderStore'>) => Promise<RunnableSimulation>;
  /** Acts on a held command of the run that is kept in this directory. */
  readonly operate: (db: string, commandId: string, wish: Omit<OperatorRequest, 'requestId'>) => Promise<unknown>;
}
