import type { SeenCommits } from '../../actors/wire.js';
import type { CommandDefinition } from '../../src/model/command.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import type { Violation } from '../invariants/invariant.js';
import type { EventSpec } from '../kernel/event.js';
import type { ProbeEvent } from '../report/timeline.js';

// What a program that embeds a simulation gives it, and hears from it.

export interface SimulationOptions {
  /** Any safe integer; default 1. Same scenario, same seed: the same run, event by event. */
  readonly seed?: number;
  /**
   * A directory to keep the run in, the engine's LevelDB and the world's: new, empty, or left over from a creation that was cut short. Default: all is in
   * memory. `Simulation.resume` goes on with it, should the process die.
   */
  readonly db?: string;
  /** The file that the scenario's own commands come from, absolute: kept in `db` for who resumes the run. Default: they come from no file. */
  readonly module?: string;
  /** Default: the commands that ship. Those of the scenario's own are known besides. */
  readonly commands?: ReadonlyMap<string, CommandDefinition>;
}

export interface ResumeOptions extends Pick<SimulationOptions, 'commands'> {
  /** The commands that the run's scenario brings along in code, which no store can hold. */
  readonly definitions?: readonly CommandDefinition[];
  /**
   * An operator's decision to go on from an engine's store that is older than what hosts have seen: the numbers that the refusal (`STORE_ROLLED_BACK`) names.
   * Every command that is not over is then PARKED until he says what becomes of it. Of no effect on a store that is not older.
   */
  readonly acceptOlderStore?: SeenCommits;
}

/** An event as a listener sees it. Its labels and contents are for people and comparisons, and may change from version to version. */
export type SimulationEvent = Pick<EventSpec, 'node' | 'kind' | 'label' | 'content'> & {
  /** From 1. */
  readonly n: number;
  /** µs */
  readonly t: number;
};

export interface SimulationEvents {
  /** Something is about to happen. `Simulation.fingerprint` counts it already. */
  readonly event: SimulationEvent;
  /** Something that the engine, a host or the client tells an observer. */
  readonly probe: ProbeEvent;
  /** An invariant is broken. */
  readonly violation: Violation;
}

/** Resolved once virtual time `t` (µs) may come; with the time that may come by then, at least `t`. */
export type Pace = (t: number) => Promise<number>;

/** How an engine is started again: with which definitions, and after how long, µs. */
export interface EngineRestart {
  readonly definitions?: readonly CommandDefinition[];
  readonly down?: number;
}

/** What an operator wants done. `requestId`: 1 to 64 characters; default: a new one. `output`: of the step that `resolve` completes. */
export type OperatorWish = Omit<OperatorRequest, 'requestId'> & { readonly requestId?: string };
