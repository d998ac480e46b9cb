import type { Data } from '../src/model/data.js';
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
  /** Runs a verb to its end in one instant: the change and its ledger entry together, or an error code and neither. */
  perform(work: Work): WorkResult;
  /**
   * Runs the recovery that the verb registered, if it has one and `perform` had its effect.
   * False: the lease is lost, and the effect may still be there.
   */
  undo(work: Work): boolean;
  /** Runs a verb that only reads. */
  read(verb: string, args: Args, host: string): WorkResult;
}

export type Fence = 'known' | 'unknown';

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

/** A task as it survives its host. `recovered` ended in a roll-back (cleanSuccess), `failed` in one that failed (cleanFailure). */
export type StoredTask = {
  readonly id: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
  readonly state: 'queued' | 'running' | 'finished' | 'recovered' | 'failed';
  readonly stopRequested: boolean;
  readonly code: number;
  readonly message: string;
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

export type WorkResult = { readonly ok: true; readonly result: Data } | { readonly ok: false; readonly code: number; readonly message: string };
