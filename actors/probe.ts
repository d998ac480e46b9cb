import type { EntityKey } from '../src/model/entity.js';
import type { ErrorRecord } from '../src/model/errors.js';
import type { OperatorAction } from '../src/model/operator.js';
import type { Outcome } from '../src/model/outcome.js';
import type { ExecutionReason } from '../src/model/task.js';

/** The callbacks whose runs are committed, as the history names them. */
export type CallbackName = 'beforeTask' | 'createTask' | 'beforeRetry' | 'probe' | 'endSuccessfully' | 'endWithFailure' | 'compensate' | 'compensationEnded' | 'hasPassed';

/** An engine's answer to an operator's action. */
export type OperateTold = { readonly done: true; readonly status: string } | { readonly done: false; readonly error: ErrorRecord };

/**
 * What the engine and the hosts tell an observer: for the timeline, the invariants and the trace. Observers never act on the system.
 * Engine probes marked *durable* are told only after the synced batch that made them true.
 */
export type Probe =
  | { readonly type: 'engineStarted'; readonly incarnation: number }
  /** The engine has read its store and re-acquired the locks; it now accepts requests. */
  | { readonly type: 'engineRecovered'; readonly incarnation: number; readonly commands: number; readonly tasks: number }
  /** Hosts have seen commit `seen` of this store, which began this time with commit `began`: the engine stops acting. */
  | { readonly type: 'storeRolledBack'; readonly began: number; readonly seen: number }
  /** *durable* */
  | { readonly type: 'commandSubmitted'; readonly commandId: string; readonly commandType: string; readonly parentId: string | null }
  /** *durable*: it goes on with another version of its definition. */
  | { readonly type: 'commandMigrated'; readonly commandId: string; readonly from: number; readonly to: number }
  /** *durable* */
  | { readonly type: 'statusChanged'; readonly commandId: string; readonly status: string; readonly error: ErrorRecord | null }
  /** *durable*: an operator acted on a held command. */
  | { readonly type: 'operatorActed'; readonly commandId: string; readonly action: OperatorAction; readonly reason: string | null }
  /** *durable*: it has been over for long enough, and nothing is kept of it and its children any more. */
  | { readonly type: 'commandExpired'; readonly commandId: string }
  /** Records that are to go could not be read: they stay, for now. */
  | { readonly type: 'retentionFailed'; readonly error: ErrorRecord }
  /** A callback's function is about to run (perhaps again). `task`: of `beforeRetry` and `probe`, as in the history. */
  | { readonly type: 'callbackRuns'; readonly commandId: string; readonly index: number; readonly handler: string; readonly callback: CallbackName; readonly attempt: number; readonly task?: string }
  /** *durable*: the batch with the callback's changes is synced. `threw`: the commit is of its failure. */
  | {
      readonly type: 'callbackCommitted';
      readonly commandId: string;
      readonly index: number;
      readonly handler: string;
      readonly callback: CallbackName;
      readonly attempt: number;
      readonly task?: string;
      readonly threw: ErrorRecord | null;
    }
  /** *durable* */
  | {
      readonly type: 'taskPlaced';
      readonly taskId: string;
      readonly commandId: string;
      readonly executionIndex: number;
      readonly reason: ExecutionReason;
      readonly attempt: number;
      readonly verb: string;
    }
  /** *durable* */
  | { readonly type: 'taskSubmitted'; readonly taskId: string; readonly host: string }
  /** *durable*: its outcome has been consumed. */
  | { readonly type: 'taskEnded'; readonly taskId: string; readonly outcome: Outcome }
  /** *durable*: cleared on its host and forgotten. */
  | { readonly type: 'taskCleared'; readonly taskId: string }
  /** An acknowledged task is not on the list of an SPM that has loaded its tasks. Told once for each time that it goes missing. */
  | { readonly type: 'taskMissing'; readonly taskId: string; readonly host: string }
  /**
   * On hosts that make their own ids: `unanswered`, its submission may have been sent, and nobody has answered; `lost`, a host had it, and has not listed it for too
   * long. When nothing of it can be running or on its way any more, its handler is asked what became of it.
   */
  | { readonly type: 'taskUnresolved'; readonly taskId: string; readonly why: 'unanswered' | 'lost' }
  /** The SPM's word on a task that was missing, or not wanted any more before its submission was answered. `fenced`: it is not running and never will. */
  | { readonly type: 'fenceAnswered'; readonly taskId: string; readonly host: string; readonly answer: 'fenced' | 'onHost' }
  /** An answer to a request to fence a task that says nothing about it: it is asked again. */
  | { readonly type: 'fenceRefused'; readonly taskId: string; readonly host: string; readonly code: number }
  /** A completion that matches no task where its command is: it changed nothing. */
  | { readonly type: 'completionIgnored'; readonly taskId: string; readonly why: string }
  /** The pool has no SPM: this host is to become it. `prevId`: who was, as storage says. */
  | { readonly type: 'spmElected'; readonly pool: string; readonly host: string; readonly prevId: string | null }
  /** The SPM has been silent for too long: the fence agent is asked to see to it that it is dead. */
  | { readonly type: 'hostFenced'; readonly pool: string; readonly host: string }
  | { readonly type: 'lockGranted'; readonly owner: string; readonly keys: readonly string[] }
  /** An undo, or the command's end, waits until this host has said that the call, which nobody has answered, is over. Told once, however often the host is asked. */
  | { readonly type: 'callAwaited'; readonly commandId: string; readonly host: string; readonly verb: string }
  /** A command waits for its locks; this one is in the way. `held` is false where it is not held, but promised to who came first. */
  | { readonly type: 'lockAwaited'; readonly owner: string; readonly commandId: string; readonly key: string; readonly holder: string; readonly held: boolean }
  | { readonly type: 'lockRefused'; readonly owner: string; readonly key: string; readonly holder: string; readonly held: boolean }
  | { readonly type: 'lockReleased'; readonly owner: string; readonly keys: readonly string[] }
  /** A commit was refused because an entity has changed; its callback runs again. */
  | { readonly type: 'conflict'; readonly commandId: string; readonly entity: EntityKey }
  /** Told by whoever runs the node, since a node cannot tell of its own crash. `cause`: a fault's name, or the defect that stopped it. */
  | { readonly type: 'engineCrashed'; readonly cause: string }
  /** Told by whoever runs the node: it stands still for so long. */
  | { readonly type: 'enginePaused'; readonly us: number }
  // Clients
  /** What a client was told of its command; null: its submission was refused. */
  | { readonly type: 'clientTold'; readonly commandId: string; readonly status: string | null; readonly refusal: string | null }
  /** What a client was told of its wish to cancel: `accepted`, `pending`, or why it was refused. */
  | { readonly type: 'cancelAnswered'; readonly commandId: string; readonly answer: string }
  /** What a client was told of an operator's action: the command's status after it, or why it was refused. */
  | { readonly type: 'operateAnswered'; readonly commandId: string; readonly requestId: string; readonly answer: OperateTold }
  // Hosts
  /** `task`: what the engine calls it, if the host makes its own ids. */
  | { readonly type: 'hostTaskAccepted'; readonly host: string; readonly taskId: string; readonly verb: string; readonly task?: string }
  | { readonly type: 'hostTaskStarted'; readonly host: string; readonly taskId: string }
  /** Its job is over, or never began, and what it had done so far is to be taken back. */
  | { readonly type: 'hostTaskRollingBack'; readonly host: string; readonly taskId: string }
  | { readonly type: 'hostTaskEnded'; readonly host: string; readonly taskId: string; readonly result: 'success' | 'cleanSuccess' | 'cleanFailure'; readonly code: number }
  | { readonly type: 'hostTaskCleared'; readonly host: string; readonly taskId: string }
  /** A fault: the host does not know it any more. Its job is over. */
  | { readonly type: 'hostTaskLost'; readonly host: string; readonly taskId: string }
  /** Somebody asked to clear a task that is not over. */
  | { readonly type: 'hostClearRefused'; readonly host: string; readonly taskId: string; readonly state: string }
  | { readonly type: 'hostCall'; readonly host: string; readonly key: string; readonly verb: string; readonly code: number; readonly repeated: boolean }
  | { readonly type: 'spmRoleChanged'; readonly host: string; readonly pool: string; readonly role: 'Free' | 'Contend' | 'SPM' }
  /** Who asked a host to become SPM took another host for the last one (`spmId`), or another version of its lease, than storage names. Storage is right. */
  | { readonly type: 'spmExpectedElsewhere'; readonly host: string; readonly pool: string; readonly spmId: string | null; readonly leaseVersion: number; readonly owner: string | null; readonly version: number }
  /** Told by whoever runs the node, as of the engine. */
  | { readonly type: 'hostCrashed'; readonly host: string; readonly cause: string }
  | { readonly type: 'hostHung'; readonly host: string; readonly us: number }
  | { readonly type: 'hostStarted'; readonly host: string; readonly incarnation: number }
  /** Storage has taken the lease of a pool's SPM away. Like the next two, told by whoever makes the faults. */
  | { readonly type: 'leaseRevoked'; readonly pool: string }
  /** An operator lets the SPM of a pool stop, and then `to` start. */
  | { readonly type: 'spmMoves'; readonly pool: string; readonly to: string }
  /** From now on there are none. */
  | { readonly type: 'faultsEnded' }
  /** It was on its way, or waiting for the host, for longer than its network promises: it is not handled, as if it were lost. */
  | { readonly type: 'messageTooOld'; readonly host: string; readonly from: string; readonly op: string }
  /** A message from an engine incarnation or fence number that is over was refused. */
  | { readonly type: 'staleRefused'; readonly host: string; readonly commandId: string | null }
  // The network
  /** `op`: what was asked, or `reply`. `nobody`: it arrived where no node was up. `correlation`: of a request or an answer; `commandId`: on whose behalf a request is made, if on anybody's. */
  | { readonly type: 'messageLost'; readonly from: string; readonly to: string; readonly op: string; readonly why: 'loss' | 'partition' | 'dropMessage' | 'nobody'; readonly correlation?: string; readonly commandId?: string }
  /** `task`: it is the submission of this one to a host that makes its own task ids, and so does not recognise it. */
  | { readonly type: 'messageDuplicated'; readonly from: string; readonly to: string; readonly op: string; readonly task?: string }
  | { readonly type: 'messageDelayed'; readonly from: string; readonly to: string; readonly op: string; readonly byUs: number; readonly correlation?: string; readonly commandId?: string }
  /** A fault: `from` cannot reach `to` any more, null being all others; and cannot be reached, unless it is `oneWay`. */
  | { readonly type: 'partitionBegan'; readonly from: string; readonly to: string | null; readonly oneWay: boolean }
  | { readonly type: 'partitionEnded'; readonly from: string; readonly to: string | null };
