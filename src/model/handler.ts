import type { Data } from './data.js';
import type { Effect } from './effect.js';
import type { EntityView } from './entity.js';
import type { ErrorRecord } from './errors.js';
import type { Outcome } from './outcome.js';
import type { RetrySettings } from './retry.js';
import type { TaskRequest } from './task.js';

/** What every callback of a step sees. `P`: the command's params; `O`: the outputs of earlier steps by handler name. */
export interface StepContext<P, O> {
  readonly commandId: string;
  readonly params: P;
  readonly outputs: O;
  /** The step's place in the command, from 0. */
  readonly executionIndex: number;
  /** 1 for the first run of this callback that counted; a run repeated after a crash or a conflict has the same number. */
  readonly attempt: number;
  /** True once this step's point of no return is known to be behind: the part that crosses it must not do so again. */
  readonly passed: boolean;
  readonly entities: EntityView;
  /** An id that is a function of (command, step, name): the same in every callback of the step and in every run. */
  newId(name: string): string;
  /**
   * Runs an HSM verb on a host and gives its result. Keyed and recorded: when this callback is run again after a crash, a call that
   * was made before is recognised by the host and not done twice.
   * @param options `doneCodes`: codes of the host which say that what is wanted is so already, as of a task; the call then gives null
   * @throws CallFailed the host answered with an error
   * @throws CallUnknown no answer within 180 s, or another incarnation of the host answered
   */
  call(host: string, verb: string, args: { readonly [key: string]: Data }, options?: CallOptions): Promise<Data>;
  /**
   * Asks a host by a verb that only reads. What was answered is kept with the next call, which may have come of it; what was not may be asked of another host in the
   * next attempt, and nothing ever waits for it.
   * @throws CallFailed the host answered with an error
   * @throws CallUnknown no answer within 180 s
   */
  read(host: string, verb: string, args: { readonly [key: string]: Data }): Promise<Data>;
}

export interface CallOptions {
  readonly doneCodes?: readonly number[];
}

/** How a point of no return, or a task that nobody can tell of, is asked about: reads that change nothing. */
export type PivotContext<P, O> = Omit<StepContext<P, O>, 'call'>;

/** A child command as a step asks for it. */
export interface ChildRequest {
  readonly type: string;
  readonly params: { readonly [key: string]: Data };
  /**
   * Left out: the child depends on its parent. It is COMPLETED when it has done its steps, succeeds in the batch that ends its root, and is rolled back if
   * its parent is; if it fails, the step does. `true` (oVirt's live migration, one child per disk): the child's end is final at once, it keeps its own
   * ledger, and the step ends well when all are terminal and at least one succeeded.
   */
  readonly independent?: true;
}

export interface BeforeContext<P, O> extends StepContext<P, O> {
  /** Adds a task to the step's work. Returns its id. */
  startTask(request: TaskRequest): string;
  /**
   * Adds a child command to the step's work; the children of one step run in parallel. Returns its id.
   * @throws SeatbeltError `UNKNOWN_COMMAND_TYPE`, `BAD_PARAMS`, `BAD_TASK`; `CHILD_CYCLE` it would be its own ancestor, or have more than 32
   */
  startChild(request: ChildRequest): string;
}

/** One piece of a step's work and how it ended. */
export interface WorkReport {
  readonly id: string;
  readonly kind: 'task' | 'child';
  /** The task's verb or the child's type. */
  readonly name: string;
  /** Of the last attempt. */
  readonly outcome: Outcome;
  /** Of the attempts before it, the first one first. */
  readonly earlier: readonly Outcome[];
}

/** A task that has failed, and is to be tried again. */
export interface FailedTask {
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  readonly entity: string | null;
  /** The attempt that is to come, from 2. */
  readonly attempt: number;
  /** How those before it ended, the first one first. */
  readonly outcomes: readonly Outcome[];
}

export interface StepFailure {
  /** Whether `beforeTask` and `createTask` were committed, so that their changes exist. */
  readonly beforeCommitted: boolean;
  /** One per task and child, in the order they were started; empty if a callback threw. */
  readonly work: readonly WorkReport[];
  readonly error: ErrorRecord;
}

/** How the revert tasks of an undo callback ended. */
export interface RevertReport {
  readonly of: 'endWithFailure' | 'compensate';
  /** One per revert task, in the order they were returned. */
  readonly work: readonly WorkReport[];
  /** Why the undo has failed for good; null if all of them ended well. */
  readonly error: ErrorRecord | null;
}

export type PivotAnswer = 'passed' | 'notPassed' | 'cannotTell';

export interface PointOfNoReturn<P, O> {
  /** The part of the step that crosses it. */
  readonly part: 'beforeTask' | 'task' | 'endSuccessfully';
  readonly hasPassed: (ctx: PivotContext<P, O>) => PivotAnswer | Promise<PivotAnswer>;
}

/** A task that may have been sent, and of which no host says what became of it. */
export interface ProbedTask {
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  readonly entity: string | null;
}

/** `done`: all of what the task was for is there. `notDone`: nothing is, and it may be submitted anew. `cannotTell`: the task ends as `unknown`, or as `lost` if a host had it. */
export type ProbeAnswer = 'done' | 'notDone' | 'cannotTell';

type Tasks = TaskRequest | readonly TaskRequest[] | undefined;
type MaybePromise<T> = T | Promise<T>;

