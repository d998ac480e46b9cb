import type { ChildReport, FlowEffect, FlowEvent, StagedWork } from '../../../src/flow/event.js';
import type { FlowShape, HandlerShape } from '../../../src/flow/shape.js';
import { submitted, type CommandState, type StepState, type WorkItem } from '../../../src/flow/state.js';
import { transition } from '../../../src/flow/transition.js';
import { outstandingWork } from '../../../src/flow/work.js';
import type { Data } from '../../../src/model/data.js';
import type { Effect } from '../../../src/model/effect.js';
import type { ErrorRecord } from '../../../src/model/errors.js';
import type { PivotAnswer } from '../../../src/model/handler.js';
import type { Failure, Outcome } from '../../../src/model/outcome.js';
import { NO_RETRY, UNDO_RETRY } from '../../../src/model/retry.js';
import type { TaskRequest } from '../../../src/model/task.js';

/** A step that can undo itself, and tries everything once, but for what `traits` says. */
export function step(name: string, traits: Partial<HandlerShape> = {}): HandlerShape {
  return {
    name,
    hasCreateTask: true,
    hasBeforeRetry: false,
    hasProbe: false,
    hasEndWithFailure: true,
    hasCompensate: true,
    hasCompensationEnded: false,
    hasLeaves: false,
    effectFree: false,
    timeoutMs: null,
    retry: NO_RETRY,
    undoRetry: UNDO_RETRY,
    pivotPart: null,
    onUndoFailed: 'stop',
    ...traits,
  };
}

export const WELL: Outcome = { kind: 'succeeded' };
export const LOST: Failure = { kind: 'lost' };
export const STOPPED: Failure = { kind: 'aborted', reason: 'sibling' };

export function badly(code: number, takeOver = false): Failure {
  return { kind: 'failed', code, message: 'it failed', takeOver };
}

export function refusedWith(code: number): Failure {
  return { kind: 'refused', code, message: 'no' };
}

export const ERROR: ErrorRecord = { code: 'CALLBACK_THREW', message: 'it threw', retryable: false, causes: [] };
export const UNANSWERED: ErrorRecord = { code: 'CALL_UNKNOWN', message: 'no answer', callUnknown: true, retryable: true, causes: [] };

export function request(verb: string, doneCodes: readonly number[] = [], repeatable = false): TaskRequest {
  return { verb, args: { of: verb }, pool: 'pool1', entity: 'disk/d1', doneCodes, repeatable };
}

export function task(verb: string, doneCodes: readonly number[] = []): StagedWork {
  return { kind: 'task', request: request(verb, doneCodes) };
}

export function child(type: string): StagedWork {
  return { kind: 'child', type, params: { of: type }, locks: [], independent: true };
}

export function dependent(type: string): StagedWork {
  return { kind: 'child', type, params: { of: type }, locks: [], independent: false };
}

/** A dependent child that waits for its locks. */
export function submittedChild(...shape: readonly HandlerShape[]): Life {
  const life = new Life(shape);
  const parent = { commandId: 'p', step: 0, independent: false as const, familyRootId: 'p' };
  life.state = submitted({ ...life.state, parent, rootId: 'p' });
  return life;
}

/** One command's life, driven event by event. Each method is one commit, and fails if it concerns nothing. */
export class Life {
  state: CommandState;
  /** What the last commit asked for. */
  effects: readonly FlowEffect[] = [];
  /** Every callback that was asked for, as `compensate 1`; a further attempt as `start 0 #2`. */
  readonly calls: string[] = [];
  now = 1_000;
  jitter = 0;

  /** @param shape a mended program has another one */
  constructor(public shape: FlowShape) {
    const handlers = shape.map(({ name }) => name);
    this.state = submitted({ id: 'c1', type: 'T', version: 1, params: {}, handlers, parent: null, rootId: 'c1', locks: [], lockWait: 'refuse', submittedAt: 0 });
  }

  /** A command that has its locks and is at its first step. */
  static of(...shape: readonly HandlerShape[]): Life {
    return new Life(shape).on({ type: 'locksGranted' });
  }

