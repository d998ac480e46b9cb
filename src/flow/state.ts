import type { Data } from '../model/data.js';
import type { Effect } from '../model/effect.js';
import type { ErrorRecord } from '../model/errors.js';
import type { LockRequest, LockWait } from '../model/lock.js';
import type { OperatorAction } from '../model/operator.js';
import type { Outcome } from '../model/outcome.js';
import type { ExecutionReason } from '../model/task.js';

/**
 * Where a command is. Terminal: SUCCEEDED, ROLLED_BACK, REJECTED, CLOSED_BY_OPERATOR. Held (locks kept, waiting for an operator): STUCK, ROLLBACK_INCOMPLETE, PARKED.
 * COMPLETED is for dependent children alone: all steps are done, and until its root ends it may still be rolled back.
 */
export type CommandStatus =
  | 'SUBMITTED'
  | 'RUNNING'
  | 'ROLLING_BACK'
  | 'COMPLETED'
  | 'SUCCEEDED'
  | 'ROLLED_BACK'
  | 'REJECTED'
  | 'CLOSED_BY_OPERATOR'
  | 'STUCK'
  | 'ROLLBACK_INCOMPLETE'
  | 'PARKED';

export function isTerminal(status: CommandStatus): boolean {
  return status === 'SUCCEEDED' || status === 'ROLLED_BACK' || status === 'REJECTED' || status === 'CLOSED_BY_OPERATOR';
}

/** Over, or, of a dependent child, over as far as that depends on itself. */
export function isOver({ status }: CommandState): boolean {
  return status === 'COMPLETED' || isTerminal(status);
}

export type HeldStatus = Extract<CommandStatus, 'STUCK' | 'ROLLBACK_INCOMPLETE' | 'PARKED'>;

export function isHeld(status: CommandStatus): status is HeldStatus {
  return status === 'STUCK' || status === 'ROLLBACK_INCOMPLETE' || status === 'PARKED';
}

/**
 * A callback as the flow schedules it. `start` is `beforeTask` and `createTask`, which share one staged view and one commit; `createTask` runs alone when the
 * step's tasks turn out to have crossed the point of no return.
 */
export type Callback = 'start' | 'createTask' | 'endSuccessfully' | 'endWithFailure' | 'compensate' | 'compensationEnded' | 'hasPassed';

/** With those that belong to a task, and run beside the rest of its step's work. */
export type ScheduledCallback = Callback | 'beforeRetry' | 'probe';

/** Which work a command waits for: the step's own, or the revert tasks of one of its undo callbacks. */
export type WorkOf = 'step' | 'endWithFailure' | 'compensate';

/** What a command is doing at its `executionIndex`. Everything it owes the world follows from this and nothing else. */
export type Phase =
  /** Waiting for its locks. */
  | { readonly at: 'admission' }
  /**
   * A callback is to run. `attempt` counts from 1 and makes its keys; `failures` counts those that the retry policy counts; `notBefore`
   * (µs) ends a back-off.
   */
  | {
      readonly at: 'callback';
      readonly callback: Callback;
      readonly attempt: number;
      readonly failures: number;
      readonly notBefore: number | null;
    }
  | { readonly at: 'work'; readonly of: WorkOf }
  /** The completed children of the step are being rolled back, the last one first; then the step itself is undone. */
  | { readonly at: 'children' }
  /** A dependent child that has done all its steps: it waits for what becomes of its root. */
  | { readonly at: 'completed' }
  /** Nothing goes on without an operator. `from` is where it stopped; null when every step has had its turn. */
  | { readonly at: 'held'; readonly from: Phase | null }
  | { readonly at: 'ended' };

/** Why a task or a child is asked to stop. */
export type StopReason = 'sibling' | 'cancelled' | 'timeout' | 'zombie';

/** A request to stop: a user's wish that the command be undone, or a step's time limit. `during`: the callback run that it came in the middle of, whose commit is refused. */
export type CommandStop = { readonly requestedAt: number; readonly during: { readonly callback: Callback; readonly attempt: number } | null };

/** An attempt of a task that is over, and the id that it had on hosts. */
export type PastAttempt = { readonly id: string; readonly outcome: Outcome };

