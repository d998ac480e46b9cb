import type { Args } from '../wire.js';

/** The verbs that a host can run: what kind each is, which arguments it takes, how long it takes, and whether it is to fail. */
export interface VerbTable {
  find(name: string): HostVerb | undefined;
}

export interface HostVerb {
  /** `spm`: a task of the SPM. `hsm`: answered with its result. `read`: changes nothing. */
  readonly kind: 'spm' | 'hsm' | 'read';
  /** What is wrong with the arguments, or null. */
  problemWith(args: Args): string | null;
  /** Draws how one execution will go. Called once for each execution. @param random a draw from [0, 1) of the stream of that name */
  plan(args: Args, random: (purpose: string) => number): ExecutionPlan;
}

export type ExecutionPlan =
  /** Not accepted at all. */
  | { readonly kind: 'refuse'; readonly code: number; readonly message: string }
  /**
   * Runs for so many whole µs, and then does what the verb does; or fails, if `failure` says so, and does nothing. `lost`: of a task, after which the host does
   * not know it any more.
   */
  | { readonly kind: 'run'; readonly durationUs: number; readonly failure: PlannedFailure | null; readonly lost: boolean };

export interface PlannedFailure {
  readonly code: number;
  readonly message: string;
}
