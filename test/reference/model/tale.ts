import { trailLine } from '../definition.js';
import { textOf, type Entry } from '../log.js';
import type { Rules } from '../rules.js';
import type { CommandScript, RunEnd, Runs, StepScript, TaskFate } from '../script.js';
import type { Step } from './step.js';

/** The log says something else than the model, or tells of something that cannot be. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** The command goes no further. */
export class Stop extends Error {
  /** @param waitsFor the child whose rollback it waits for */
  constructor(
    readonly status: string,
    readonly waitsFor: { readonly step: number; readonly ordinal: number } | null = null,
  ) {
    super(status);
  }
}

export const CANCELLED = 'CANCELLED';
export const STEP_TIMEOUT = 'STEP_TIMEOUT';
/** Why nothing is tried any more, and a callback under way is not committed. */
export type Stopped = typeof CANCELLED | typeof STEP_TIMEOUT;
/** `TASK_FAILED`: of a clean-up for a task that is not to be tried again, because a sibling has failed. */
export type End = RunEnd | Stopped | 'TASK_FAILED';

const ERROR_OF: Record<Exclude<End, 'ok'>, string> = { throws: 'CALLBACK_THREW', fails: 'CALL_FAILED', busy: 'CALL_FAILED', unanswered: 'CALL_UNKNOWN', CANCELLED, STEP_TIMEOUT, TASK_FAILED: 'TASK_FAILED' };

export function errorOf(end: Exclude<End, 'ok'>): string {
  return ERROR_OF[end];
}

function isRunEnd<E extends RunEnd | TaskFate>(end: E | End): end is E {
  return end !== CANCELLED && end !== STEP_TIMEOUT && end !== 'TASK_FAILED';
}

/** One command's life as far as it has been told: what the log says from here on is not known yet. */
export class Tale {
  readonly steps: Step[] = [];
  readonly residue: string[] = [];
  readonly trail: string[] = [];
  cancelled = false;
  /** Of what made it fail. */
  error: string | null = null;
  #cursor = 0;

  constructor(
    readonly script: CommandScript,
    readonly rules: Rules,
    private readonly log: readonly Entry[],
  ) {}

  // What follows from what was told.

  get isPast(): boolean {
    return this.steps.some(({ pivot }) => pivot === 'passed');
  }

  /** Why the step is to try nothing any more; null: it may, or that comes too late. */
  stopped({ timedOut }: Step): Stopped | null {
    if (this.isPast) return null;
    if (this.cancelled) return CANCELLED;
    return timedOut && this.rules.timeLimitStops ? STEP_TIMEOUT : null;
  }

  /** The attempts of what is patient: undo work, and everything past the point of no return. */
  patience({ attempts, undoAttempts }: StepScript): number {
    return this.rules.attemptsAfterPassed === 'ofUndoWork' || this.error !== null ? undoAttempts : attempts;
  }

  /** Whether this says nothing about the work itself. */
  isUncounted(end: End): boolean {
    return isRunEnd(end) && this.rules.uncountedRuns.includes(end);
  }

  /** Whether the handler tries this again at all. */
  picks({ retryIf }: StepScript, what: End | TaskFate): boolean {
    return !isRunEnd(what) || this.rules.picks[retryIf](what);
  }

  /** The first error stays. */
  fails(error: string): false {
    this.error ??= error;
    return false;
  }

  /** A callback that is committed has written down what it was shown. */
  writes({ index, pivot }: Step, callback: string, attempt: number, { calls }: Runs, shown: string): void {
    this.trail.push(trailLine(index, callback, attempt, pivot === 'passed', `${shown}${calls ? ', counts' : ''}`));
  }

  // What is told.

  get entry(): Entry | undefined {
    return this.log[this.#cursor];
  }

  /** What was just looked at has been understood. */
  understood(): void {
    this.#cursor += 1;
  }

  /** Whether this comes next; then it has been understood. */
  comes(kind: Entry['kind']): boolean {
    if (this.entry?.kind !== kind) return false;
    this.understood();
    return true;
  }

  /** The cancel, if it comes just here. */
  cancelComes(): Extract<Entry, { kind: 'cancel' }> | null {
    const { entry } = this;
    if (entry?.kind !== 'cancel') return null;
    if (this.cancelled || this.isPast) throw this.impossible('a cancel is refused here');
    this.cancelled = true;
    this.understood();
    return entry;
  }

  /** The request to stop the step on its way to the end of its work, a cancel or its time limit, if it comes just here. */
  stopComes(step: Step): Extract<Entry, { kind: 'cancel' | 'timeout' }> | null {
    const { entry } = this;
    if (entry?.kind !== 'timeout') return this.cancelComes();
    const limitMs = entry.step === step.index ? step.script.timeLimitMs : null;
    if (limitMs === null || step.timedOut || this.isPast) throw this.impossible('there is no limit here');
    if (entry.afterUs < limitMs * 1000) throw this.impossible(`the limit is ${limitMs} ms`);
    step.timedOut = true;
    this.understood();
    return entry;
  }

  /** Whether a run of `beforeRetry` for this task was under way when that was asked to stop. */
  wasPreparing(ordinal: number): boolean {
    const { entry } = this;
    if (entry?.kind !== 'stopsPreparing' || entry.ordinal !== ordinal) throw this.impossible(`the clean-up for ${ordinal} is stopped`);
    this.understood();
    return entry.inRun;
  }

  /** The command has to commit this now. */
  expect({ index }: Step, callback: string, attempt: number, end: End | 'passed' | 'notPassed' | 'cannotTell', ofTask: number | null = null): void {
    const outcome = end in ERROR_OF ? errorOf(end as Exclude<End, 'ok'>) : end;
    const wanted = `${callback} ${index} #${attempt} ${outcome}${ofTask === null ? '' : ` of ${ofTask}`}`;
    const found = this.entry === undefined ? 'nothing more' : textOf(this.entry);
    if (found !== wanted) throw new Divergence(`entry ${this.#cursor}: the model says ${wanted}, the engine did: ${found}`);
    this.understood();
  }

  impossible(why: string): Divergence {
    return new Divergence(`entry ${this.#cursor}: ${this.entry === undefined ? 'the end' : textOf(this.entry)} cannot be: ${why}`);
  }
}