/**
 * One step of a command (oVirt: SPMAsyncTaskHandler). Callbacks must be functions of what their context shows them: no clock, no
 * randomness, no I/O of their own. All are optional: a step without work ends at once.
 * `N`: name, `P`: params, `O`: outputs of earlier steps, `B`: what `beforeTask` returns, `R`: the step's own output.
 */
export interface TaskHandler<N extends string, P, O, B, R> {
  readonly name: N;
  /** The step changes nothing outside the engine that would have to be undone. */
  readonly effectFree?: boolean;
  /** For forward work: the step's callbacks and each of its tasks. Default: one attempt. */
  readonly retry?: RetrySettings;
  /** For undo work, and for work past the point of no return. */
  readonly undoRetry?: RetrySettings;
  readonly pointOfNoReturn?: PointOfNoReturn<P, O>;
  /**
   * How long the step may take, from when it is reached until its work has ended, retries and waits included; more than 0, up to a year. Then what runs is
   * asked to stop. Default: without limit.
   */
  readonly timeoutMs?: number;
  /** When this step's undo has failed for good: `stop` (default) leaves the earlier steps as they are, `continue` undoes them. */
  readonly onUndoFailed?: 'stop' | 'continue';
  /** Engine-side work before the tasks; what it returns is persisted and given to the step's other callbacks. */
  readonly beforeTask?: (ctx: BeforeContext<P, O>) => MaybePromise<B>;
  /**
   * The step's tasks. If they are the part that crosses the point of no return, and failed when it was behind, it runs again with `passed`, and returns what
   * remains to be done instead of them; `work` then says how each ended, and is empty otherwise.
   */
  readonly createTask?: (ctx: StepContext<P, O> & { readonly before: NoInfer<B>; readonly work: readonly WorkReport[] }) => MaybePromise<Tasks>;
  /**
   * A task of the step has failed, and is about to be tried again: cleans up what the last attempt may have left, and may return clean-up tasks; the next
   * attempt is placed when they have ended well. The rest of the step's work runs on meanwhile. If it throws, or one of these tasks fails, that is tried again
   * as the step's work is, and when it has failed for good, so has the task. Without it, the next attempt is placed at once.
   */
  readonly beforeRetry?: (ctx: StepContext<P, O> & { readonly before: NoInfer<B>; readonly failed: FailedTask }) => MaybePromise<Tasks | void>;
  /**
   * In pools whose hosts make their own task ids, there is no other way to learn what became of a task whose submission nobody has answered, or which its host has
   * forgotten (semantics §3). It is asked about each task of the step, also those that undo or clean up, when it is certain that none is running or on its way any
   * more. If it throws, that is tried again as undo work is; when that is exhausted, it could not tell. Without it, nobody can.
   */
  readonly probe?: (ctx: PivotContext<P, O> & { readonly before: NoInfer<B> | undefined; readonly task: ProbedTask }) => MaybePromise<ProbeAnswer>;
  /** All work ended well. What it returns is the step's output. */
  readonly endSuccessfully?: (ctx: StepContext<P, O> & { readonly before: NoInfer<B>; readonly work: readonly WorkReport[] }) => MaybePromise<R>;
  /** Undoes this step's own partial work; may return revert tasks, which the rollback waits for. */
  readonly endWithFailure?: (
    ctx: StepContext<P, O> & { readonly before: NoInfer<B> | undefined; readonly failure: StepFailure },
  ) => MaybePromise<Tasks | void>;
  /** Undoes this step after it was completed; may return revert tasks. `output` is undefined if `endSuccessfully` threw. */
  readonly compensate?: (ctx: StepContext<P, O> & { readonly before: NoInfer<B>; readonly output: NoInfer<R> | undefined }) => MaybePromise<Tasks | void>;
  /**
   * The revert tasks of `endWithFailure` or `compensate` have ended, well or for good badly; it is not called if there were none. Tried again as undo work is.
   * It does not make good what has failed. (oVirt calls `endWithFailure` again.)
   */
  readonly compensationEnded?: (
    ctx: StepContext<P, O> & { readonly before: NoInfer<B> | undefined; readonly output: NoInfer<R> | undefined; readonly revert: RevertReport },
  ) => MaybePromise<void>;
  /** What a rollback leaves on purpose of the completed step: listed as `residue`. */
  readonly leaves?: (ctx: StepContext<P, O> & { readonly before: NoInfer<B>; readonly output: NoInfer<R> | undefined }) => readonly Effect[];
}

/** A handler of a command with these params that reads no other step's output, whatever it passes from callback to callback. */
export type AnyHandler<P> = Omit<TaskHandler<string, P, object, never, never>, 'beforeTask' | 'endSuccessfully'> & {
  readonly beforeTask?: (ctx: BeforeContext<P, object>) => unknown;
  readonly endSuccessfully?: (ctx: StepContext<P, object> & { readonly before: never; readonly work: readonly WorkReport[] }) => unknown;
};

/** A handler whose types the engine need not know. */
export type ErasedHandler = TaskHandler<string, Data, { readonly [step: string]: Data | undefined }, Data | undefined, unknown>;

/**
 * Types a handler that lives in a file of its own: `taskHandler<Params, { snapshot: SnapshotOutput }>()({ name: 'copy', … })`.
 * The second parameter says which earlier steps' outputs it reads; `defineCommand` checks that they are there.
 */
export function taskHandler<P, O = object>() {
  return <const N extends string, B = undefined, R = undefined>(handler: TaskHandler<N, P, O, B, R>): TaskHandler<N, P, O, B, R> => handler;
}
