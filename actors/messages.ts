import type { ChildReport } from '../src/flow/event.js';
import type { CommandState, StopReason } from '../src/flow/state.js';
import type { OperatorRequest } from '../src/model/operator.js';
import type { Outcome } from '../src/model/outcome.js';
import type { ExecutionReason, SpmAsyncTask } from '../src/model/task.js';
import type { EntityKey } from '../src/model/entity.js';
import type { ErrorRecord } from '../src/model/errors.js';
import type { Change } from '../src/store/change.js';
import type { StagedEntities } from '../src/store/staged-view.js';
import type { RunResult } from './command/callback-run.js';
import type { CallSlot } from './command/call-slot.js';
import type { Answer } from './exchange.js';
import type { ElectionStep } from './pool/election.js';
import type { LockClaim } from './locks/lock-claim.js';
import type { LockConflict } from './locks/lock-queue.js';
import type { Probe } from './probe.js';
import type { HostRequest, SeenCommits, TaskEnded, WireReply } from './wire.js';

// What the engine's actors may be sent. A `wake` in a message is called exactly once, and does no more than dispatch one message.

// command

export type CommandMessage =
  /** Carry out what the durable state owes. Sent once, when the actor starts. */
  | { readonly type: 'begin' }
  | { readonly type: 'locksAnswered'; readonly answer: LockAnswer }
  | { readonly type: 'callbackDue'; readonly slot: CallSlot; readonly run: number }
  | { readonly type: 'runEnded'; readonly slot: CallSlot; readonly run: number; readonly result: RunResult }
  /** Something that a callback was waiting for: resolving it lets the callback go on within this turn. */
  | { readonly type: 'resolve'; readonly resolve: () => void }
  | { readonly type: 'committed'; readonly outcome: CommitOutcome }
  | {
      readonly type: 'taskEnded';
      readonly taskId: string;
      readonly executionIndex: number;
      readonly executionReason: ExecutionReason;
      readonly attempt: number;
      /** As in the task's record. */
      readonly hostTaskId?: string;
      readonly outcome: Outcome;
    }
  /** Of a task whose submission nobody has answered, or that its host has forgotten, nothing is running or on its way any more; what became of it, no host can tell. */
  | {
      readonly type: 'taskUnresolved';
      readonly taskId: string;
      readonly executionIndex: number;
      readonly executionReason: ExecutionReason;
      readonly why: 'unanswered' | 'lost';
    }
  /** It is older than any task should become. */
  | { readonly type: 'taskOverdue'; readonly taskId: string }
  | { readonly type: 'childReported'; readonly childId: string; readonly report: ChildReport }
  /** From the parent of a completed child. */
  | { readonly type: 'rollBack'; readonly error: ErrorRecord }
  | { readonly type: 'retryDue'; readonly id: string }
  | { readonly type: 'stepTimedOut'; readonly index: number }
  /** `wake` is null for a parent, which waits for the child's end and for nothing else. */
  | { readonly type: 'cancel'; readonly wake: ((answer: CancelAnswer) => void) | null }
  | { readonly type: 'operate'; readonly request: OperatorRequest; readonly wake: (answer: OperateAnswer) => void };

/** `pending`: the point of no return may be behind; whether the wish comes in time will show. */
export type CancelAnswer = { readonly kind: 'accepted' } | { readonly kind: 'pending' } | { readonly kind: 'refused'; readonly why: string };

/** `done`: on disk, now or by an earlier request of the same id. */
export type OperateAnswer = { readonly kind: 'done'; readonly state: CommandState } | { readonly kind: 'refused'; readonly why: string };

// task manager

export type TaskManagerMessage =
  /** Its placeholder is committed. */
  | { readonly type: 'place'; readonly task: SpmAsyncTask }
  | { readonly type: 'stop'; readonly taskId: string; readonly reason: StopReason }
  /** An operator lets a command go on whose tasks were withheld: those that are only placed are to be submitted. */
  | { readonly type: 'release'; readonly commandId: string }
  /** The commit that consumed its outcome is done: clear it. Also for a completion that nobody wants. */
  | { readonly type: 'clear'; readonly taskId: string }
  | { readonly type: 'submitAnswered'; readonly taskId: string; readonly host: string; readonly reply: WireReply }
  /** A host has not answered its submission in time. */
  | { readonly type: 'submitUnanswered'; readonly taskId: string }
  /** It is on disk as this. */
  | { readonly type: 'submitted'; readonly task: SpmAsyncTask }
  /** Its submission was withdrawn before it left. */
  | { readonly type: 'notSent'; readonly taskId: string }
  /** What the SPM says to a request to fence it. */
  | { readonly type: 'fenceAnswered'; readonly taskId: string; readonly host: string; readonly reply: WireReply }
  /** A request whose outcome the next poll tells. */
  | { readonly type: 'answered' }
  | { readonly type: 'pollDue'; readonly pool: string }
  /** `n`: which poll is answered. */
  | { readonly type: 'polled'; readonly pool: string; readonly n: number; readonly reply: WireReply | null }
  /** The SPM has said which verbs the tasks on its list are of. */
  | { readonly type: 'informed'; readonly pool: string; readonly list: OwnList; readonly reply: WireReply }
  /** A host has told, without being asked, that a task is over. */
  | { readonly type: 'pushed'; readonly ended: TaskEnded }
  | { readonly type: 'clearAnswered'; readonly taskId: string; readonly reply: WireReply }
  | { readonly type: 'cleared'; readonly taskId: string };