  on(event: FlowEvent): this {
    const next = transition(this.shape, this.state, event, { now: this.now, jitter: this.jitter });
    if (next === null) throw new Error(`${event.type} concerns nothing in ${this.status}`);
    this.state = next.state;
    this.effects = next.effects;
    for (const effect of next.effects) {
      if (effect.do === 'runCallback') this.calls.push(`${effect.callback} ${effect.index}${effect.attempt === 1 ? '' : ` #${effect.attempt}`}`);
    }
    return this;
  }

  /** Whether the event changes nothing. */
  ignores(event: FlowEvent): boolean {
    return transition(this.shape, this.state, event, { now: this.now, jitter: this.jitter }) === null;
  }

  started(...work: readonly StagedWork[]): this {
    return this.on({ type: 'started', run: this.run, work });
  }

  /** A step without tasks that ends well. */
  passes(output?: Data): this {
    return this.started().ends(output);
  }

  /** `createTask` has run again. */
  recreates(...work: readonly TaskRequest[]): this {
    return this.on({ type: 'recreated', run: this.run, work });
  }

  ends(output?: Data): this {
    return this.on({ type: 'endedSuccessfully', run: this.run, ...(output === undefined ? {} : { output }) });
  }

  cleansUp(...revert: readonly TaskRequest[]): this {
    return this.on({ type: 'endedWithFailure', run: this.run, revert });
  }

  compensates(...revert: readonly TaskRequest[]): this {
    return this.on({ type: 'compensated', run: this.run, revert, residue: [] });
  }

  /** It has been told how its revert tasks ended. */
  isTold(): this {
    return this.on({ type: 'compensationEnded', run: this.run });
  }

  leaves(...residue: readonly Effect[]): this {
    return this.on({ type: 'compensated', run: this.run, revert: [], residue });
  }

  crosses(): this {
    return this.on({ type: 'crossing' });
  }

  answers(answer: PivotAnswer): this {
    return this.on({ type: 'answered', run: this.run, answer });
  }

  throws(error: ErrorRecord = ERROR, sent = false): this {
    if (this.state.phase.at !== 'callback') throw new Error(`no callback runs in ${this.status}`);
    return this.on({ type: 'threw', callback: this.state.phase.callback, run: this.run, error, sent });
  }

  /** The outstanding task or child of this ordinal ends; a dependent child that succeeded is completed. */
  ended(outcome: Outcome, ordinal = 0): this {
    const item = this.item(ordinal);
    if (item.kind === 'task') return this.on({ type: 'workEnded', id: item.id, outcome });
    const completed = !item.independent && outcome.kind === 'succeeded';
    return this.reports(completed ? { is: 'completed', past: false } : { is: 'ended', outcome }, ordinal);
  }

  /** The child of this ordinal, at the current step, tells how it stands. */
  reports(report: ChildReport, ordinal = 0): this {
    return this.on({ type: 'childReported', id: this.childId(ordinal), report });
  }

  childId(ordinal = 0): string {
    const item = this.stepAt(this.state.executionIndex).work[ordinal];
    if (item?.kind !== 'child') throw new Error(`there is no child ${ordinal}`);
    return item.id;
  }

  /** The back-off of the task of this ordinal is over. */
  due(ordinal = 0): this {
    return this.on({ type: 'retryDue', id: this.item(ordinal).id });
  }

  item(ordinal = 0): WorkItem {
    const item = outstandingWork(this.state).items[ordinal];
    if (item === undefined) throw new Error(`there is no item ${ordinal}`);
    return item;
  }

  stepAt(index: number): StepState {
    const found = this.state.steps[index];
    if (found === undefined) throw new Error(`step ${index} was never reached`);
    return found;
  }

  /** How each reached step was undone. */
  get undos(): readonly (string | undefined)[] {
    return this.state.steps.map(({ undo }) => undo);
  }

  get status(): string {
    return this.state.status;
  }

  /** The effects of the last commit, in short: `placeTask c1$0.w1.1.0`. */
  get asked(): readonly string[] {
    return this.effects.map((effect) => {
      switch (effect.do) {
        case 'cancelChild':
        case 'rollBackChild':
          return `${effect.do} ${effect.id}`;
        case 'acquireLocks':
        case 'end':
          return effect.do;
        case 'runCallback':
          return `${effect.callback} ${effect.index}`;
        case 'runBeforeRetry':
          return `beforeRetry ${effect.item.id}`;
        case 'runProbe':
          return `probe ${effect.item.id}`;
        case 'placeTask':
        case 'startChild':
          return `${effect.do} ${effect.item.id}`;
        case 'consumeTask':
        case 'stopTask':
          return `${effect.do} ${effect.id}`;
        case 'retryAt':
          return `retryAt ${effect.at} ${effect.id}`;
      }
    });
  }

  get run() {
    const { executionIndex: index, phase } = this.state;
    return { index, attempt: phase.at === 'callback' ? phase.attempt : 0 };
  }
}
