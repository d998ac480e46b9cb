import type { Data } from '../model/data.js';
import type { Effect } from '../model/effect.js';
import type { ErrorRecord } from '../model/errors.js';
import type { LockRequest } from '../model/lock.js';
import type { PivotAnswer, ProbeAnswer } from '../model/handler.js';
import type { OperatorRequest } from '../model/operator.js';
import type { Outcome } from '../model/outcome.js';
import type { TaskRequest } from '../model/task.js';
import type { CalledVerb, Callback, ChildItem, HeldStatus, Probing, SettledAt, StopReason, TaskItem } from './state.js';

/** Work as a callback staged it, in the order it was started. */
export type StagedWork =
  | { readonly kind: 'task'; readonly request: TaskRequest }
  | { readonly kind: 'child'; readonly type: string; readonly params: Data; readonly locks: readonly LockRequest[]; readonly independent: boolean };

/** What a parent is told of a child: now, and again whenever its engine starts. */
export type ChildReport =
  /** It has done all its steps. `past`: its point of no return is behind. */
  | { readonly is: 'completed'; readonly past: boolean }
  /** It is terminal. */
  | { readonly is: 'ended'; readonly outcome: Outcome }
  /** An operator has ended it. `completed`: with all its steps done, so that what it was for is there. */
  | { readonly is: 'closed'; readonly completed: boolean; readonly error: ErrorRecord }
  | { readonly is: 'held'; readonly status: HeldStatus; readonly error: ErrorRecord }
  | { readonly is: 'underWay' };

/** Which run of a callback an event comes from; one that is over changes nothing. */
export type RunRef = { readonly index: number; readonly attempt: number };

/** A run of `beforeRetry` or `probe`. `task`: the id of the attempt that it comes before, or is asked about. */
export type TaskRunRef = RunRef & { readonly task: string };

/** What can happen to a command. Each event is applied by one commit. */
export type FlowEvent =
  | { readonly type: 'locksGranted' }
  | { readonly type: 'locksRefused'; readonly error: ErrorRecord }
  /** `before` is absent if `beforeTask` returned nothing. */
  /** `called`, here and below: the HSM calls of the run, for whoever has to know later what there may be; absent if there were none. */
  | { readonly type: 'started'; readonly run: RunRef; readonly before?: Data; readonly work: readonly StagedWork[]; readonly called?: readonly CalledVerb[] }
  /** `createTask` has run again, past the point of no return. */
  | { readonly type: 'recreated'; readonly run: RunRef; readonly work: readonly TaskRequest[] }
  | { readonly type: 'endedSuccessfully'; readonly run: RunRef; readonly output?: Data; readonly called?: readonly CalledVerb[] }
  | { readonly type: 'endedWithFailure'; readonly run: RunRef; readonly revert: readonly TaskRequest[] }
  | { readonly type: 'compensated'; readonly run: RunRef; readonly revert: readonly TaskRequest[]; readonly residue: readonly Effect[] }
  | { readonly type: 'compensationEnded'; readonly run: RunRef }
  | { readonly type: 'answered'; readonly run: RunRef; readonly answer: PivotAnswer }
  /** `sent`: an HSM call had left, so there may be effects. */
  | {
      readonly type: 'threw';
      readonly callback: Callback;
      readonly run: RunRef;
      readonly error: ErrorRecord;
      readonly sent: boolean;
      readonly called?: readonly CalledVerb[];
    }
  /** `beforeRetry` is done, and has returned clean-up tasks. `sent`: as above. */
  | { readonly type: 'prepared'; readonly run: TaskRunRef; readonly work: readonly TaskRequest[]; readonly sent: boolean; readonly called?: readonly CalledVerb[] }
  | { readonly type: 'beforeRetryThrew'; readonly run: TaskRunRef; readonly error: ErrorRecord; readonly sent: boolean; readonly called?: readonly CalledVerb[] }
  /** The first verb of the part that crosses the point of no return is about to leave. */
  | { readonly type: 'crossing' }
  /** Of a task. */
  | { readonly type: 'workEnded'; readonly id: string; readonly outcome: Outcome }
  /** Of a task: whether it was ever there, no host can tell any more, and nothing of it is running or on its way. */
  | { readonly type: 'workUnresolved'; readonly id: string; readonly of: Probing['of'] }
  | { readonly type: 'probed'; readonly run: TaskRunRef; readonly answer: ProbeAnswer }
  | { readonly type: 'probeThrew'; readonly run: TaskRunRef; readonly error: ErrorRecord }
  /** A task is older than any should become. */
  | { readonly type: 'taskOverdue'; readonly id: string }
  | { readonly type: 'childReported'; readonly id: string; readonly report: ChildReport }
  | { readonly type: 'retryDue'; readonly id: string }
  | { readonly type: 'cancel' }
  /** The time limit of step `index` is over. */
  | { readonly type: 'stepTimedOut'; readonly index: number }
  /** Calls that nobody has answered are to be over before it goes on: nothing of them may arrive any more. */
  | { readonly type: 'callsGivenUp' }
  /** They are over. */
  | { readonly type: 'callsSettled'; readonly settled: SettledAt }
  /** `unfit`: why this program cannot continue the command, or null. `called`: the recorded calls of the forward callback that it is held in. `settled`: null where no call is unanswered. */
  | {
      readonly type: 'operate';
      readonly request: OperatorRequest;
      readonly unfit: string | null;
      readonly called: readonly CalledVerb[];
      readonly settled?: SettledAt | null;
    }
  /** The parent of a completed child is rolling back. */
  | { readonly type: 'rollBack'; readonly error: ErrorRecord }
  /** A program that can continue it has found it parked by one that could not. */
  | { readonly type: 'unparked' }
  /** This program cannot continue it: another handler list, or a callback that does not repeat itself. */
  | { readonly type: 'parked'; readonly error: ErrorRecord };

/** When an event is applied, and the draw for a back-off that it may start. */
export interface Instant {
  /** µs */
  readonly now: number;
  /** From [0, 1). */
  readonly jitter: number;
}

/** What the shell owes the world once the new state is on disk. `placeTask` and `startChild` also belong into that very batch. */
export type FlowEffect =
  | { readonly do: 'acquireLocks' }
  | {
      readonly do: 'runCallback';
      readonly callback: Callback;
      readonly index: number;
      readonly attempt: number;
      readonly notBefore: number | null;
    }
  /** For the next attempt of this task. */
  | { readonly do: 'runBeforeRetry'; readonly item: TaskItem }
  /** What became of this task. */
  | { readonly do: 'runProbe'; readonly item: TaskItem }
  | { readonly do: 'placeTask'; readonly item: TaskItem }
  /** Its outcome is in the new state: mark it `Ending`, then clear it on the host. */
  | { readonly do: 'consumeTask'; readonly id: string }
  | { readonly do: 'stopTask'; readonly id: string; readonly reason: StopReason }
  | { readonly do: 'cancelChild'; readonly id: string }
  | { readonly do: 'startChild'; readonly item: ChildItem }
  /** `error`: why, in the child's words. */
  | { readonly do: 'rollBackChild'; readonly id: string; readonly error: ErrorRecord }
  | { readonly do: 'retryAt'; readonly id: string; readonly at: number }
  /** Terminal: release the locks if it is a root, and let its completed family succeed, in that very batch. */
  | { readonly do: 'end' };
