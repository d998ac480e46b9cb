import type { Data } from '../src/model/data.js';
import type { OperatorRequest } from '../src/model/operator.js';
import type { ExecutionReason } from '../src/model/task.js';
import type { StoreHead } from '../src/store/records.js';

export type { SeenCommits } from '../src/store/records.js';

/** What crosses the network. Every message is plain data. */
export type WireMessage = WireRequest | WireReply | WireEvent;

export type Args = { readonly [key: string]: Data };

/** What every request of an engine carries, so that a host can refuse what comes from the past. */
export interface Stamp {
  /** The engine's incarnation, from 1. A host that has seen a higher one refuses this one (`STALE`). */
  readonly incarnation: number;
  /** The engine's commit sequence when it sent this. */
  readonly commitSeq: number;
  /** Which store the engine goes on from, and by which starts it has come this far. */
  readonly store?: { readonly id: string } & StoreLives;
  /** The command on whose behalf, and its fence number; a host refuses a lower number than it has seen for that command. */
  readonly fence: { readonly commandId: string; readonly number: number } | null;
}

/** The start of the engine that goes on from a store, and those before it of which hosts may know the last. */
export type StoreLives = Pick<StoreHead, 'life' | 'beganAt' | 'earlier'>;

export interface WireRequest {
  readonly kind: 'request';
  /** Unique per sender and start; the reply repeats it. */
  readonly correlation: string;
  readonly from: string;
  readonly stamp: Stamp | null;
  /** When it was sent, µs, by the sender's clock. What an engine asks of hosts says so: those that cannot tell a message from the past otherwise go by its age. */
  readonly sentAt?: number;
  readonly body: EngineRequest | HostRequest;
}

export interface WireReply {
  readonly kind: 'reply';
  readonly correlation: string;
  readonly from: string;
  /** The replying node's incarnation. */
  readonly incarnation: number;
  /** 0: done; otherwise a code of docs/errors.md (654: not SPM, 99: recovering, 401: task unknown …). */
  readonly code: number;
  readonly message: string;
  readonly result: Data;
}

/** What a host tells without being asked again. Whoever misses one loses nothing: the next poll tells the same. */
export interface WireEvent {
  readonly kind: 'event';
  /** Unique per host and start. */
  readonly correlation: string;
  readonly from: string;
  readonly incarnation: number;
  /** The start of the engine that wanted to be told: no other takes it. */
  readonly life: string;
  readonly body: TaskEnded;
}

/** A task's end is on storage. `generation`: of the lease of the SPM that says so. */
export type TaskEnded = { readonly op: 'taskEnded'; readonly pool: string; readonly generation: number; readonly status: TaskStatus };

/** What a client asks an engine. */
export type EngineRequest =
  | { readonly op: 'submitCommand'; readonly commandId: string; readonly type: string; readonly params: Data }
  | { readonly op: 'commandStatus'; readonly commandId: string }
  /** Answered with `accepted` or `pending`, or refused (`CANCEL_REFUSED`). May be repeated. */
  | { readonly op: 'cancelCommand'; readonly commandId: string }
  /** Answered with the command's status once it is on disk, or refused (`OPERATOR_REFUSED`). May be repeated: one `requestId` is applied once. */
  | ({ readonly op: 'operateCommand'; readonly commandId: string } & OperatorRequest);

/** What an engine asks a host. */
export type HostRequest =
  /** Answered by every host that is up: its reply tells its incarnation. */
  | { readonly op: 'ping' }
  | { readonly op: 'getSpmStatus'; readonly pool: string }
  /**
   * Lets a host become SPM. Refused at once (656), or accepted; from then on it goes on by itself, and `getSpmStatus` tells how far it is. What the engine
   * takes for the last SPM and its version is only looked at: where storage says otherwise, storage is right.
   */
  | { readonly op: 'startSpm'; readonly pool: string; readonly prevId: string | null; readonly prevVersion: number }
  /**
   * Answered when the host is no SPM of this lease generation any more, at once if it is none: a term of a later generation, which the request does not know of, goes
   * on. It neither waits for tasks nor asks whether there are any.
   */
  | { readonly op: 'stopSpm'; readonly pool: string; readonly generation: number }
  /**
   * For the fence agent: answered with 0 when this incarnation of the host, and any before it, is dead for certain. It comes back by itself.
   */
  | { readonly op: 'fenceHost'; readonly host: string; readonly incarnation: number }
  /**
   * SPM verb. With a known id the existing task is the answer. Without one, which only hosts are sent that make their own, there is a new task for each submission,
   * and `{ uuid }` is the answer. `step` is for the ledger of effects. `tellsEnd`: who asks wants to be told when it is over.
   */
  | {
      readonly op: 'submitTask';
      readonly pool: string;
      readonly taskId: string | null;
      readonly verb: string;
      readonly args: Args;
      readonly step: StepRef;
      readonly tellsEnd?: true;
    }
  | { readonly op: 'getAllTasksStatuses'; readonly pool: string }
  /** Of each task its verb, and no more. */
  | { readonly op: 'getAllTasksInfo'; readonly pool: string }
  | { readonly op: 'getTaskStatus'; readonly pool: string; readonly taskId: string }
  | { readonly op: 'getTaskInfo'; readonly pool: string; readonly taskId: string }
  | { readonly op: 'stopTask'; readonly pool: string; readonly taskId: string }
  /** Rolls a task back that has finished; it is `cleaning` meanwhile. */
  | { readonly op: 'revertTask'; readonly pool: string; readonly taskId: string }
  /** Ours, not vdsm's. To a task that the SPM has, it does nothing, and tells its status. The id of any other is fenced: 401, or 9002 if it had been fenced before, as one that a host had. */
  | { readonly op: 'fenceTask'; readonly pool: string; readonly taskId: string }
  | { readonly op: 'clearTask'; readonly pool: string; readonly taskId: string }
  /** HSM verb, keyed: the same key is answered with the same reply until the host restarts. */
  | { readonly op: 'call'; readonly key: string; readonly verb: string; readonly args: Args; readonly step: StepRef; readonly hostIncarnation: number | null }
  /**
   * Answered with 0 when none of the calls of the stamp's command that have arrived is under way any more; with the stamp's fence number, those that arrive later are
   * refused. Another incarnation of the host refuses it, and has none.
   */
  | { readonly op: 'drainCalls'; readonly hostIncarnation: number }
  /** A verb that only reads: unkeyed. */
  | { readonly op: 'read'; readonly verb: string; readonly args: Args };