export type TaskItem = {
  readonly kind: 'task';
  readonly ordinal: number;
  /** The attempt of the callback that asked for it. */
  readonly run: number;
  /** The id of the current attempt's task. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Attempts that the retry policy counts. */
  readonly failures: number;
  /** How the earlier attempts ended, the first one first. */
  readonly past: readonly PastAttempt[];
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  readonly pool: string;
  readonly entity: string | null;
  readonly doneCodes: readonly number[];
  /** It may be tried again when nobody can tell whether it ran. */
  readonly repeatable: boolean;
  /** Set while the item waits for its next attempt, µs. */
  readonly notBefore: number | null;
  /** A committed request to stop it. */
  readonly stop: StopReason | null;
  /** Of the last attempt; null while one is outstanding. */
  readonly outcome: Outcome | null;
  /** The handler's `probe` is being asked what became of it. */
  readonly probing?: Probing;
  /** What comes before its next attempt, which `id` and `attempt` tell of already. */
  readonly cleanUp?: CleanUp;
  /** Its next attempt was not to be; `error`: because the clean-up before that has failed for good. A later clean-up must not use the run's keys and ids again. */
  readonly givenUp?: { readonly run: number; readonly error: ErrorRecord | null };
  /** The tasks of its clean-ups that are over. */
  readonly cleanedUp?: readonly TaskItem[];
};

/** `unanswered`: its submission may have been sent, and no host has said so; `lost`: a host had it. The rest as in the phase of a callback. */
export type Probing = { readonly of: 'unanswered' | 'lost'; readonly attempt: number; readonly failures: number; readonly notBefore: number | null };

/** Between the back-off of a failed task and its next attempt: `beforeRetry`, and then the tasks that it returned. */
export type CleanUp =
  /** As in the phase of a callback. */
  | { readonly at: 'callback'; readonly attempt: number; readonly failures: number; readonly notBefore: number | null }
  /** `run`: the attempt of `beforeRetry` that asked for them. */
  | { readonly at: 'work'; readonly run: number; readonly work: readonly TaskItem[] };

/** A child command. Optional fields are absent until there is something to say. */
export type ChildItem = {
  readonly kind: 'child';
  readonly ordinal: number;
  readonly id: string;
  readonly type: string;
  readonly params: Data;
  readonly locks: readonly LockRequest[];
  readonly independent: boolean;
  /** A committed request to cancel it. */
  readonly stop: StopReason | null;
  /** `succeeded` as soon as a dependent child is COMPLETED; what became of it in a rollback is `undo`. */
  readonly outcome: Outcome | null;
  /** It is held, and with it the parent. Of dependent children only. */
  readonly held?: { readonly status: HeldStatus; readonly error: ErrorRecord };
  /** It completed past its point of no return: it cannot be rolled back any more. */
  readonly past?: true;
  /** `stays`: it should have been rolled back, but is past its point of no return; `closed`: by an operator, so that there may be something of it. */
  readonly undo?: 'rolledBack' | 'stays' | 'closed';
};

export type WorkItem = TaskItem | ChildItem;

/**
 * How a step's undo ended. `left`: what it did stays, as it declares; `nothingToUndo`: it is effect-free; `failed`: tried, for good; `notUndoable`: there are
 * effects and no way back; `blocked`: not tried, because a later step could not be undone; `skipped`: given up by an operator; `resolved`: done by hand.
 */
export type UndoOutcome = 'compensated' | 'left' | 'nothingToUndo' | 'failed' | 'notUndoable' | 'blocked' | 'skipped' | 'resolved';

/** `maybe` is committed before the first verb that may cross leaves; only an answer or the part's good end makes it `passed`. */
export type Pivot = 'none' | 'maybe' | 'passed';

