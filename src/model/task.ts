import type { Data } from './data.js';

/** Why a command runs: forward, or undoing. Persisted with each task (oVirt lost it, and a restored revert drove the flow forward). */
export type ExecutionReason = 'REGULAR_FLOW' | 'ROLLBACK_FLOW';

/** A task as a handler asks for it. */
export interface TaskRequest {
  /** An SPM verb, e.g. `createVolume`. */
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  /** The storage pool whose SPM is to run it. */
  readonly pool: string;
  /** The entity it is about (`disk/d1`), for look-ups. */
  readonly entity?: string;
  /** Host codes that count as an end well, because what was wanted is already so (deleteImage: 268). */
  readonly doneCodes?: readonly number[];
  /** Running it twice does what running it once does: so it may be tried again when nobody can tell whether it ran. Default: false. */
  readonly repeatable?: boolean;
}

/**
 * Engine-side life of a task.
 * `Placeholder`: committed, not known to be on a host. `Submitted`: a host has acknowledged it; it is polled. `Ending`: the commit that consumed its
 * outcome is done; it is to be cleared on the host. A cleared task has no record. (oVirt's Polling and Ended are between commits and so only in memory.)
 */
export type TaskState = 'Placeholder' | 'Submitted' | 'Ending';

/** SPMAsyncTask: one asynchronous job on a storage host, as the engine keeps it. */
export interface SpmAsyncTask {
  /** Derived from command, index, attempt and ordinal; the host knows the task by it. */
  readonly id: string;
  readonly commandId: string;
  readonly executionIndex: number;
  /** Which step that is for good, if not its index: a migration of the command has moved it. */
  readonly number?: number;
  readonly executionReason: ExecutionReason;
  /** 1 for the first. */
  readonly attempt: number;
  readonly pool: string;
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  readonly entity: string | null;
  readonly state: TaskState;
  /** The id that its host knows it by, if that is another: some hosts make their own. Known once it is acknowledged. */
  readonly hostTaskId?: string;
  /** Virtual or wall time of the placeholder's commit, µs. */
  readonly createdAt: number;
  /** The same of the commit by which it became `Submitted`; null in any other state. */
  readonly submittedAt: number | null;
}
