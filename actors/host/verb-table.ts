import type { NodePorts } from '../ports.js';
import type { Args } from '../wire.js';

/** The verbs that a host can run: what kind each is, which arguments it takes, how long it takes, and whether it is to fail. */
export interface VerbTable {
  find(name: string): HostVerb | undefined;
  /** Lets the time of an execution pass at a host, and calls `done` then; never if the host dies before. `done` must do no more than dispatch one message. */
  spend(plan: RunPlan, ports: NodePorts, done: () => void): void;
}

export interface HostVerb {
  /** `spm`: a task of the SPM. `hsm`: answered with its result. `read`: changes nothing. */
  readonly kind: 'spm' | 'hsm' | 'read';
  /** What is wrong with the arguments, or null. */
  problemWith(args: Args): string | null;
  /** The storage domains that these arguments name. To be asked only of arguments without a problem. */
  domainsOf(args: Args): readonly string[];
  /** Draws how one execution will go. Called once for each execution. @param random a draw from [0, 1) of the stream of that name */
  plan(args: Args, random: (purpose: string) => number): ExecutionPlan;
  /** Draws how long one roll-back of a task will take, whole µs. */
  rollbackUs(args: Args, random: (purpose: string) => number): number;
  /** Whether a roll-back whose time is up fails, by a fault. To be asked once for each. */
  rollbackFails(args: Args): boolean;
}

export type ExecutionPlan =
  /** Not accepted at all. */
  | { readonly kind: 'refuse'; readonly code: number; readonly message: string }
  | RunPlan;

/**
 * Runs for so many whole µs, then for as long as its transfer takes, and then does what the verb does; or fails, if `failure` says so, instead of
 * doing its end; `atStart`, also instead of what it does at its start.
 */
export interface RunPlan {
  readonly kind: 'run';
  /** Of a task: whole µs until its submission is answered. It is accepted before. */
  readonly answerUs: number;
  readonly durationUs: number;
  /** Asked when the time is over: what there is to move then. Null: nothing. */
  readonly transfer: () => Transfer | null;
  readonly failure: (PlannedFailure & { readonly when: 'atStart' | 'atEnd' }) | null;
  /** Of a task: the host forgets it then. */
  readonly lost: 'atStart' | 'atEnd' | null;
  /** Of a task: its job does not return until what hangs is set free. */
  readonly hangs: boolean;
}

/** Bytes to be moved. How long that takes depends on what else is moved meanwhile. */
export interface Transfer {
  /** At least 1. */
  readonly bytes: number;
  /** Whole bytes per second, at least 1: what it would have with all for itself. */
  readonly rate: number;
  /** The storage domains that it reads from or writes to, each once. */
  readonly domains: readonly string[];
}

export interface PlannedFailure {
  readonly code: number;
  readonly message: string;
}
