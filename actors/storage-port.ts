import type { Data } from '../src/model/data.js';
import type { TaskState } from './host/task-states.js';
import type { Args, SeenCommits, Stamp, StepRef } from './wire.js';

/**
 * What hosts share: leases, the persisted task table, fences, and the volumes. Each operation is atomic and durable when it returns. Whatever an
 * SPM writes carries its {@link LeaseHold}; storage refuses the writes of a generation that is over, as the disks behind a real lease would.
 */
export interface StoragePort {
  /** Remembers how far the store of the engine that asks has come; what is known of later commits of it, or null. */
  witness(stamp: Stamp): SeenCommits | null;
  lease(pool: string): SpmLease;
  /**
   * Gives the pool's SPM lease to an incarnation of a host until `now + lasts` µs, if nobody has it, whoever has it did not renew it in time, or an earlier incarnation of
   * this very host has it. Null: it is another's, and nothing was written.
   */
  takeLease(pool: string, by: { readonly host: string; readonly incarnation: number }, now: number, lasts: number): LeaseHold | null;
  /** Makes it last until `now + lasts` µs. False: it is lost, or it was not renewed in time. */
  renewLease(hold: LeaseHold, now: number, lasts: number): boolean;
  /** Gives it up. False: it is lost, and nothing was written. */
  releaseLease(hold: LeaseHold): boolean;
  /**
   * Admits or refuses a request by its incarnation and fence number, and remembers the highest of both, so that the next SPM refuses what this
   * one would have refused.
   */
  admit(hold: LeaseHold, stamp: Stamp): 'admitted' | 'stale' | 'leaseLost';
  /** The pool's tasks in the order they were accepted. */
  tasks(pool: string): readonly StoredTask[];
  /** Creates or replaces a task. False: the lease is lost and nothing was written. */
  saveTask(hold: LeaseHold, task: StoredTask): boolean;
  /** Forgets the task, if there is one, and fences its id for ever. False: the lease is lost and nothing was written. */
  clearTask(hold: LeaseHold, taskId: string): boolean;
  /** The task is gone, as by a defect, and its id is not fenced. False: the lease is lost and nothing was written. */
  loseTask(hold: LeaseHold, taskId: string): boolean;
  /** Whether the id is fenced, so that it must never start. `known`: a host had such a task, and has forgotten it; `unknown`: none ever had. */
  fenceOf(pool: string, taskId: string): Fence | null;
  /** Remembers that a task was not accepted: whoever offers its id again is to hear the same, until it is cleared. False: the lease is lost and nothing was written. */
  refuseTask(hold: LeaseHold, taskId: string, refusal: Refusal): boolean;
  /** How the id was refused, if it was. */
  refusalOf(pool: string, taskId: string): Refusal | null;
  /** Whether the pool has a storage domain of that name. */
  hasDomain(pool: string, domain: string): boolean;
  /**
   * Does one part of a verb in one instant: the change, its ledger entry, and what it registers with its task to take it back; or an error code, and nothing of it. A
   * part that the verb does not have does nothing.
   */
  perform(work: Work, part: WorkPart): WorkResult;
  /**
   * Runs in one instant what a task has registered, the last first, and strikes it off its list. `dirty`: one of them failed, and those before it were not run.
   * `leaseLost`: none was run.
   * @param failing the first one fails, by a fault
   */
  recover(work: Work, recoveries: readonly string[], failing: boolean): 'clean' | 'dirty' | 'leaseLost';
  /** Runs a verb that only reads. */
  read(verb: string, args: Args, host: string): ReadResult;
}

export type Fence = 'known' | 'unknown';

export type Refusal = { readonly code: number; readonly message: string };

/** What the job of a task does at its start, and what it has done when it returns. A call has an end only. */
export type WorkPart = 'begin' | 'end';

/** Who holds the SPM role of a pool. */
export type SpmLease = {
  readonly owner: string | null;
  /** A host that has restarted does not hold what its earlier incarnation held. 0 without an owner. */
  readonly ownerIncarnation: number;
  /** Grows by one whenever the lease is taken or given up. */
  readonly generation: number;
  /** `spmLver`: grows by one with each start of an SPM; -1 before the first, and after the lease was taken away by force. */
  readonly version: number;
  /** When others may take it, µs. Until somebody does, whoever has it can still write. */
  readonly expiresAt: number;
};

/** What an SPM shows to storage with each write. */
export type LeaseHold = { readonly pool: string; readonly generation: number };

/** A task as it survives its host: of how it ended, no more than the state. `recovered` ended in a roll-back (cleanSuccess), `failed` in one that failed (cleanFailure). */
export type StoredTask = {
  readonly id: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
  readonly state: TaskState;
  readonly stopRequested: boolean;
  /** By name, what takes back what has been done for it; the last one runs first. */
  readonly recoveries: readonly string[];
};

/** One execution of a verb that changes storage. */
export interface Work {
  /** The task id or call key. Names the execution in the ledger. */
  readonly key: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
  readonly host: string;
  /** Null for HSM verbs, which no lease guards. */
  readonly hold: LeaseHold | null;
}

/** `recoveries`: what the task has registered then. */
export type WorkResult =
  | { readonly ok: true; readonly result: Data; readonly recoveries: readonly string[] }
  | { readonly ok: false; readonly code: number; readonly message: string };

export type ReadResult = { readonly ok: true; readonly result: Data } | { readonly ok: false; readonly code: number; readonly message: string };
