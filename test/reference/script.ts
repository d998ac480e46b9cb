import type { OperatorAction } from '../../src/model/operator.js';
import type { PivotAnswer } from '../../src/model/handler.js';

// A command whose whole fate is written down beforehand: how each run of each callback and each attempt of each task goes. Model and engine are given the
// same script, so that whatever they then do differently is a difference of rules.

/**
 * How one run of a callback ends. `fails`: a host refused a call with a code of its own. `busy`: with 654; `unanswered`: a call's reply was lost. These two say
 * nothing about the work itself.
 */
export type RunEnd = 'ok' | 'throws' | 'fails' | 'busy' | 'unanswered';

/** `retryIf` of a handler, forward and back: by the code of the error, or by the host's behind it (261: a call or a task that `fails`; 654: `busy`). */
export type Picky = 'no' | 'onlyThrown' | 'notThrown' | 'only261' | 'neither654NorUnknown';

/** The callbacks that are functions of a handler, and how they go, attempt by attempt; those after the last one listed go well. */
export interface Runs {
  readonly ends: readonly RunEnd[];
  /** In each of its runs an HSM call leaves, and is answered well, before anything else; if a host's answer, or none, ends the run, that is to another call. */
  readonly calls: boolean;
}

/** How a host deals with one attempt of a task. `goneAlready`: it fails with a code that the task declares as an end well. */
export type TaskFate = 'well' | 'fails' | 'busy' | 'takenOver' | 'refused' | 'goneAlready' | 'refusedAsGone';

export interface TaskScript {
  /** Attempt by attempt; those after the last one listed go well. */
  readonly fates: readonly TaskFate[];
  /** How many polls find it running. */
  readonly polls: number;
  /** Whether it ends when it is asked to stop; otherwise it goes on to its end. */
  readonly heedsStop: boolean;
}

export interface StepScript {
  readonly beforeTask: Runs;
  readonly createTask: Runs;
  readonly endSuccessfully: Runs;
  /** Null: the handler has none. */
  readonly endWithFailure: Runs | null;
  readonly compensate: Runs | null;
  readonly compensationEnded: Runs | null;
  readonly beforeRetry: Runs | null;
  readonly leaves: boolean;
  readonly effectFree: boolean;
  readonly onUndoFailed: 'stop' | 'continue';
  /** Attempts in all, forward and back. */
  readonly attempts: number;
  readonly undoAttempts: number;
  readonly retryIf: Picky;
  readonly timeLimitMs: number | null;
  readonly pivot: 'beforeTask' | 'task' | 'endSuccessfully' | null;
  /** `hasPassed`: by how often the part that crosses was tried, and then by how often that has been asked; after the last one listed: the last one. */
  readonly answers: readonly (readonly PivotAnswer[])[];
  /** Started in `beforeTask`, then those of `createTask`. */
  readonly startedTasks: readonly TaskScript[];
  readonly children: readonly ChildScript[];
  readonly createdTasks: readonly TaskScript[];
  /** What `beforeRetry` starts. */
  readonly cleanUps: readonly TaskScript[];
  /** What undoing the step starts. */
  readonly reverts: readonly TaskScript[];
}

export type ChildScript = { readonly independent: boolean; readonly command: CommandScript };

export interface CommandScript {
  readonly steps: readonly StepScript[];
}

/** What of the world is no business of a single command: when somebody cancels it, what an operator does, and when the engine crashes. */
export interface Course {
  readonly commands: readonly { readonly script: CommandScript; readonly cancelAtMs: number | null }[];
  /** Each time that nothing goes on any more, an operator does one of these with each held command; as often as there are some. */
  readonly operator: readonly OperatorAction[];
  /** The engine crashes before, or after, its n-th port operation. */
  readonly crashes: readonly { readonly when: 'before' | 'after'; readonly portOperation: number }[];
  /** Of the simulated world: what of one instant comes first, back-offs. */
  readonly seed: number;
}

export function runEnd(runs: Runs | null, attempt: number): RunEnd {
  return runs?.ends[attempt - 1] ?? 'ok';
}

export function fateOf(task: TaskScript, attempt: number): TaskFate {
  return task.fates[attempt - 1] ?? 'well';
}

/** @param tries how often the crossing part has been tried, from 1 @param asked from 1 */
export function answerOf(step: StepScript, tries: number, asked: number): PivotAnswer {
  const answers = step.answers[Math.min(tries, step.answers.length) - 1] ?? [];
  return answers[Math.min(asked, answers.length) - 1] ?? 'passed';
}

/** The tasks and children of a step in the order in which they are started. */
export function workOf(step: StepScript): readonly ({ readonly task: TaskScript } | { readonly child: ChildScript })[] {
  return [...step.startedTasks.map((task) => ({ task })), ...step.children.map((child) => ({ child })), ...step.createdTasks.map((task) => ({ task }))];
}