const OPS: { readonly [op in WireRequest['body']['op']]: true } = {
  submitCommand: true,
  commandStatus: true,
  cancelCommand: true,
  operateCommand: true,
  ping: true,
  getSpmStatus: true,
  startSpm: true,
  stopSpm: true,
  fenceHost: true,
  submitTask: true,
  getAllTasksStatuses: true,
  getAllTasksInfo: true,
  getTaskStatus: true,
  getTaskInfo: true,
  revertTask: true,
  stopTask: true,
  fenceTask: true,
  clearTask: true,
  call: true,
  drainCalls: true,
  read: true,
};

/** All that can be asked on the wire. */
export const WIRE_OPS = Object.keys(OPS) as (keyof typeof OPS)[];

/** All that is told on the wire without being asked. */
export const WIRE_EVENTS = ['taskEnded'] as const satisfies readonly WireEvent['body']['op'][];

/** Which step of which command something is done for, why, and at which attempt. */
export interface StepRef {
  readonly commandId: string;
  readonly executionIndex: number;
  /** Which step that is for good, if not its index: a migration of the command has moved it. */
  readonly number?: number;
  readonly reason: ExecutionReason;
  /** From 1. */
  readonly attempt: number;
  /** Of a task whose host makes its own id: the engine's. No host looks at it; the ledger of effects does. */
  readonly task?: string;
}

/** A host's answer about one task (vdsm's wire values). */
export type TaskStatus = {
  readonly taskId: string;
  readonly taskState: 'init' | 'running' | 'aborting' | 'cleaning' | 'finished' | 'unknown';
  readonly taskResult: '' | 'success' | 'cleanSuccess' | 'cleanFailure';
  readonly code: number;
  readonly message: string;
};

/** The answer to `getTaskInfo`. */
export type TaskInfo = { readonly taskId: string; readonly verb: string };

/**
 * The answer to `getAllTasksStatuses`. `settled`: the tasks that this SPM took over are loaded, so that the absence of a task means something.
 * `generation`: of its lease, which tells its term from all others. Hosts that make their own task ids say neither.
 */
export type AllTasksStatuses = { readonly generation?: number; readonly settled?: boolean; readonly tasks: readonly TaskStatus[] };

/** The answer to `getAllTasksInfo`. */
export type AllTasksInfo = { readonly tasks: readonly TaskInfo[] };

/** `role` is the host's own word on itself; the rest is what storage says: whose the lease is (of which incarnation of it; 0: nobody's), and the version of the SPM that has or had it, -1 if nobody knows. */
export type SpmStatus = {
  readonly role: 'SPM' | 'Contend' | 'Free';
  readonly spmId: string | null;
  readonly ownerIncarnation: number;
  readonly leaseGeneration: number;
  readonly leaseVersion: number;
};

/** Host codes that say nothing about the task or call itself: the request is made again (semantics §4). */
export const NOT_SPM = 654;
export const RECOVERING = 99;
export const TASK_UNKNOWN = 401;
/** The answer to `revertTask` while the task is not over. */
export const TASK_NOT_FINISHED = 403;
export const TASK_STATE_FORBIDS = 410;
/** The answer to `revertTask` when there is nothing that could be taken back any more. */
export const ILLEGAL_TASK_MOVE = 441;
/** Ours, not vdsm's: the request carries a fence number or an incarnation that the host knows to be over. */
export const STALE = 9001;
/** Ours, not vdsm's: the task id was fenced before, so it is not running and never will. To `fenceTask`: a host had it once, so it may have run. */
export const FENCED = 9002;
/** Ours, not vdsm's, which would hang: all workers are busy and the queue is full. Nothing was started; offer the same id again. */
export const QUEUE_FULL = 9003;
/** Ours, not vdsm's: the call was meant for another incarnation of this host, so what it remembers of earlier calls is gone. */
export const ANOTHER_INCARNATION = 9004;

/** Ours, not vdsm's: hosts have seen later commits of the engine's store. The result is `SeenCommits`. */
export const STORE_OLDER = 9005;

/** Another has the lease, or had it too lately to be known dead: so a host may refuse `startSpm`. Ours accept, and are Free again when they do not get it. */
export const LEASE_NOT_AVAILABLE = 651;
/** It is the SPM already, or on the way to be. */
export const SPM_ACTIVE = 656;

/** A host error that has no code of its own. */
export const GENERAL_FAILURE = 100;
export const UNKNOWN_POOL = 309;
/** There is no such storage domain, or it is another pool's. */
export const UNKNOWN_DOMAIN = 358;
/** A task that ended because it was asked to stop; and the answer to a second request to stop it. */
export const TASK_ABORTED = 411;
/** An unknown verb, or arguments that its schema refuses. */
export const BAD_PARAMETER = 1000;
/** Ours: an engine refuses a client's request; the result is the error record. */
export const ENGINE_REFUSED = 9100;