/** One reached step. Optional fields are absent until there is something to say. */
export type StepState = {
  readonly handler: string;
  /** Which step of the command it is for good, and what its ids are made from, if that is not its index: a migration has moved it. */
  readonly number?: number;
  /** µs, of the commit that made it the current step. */
  readonly reachedAt: number;
  /** `beforeTask` and `createTask` are committed. */
  readonly begun: boolean;
  readonly before?: Data;
  readonly work: readonly WorkItem[];
  /** Tasks that failed when the point of no return was behind: `createTask`, run again, has said what remains in their place. */
  readonly superseded?: readonly TaskItem[];
  /** An HSM call of a forward callback that threw had left, so there may be effects that no task accounts for. */
  readonly sent?: true;
  /** Its time was up before its work was over. Of no effect if all of that ended well, or behind a point of no return. */
  readonly timedOut?: CommandStop;
  readonly completed: boolean;
  readonly output?: Data;
  readonly pivot: Pivot;
  /** Why `hasPassed` is being asked: which part failed, and what it has been through. */
  readonly asking?:
    | { readonly of: 'start' | 'endSuccessfully'; readonly attempt: number; readonly failures: number; readonly error: ErrorRecord }
    | { readonly of: 'work'; readonly error: ErrorRecord };
  /** The step failed: its own `endWithFailure` undoes it. */
  readonly failure?: ErrorRecord;
  readonly revertWork: readonly TaskItem[];
  /** The last run of `compensationEnded` that is over. */
  readonly told?: number;
  readonly undo?: UndoOutcome;
  readonly undoError?: ErrorRecord;
  /** The last attempt of its undo callback, once that has failed for good: a later one must not use its keys again. */
  readonly undoAttempt?: number;
  /** It could not be completed past the point of no return, and an operator gave up what was left of it, or did it by hand. */
  readonly closed?: 'skipped' | 'resolved';
  /** HSM calls of its forward callbacks that were answered well or not at all. */
  readonly called?: readonly CalledVerb[];
};

/** An HSM call as an operator is told of it. */
export type CalledVerb = {
  readonly callback: 'start' | 'beforeRetry' | 'endSuccessfully';
  readonly task?: string;
  readonly host: string;
  readonly verb: string;
  /** It was made before the point of no return turned out to be behind. */
  readonly crossed?: true;
};

/** An HSM call of a run that is over, or was given up, which nobody has answered: it may still take effect on its host. */
export type UnsettledCall = { readonly host: string; readonly hostIncarnation: number; readonly verb: string };

/** When the hosts were asked whether a command's calls are over: with this fence number, and after so many actions of operators. What was sent since may not be. */
export type SettledAt = { readonly fence: number; readonly actions: number };

/** What is there of one step of a command that did not end by its own rules. */
export type Existing = {
  readonly index: number;
  readonly handler: string;
  /** How its undo ended; or, of a step that was not to be undone, `completed`, or `unfinished` where the command stopped in the middle of it. */
  readonly why: 'completed' | 'unfinished' | 'failed' | 'notUndoable' | 'blocked' | 'skipped';
  /** Tasks that ran or may have run, by their last attempt. */
  readonly tasks: readonly { readonly id: string; readonly verb: string; readonly args: TaskItem['args']; readonly entity: string | null; readonly outcome: Outcome }[];
  readonly calls: readonly CalledVerb[];
  /** Ids of the child commands that it started. */
  readonly children: readonly string[];
  /** Why it was not undone. */
  readonly error?: ErrorRecord;
};

/** One action of an operator on a held command. */
export type OperatorEntry = {
  /** µs, of the commit. */
  readonly t: number;
  /** Chosen by whoever asked: the same one again does nothing more. */
  readonly requestId: string;
  readonly action: OperatorAction;
  readonly reason?: string;
  /** What it was held as, at which `executionIndex`, and why. */
  readonly status: CommandStatus;
  readonly index: number;
  /** Of that step, if it is not its index. */
  readonly number?: number;
  readonly heldBy: ErrorRecord | null;
  /** How many callbacks were committed before it. */
  readonly historyLength: number;
};

/** Which command started this one, and the number of the step that did. */
export type ParentRef =
  | { readonly commandId: string; readonly step: number; readonly independent: true }
  /** `familyRootId`: the nearest command above that depends on nobody, and whose end is this one's. */
  | { readonly commandId: string; readonly step: number; readonly independent: false; readonly familyRootId: string };

/** How a command came from one version of its definition to a later one. Steps are named by their numbers. */
export type MigrationEntry = {
  /** µs, of the commit. */
  readonly t: number;
  readonly from: number;
  readonly to: number;
  /** New steps that it was past already, and that never run. */
  readonly passedOver: readonly number[];
  /** Completed steps that are gone though they are not undone: nobody undoes them any more. */
  readonly dropped: readonly DroppedStep[];
  /** Runs of callbacks whose calls were under way: each was given up for the next attempt. */
  readonly givenUp: readonly GivenUpRun[];
  /** How many callbacks were committed before it. */
  readonly historyLength: number;
};

/** `index`: where it was. */
export type DroppedStep = Pick<Existing, 'index' | 'handler' | 'tasks' | 'calls' | 'children'> & { readonly number: number };

/** `task`: of `beforeRetry`, the attempt that it comes before. */
export type GivenUpRun = { readonly callback: ScheduledCallback; readonly number: number; readonly attempt: number; readonly task?: string };