/** What there is on the list of an SPM that makes its own ids, and on record with nobody: host ids of those that run, and of those that are over. */
export interface OwnList {
  /** When it was asked for, µs. */
  readonly askedAt: number;
  readonly running: readonly string[];
  readonly over: readonly string[];
}

// pool

/** A request to whoever is the pool's SPM. */
export interface Offer {
  readonly body: HostRequest;
  /** On whose behalf; its fence number is looked up anew for each try. */
  readonly commandId: string | null;
  /** `untilAnswered`: what says nothing about the request (not SPM, recovering, queue full, no answer) makes it be offered again. `once`: it gives up. */
  readonly patience: 'untilAnswered' | 'once';
  /** Of what submits a task: there may be no room for it, and then it waits its turn. */
  readonly submission?: Submission;
  /** Whether nobody waits for the answer now: then, if no host of the pool is alive, it does not keep a simulation going. Default: somebody does. */
  readonly isCourtesy?: () => boolean;
  /** Called exactly once, with null if it gave up; never if another took its place. Must do no more than dispatch one message. */
  readonly wake: (answer: { readonly host: string; readonly reply: WireReply } | null) => void;
  /** Of what must not be made twice: called instead when a host has not answered it in time. It may have arrived, and is not offered again. */
  readonly silent?: () => void;
}

export interface Submission {
  readonly taskId: string;
  /** The root command, among which turns are taken. */
  readonly root: string;
  /** Whether it undoes something. */
  readonly undoes: boolean;
}

export type PoolMessage =
  | { readonly type: 'offer'; readonly offer: Offer }
  /** `n`: which sending of it is answered. */
  | { readonly type: 'answered'; readonly offer: Offer; readonly n: number; readonly host: string; readonly answer: Answer }
  | { readonly type: 'offerAgain'; readonly offer: Offer }
  /** There may be room for what waits its turn. */
  | { readonly type: 'roomAgain' }
  /**
   * A submission is not wanted any more. One that has left for no host is given up, unless an earlier incarnation may have sent it (`mayHaveLeft`). Any other
   * may have arrived: if it has not been answered when it would be offered again, `instead` is offered in its place; or, if that is null, it is given up: hosts have
   * said each time that they do not take it.
   */
  | { readonly type: 'withdraw'; readonly taskId: string; readonly mayHaveLeft: boolean; readonly instead: Offer | null }
  | { readonly type: 'roleAnswered'; readonly round: number; readonly host: string; readonly askedAt: number; readonly answer: Answer }
  /** What became of what was done for the pool to have an SPM. */
  | { readonly type: 'acted'; readonly round: number; readonly step: Extract<ElectionStep, { host: string }>; readonly answer: Answer }
  /** `host`: whom to ask; null: all. */
  | { readonly type: 'lookAgain'; readonly round: number; readonly host: string | null }
  | { readonly type: 'refreshDue' };

// journal

/** How a commit ended. A conflict changed nothing, nor did a refusal: a staged change cannot be applied to the newest version. */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'conflict'; readonly entity: EntityKey }
  | { readonly kind: 'refused'; readonly error: ErrorRecord };

export interface CommitRequest {
  readonly changes: readonly Change[];
  readonly entities: StagedEntities;
  /** Told to the observer once the batch is synced. */
  readonly probes: readonly Probe[];
  /** Called exactly once; must do no more than dispatch one message. */
  readonly wake: (outcome: CommitOutcome) => void;
}

export type JournalMessage =
  | { readonly type: 'commit'; readonly request: CommitRequest }
  | { readonly type: 'written' }
  /** The store is an older copy: that is committed, and nothing more; nobody is answered. */
  | { readonly type: 'refuse'; readonly seen: SeenCommits }
  | { readonly type: 'writeFailed'; readonly error: unknown };

// locks

/** `conflict`: what is in the way; for `deadlock`, a lock whose holder waits for the asker. */
export type LockAnswer =
  | { readonly kind: 'granted' }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'refused' | 'timedOut' | 'deadlock'; readonly conflict: LockConflict };

export interface AcquireLocks extends LockClaim {
  /** µs: how long it may wait. Null: it is answered at once. */
  readonly waitUntil: number | null;
  /** Called exactly once; must do no more than dispatch one message. */
  readonly wake: (answer: LockAnswer) => void;
}

export type LocksMessage =
  /** These commands were waiting when the engine crashed, and are about to ask again. Nobody is answered before they all have. */
  | { readonly type: 'expect'; readonly commandIds: readonly string[] }
  | { readonly type: 'acquire'; readonly request: AcquireLocks }
  | { readonly type: 'waitOver'; readonly request: AcquireLocks }
  /** The command gives up what it asked for; if it has been answered already, that stands. */
  | { readonly type: 'withdraw'; readonly commandId: string }
  /** After the batch that deletes the owner's lock records. */
  | { readonly type: 'release'; readonly owner: string };