/** A command's snapshot: what is on disk, and all that is needed to go on. */
export type CommandState = {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly params: Data;
  /** Handler names as of submission: a program with another list must not continue it. */
  readonly handlers: readonly string[];
  readonly parent: ParentRef | null;
  /** The owner of its locks. Itself, if it has no parent. */
  readonly rootId: string;
  /**
   * The store's last commit that is lost, plus one, when an operator had last accepted an older store; absent if none ever did. It is in the ids of all that
   * the command has hosts do from then on, so that what the lost commits did is not taken for it.
   */
  readonly epoch?: number;
  /** It was under way in an older store that was accepted: what it had done by the end of the lost commits nobody knows, and its status is true of this store alone. */
  readonly inDoubt?: true;
  /** What it asks for, as its definition said when it was submitted: a changed program cannot make it hold something else. */
  readonly locks: readonly LockRequest[];
  readonly lockWait: LockWait;
  readonly status: CommandStatus;
  /** The step being executed or undone; -1 when all are undone. Meaningless while SUBMITTED. */
  readonly executionIndex: number;
  readonly executionReason: ExecutionReason;
  readonly phase: Phase;
  /** Grows only in a commit that gives up something that was sent. */
  readonly fence: number;
  /** Reached steps, from 0. */
  readonly steps: readonly StepState[];
  /** Of the step that is reached next: no step before had it, also none that is gone. */
  readonly nextNumber: number;
  /** The error that made it fail; an undo's error never replaces it. */
  readonly error: ErrorRecord | null;
  /** Until it takes effect, or turns out to come too late: then it is null again. */
  readonly cancel: CommandStop | null;
  /** Why it is held; null if it is not. */
  readonly heldBy: ErrorRecord | null;
  /** Effects that the rollback left on purpose. */
  readonly residue: readonly Effect[];
  /** What operators did with it while it was held, the first action first. */
  readonly operator: readonly OperatorEntry[];
  /** What is there of a command that an operator closed; empty for any other. */
  readonly exists: readonly Existing[];
  /** Absent while there are none. Those of callbacks that may run again are in their records. */
  readonly unsettled?: readonly UnsettledCall[];
  /** The first one first; absent if there was none. */
  readonly migrations?: readonly MigrationEntry[];
  /** How many history entries are on disk. */
  readonly historyLength: number;
  /** µs */
  readonly submittedAt: number;
  /** µs, of the commit that ended it; null while it is not over. */
  readonly endedAt: number | null;
};

/** A committed callback, as `history/<command>/<n>` keeps it. */
export type HistoryEntry = {
  /** µs, of the commit. */
  readonly t: number;
  readonly handler: string;
  /** Where its step was then. */
  readonly index: number;
  /** The step's number, if it is not its index. */
  readonly number?: number;
  readonly callback: 'beforeTask' | 'createTask' | 'beforeRetry' | 'probe' | 'endSuccessfully' | 'endWithFailure' | 'compensate' | 'compensationEnded' | 'hasPassed';
  /** Of `beforeRetry`: the id of the attempt that it comes before. Of `probe`: of the one that it is asked about. */
  readonly task?: string;
  readonly attempt: number;
  /** `ok`, or the code of the error that it threw. For `hasPassed` and `probe`: the answer. */
  readonly outcome: string;
  /** The host's code, where one is behind the error. */
  readonly hostCode?: number;
};

export type NewCommand = {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly params: Data;
  readonly handlers: readonly string[];
  readonly parent: ParentRef | null;
  readonly rootId: string;
  readonly epoch?: number;
  readonly locks: readonly LockRequest[];
  readonly lockWait: LockWait;
  readonly submittedAt: number;
};

/** The lowest fence number of a command in this epoch: no commit uses up more than one, so the lost ones used none that is as high. */
export function firstFence(epoch: number | undefined): number {
  return (epoch ?? 0) + 1;
}

export function submitted(command: NewCommand): CommandState {
  return {
    ...command,
    status: 'SUBMITTED',
    executionIndex: 0,
    executionReason: 'REGULAR_FLOW',
    phase: { at: 'admission' },
    fence: firstFence(command.epoch),
    steps: [],
    nextNumber: 0,
    error: null,
    cancel: null,
    heldBy: null,
    residue: [],
    operator: [],
    exists: [],
    historyLength: 0,
    endedAt: null,
  };
}
