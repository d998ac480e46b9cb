import type { Outcome } from '../../src/model/outcome.js';
import { trailLine } from './definition.js';
import { textOf, type Entry, type WorkOf } from './log.js';
import type { Part, Rules } from './rules.js';
import { answerOf, fateOf, runEnd, workOf, type CommandScript, type RunEnd, type Runs, type StepScript, type TaskScript } from './script.js';

/** What the model says of a command. */
export interface Verdict {
  readonly status: string;
  /** Of the error that made it fail; null if none did. */
  readonly error: string | null;
  /** How each reached step was undone. */
  readonly undos: readonly (string | undefined)[];
  readonly residue: readonly string[];
  readonly trail: readonly string[];
}

/** The log says something else than the model, or tells of something that cannot be. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** The command goes no further. */
class Stop extends Error {
  constructor(readonly status: string) {
    super(status);
  }
}

type Kind = Outcome['kind'];

/** A piece of work: how its attempts ended, and whether it waits for the next one, has been asked to stop, or is over. */
interface Item {
  readonly task: TaskScript | null;
  attempt: number;
  failures: number;
  readonly past: Kind[];
  waits: boolean;
  stopAsked: boolean;
  outcome: Kind | null;
}

/** One step that was reached. */
interface Reached {
  items: Item[];
  begun: boolean;
  /** The attempt of its start that was committed. */
  startedBy: number;
  sent: boolean;
  completed: boolean;
  hasOutput: boolean;
  pivot: 'none' | 'maybe' | 'passed';
  undo: string | undefined;
}

const CANCELLED = 'CANCELLED';
const ERROR_OF: Record<Exclude<RunEnd, 'ok'>, string> = { throws: 'CALLBACK_THREW', busy: 'CALL_FAILED', unanswered: 'CALL_UNKNOWN' };

/**
 * Semantics §2 once more, as naively as can be: one command from its submission to its end, from top to bottom, with nothing kept for a crash. It shares no code
 * with the engine. What the world did, and when, is read from the log; what the command has to do then is asserted of the log.
 */
export class Model {
  readonly #steps: Reached[] = [];
  readonly #residue: string[] = [];
  readonly #trail: string[] = [];
  #cursor = 0;
  #cancelled = false;
  #error: string | null = null;

  constructor(
    private readonly script: CommandScript,
    private readonly log: readonly Entry[],
    private readonly rules: Rules,
  ) {}

  /** @throws Divergence */
  run(): Verdict {
    const status = this.#life();
    const beyond = this.log[this.#cursor];
    if (beyond !== undefined) throw new Divergence(`entry ${this.#cursor}: the command is ${status}, but then: ${textOf(beyond)}`);
    return { status, error: this.#error, undos: this.#steps.map(({ undo }) => undo), residue: this.#residue, trail: this.#trail };
  }

  #life(): string {
    try {
      if (this.#cancelComes() !== null) {
        this.#error = CANCELLED;
        return 'REJECTED';
      }
      if (this.#next('locksGranted') === null) return 'SUBMITTED';
      for (const [k, step] of this.script.steps.entries()) {
        const failed = this.#forward(k, step);
        if (failed !== null) return this.#rollBack(k, failed);
      }
      return 'SUCCEEDED';
    } catch (stop) {
      if (stop instanceof Stop) return stop.status;
      throw stop;
    }
  }

  // Forward.

  /** Step k up to its end. @returns the part that failed, or null */
  #forward(k: number, script: StepScript): Part | null {
    const step: Reached = { items: [], begun: false, startedBy: 0, sent: false, completed: false, hasOutput: false, pivot: 'none', undo: undefined };
    this.#steps.push(step);
    if (!this.#tryPart(k, 'start')) return 'start';
    step.begun = true;
    if (script.pivot === 'beforeTask' && step.pivot === 'maybe') step.pivot = 'passed';
    step.items = workOf(script).map((piece) => newItem('task' in piece ? piece.task : null));
    if (script.pivot === 'task' && step.items.some(({ task }) => task !== null) && step.pivot === 'none') step.pivot = 'maybe';
    if (!this.#work(k)) return 'work';
    if (!this.#tryPart(k, 'endSuccessfully')) return 'endSuccessfully';
    step.hasOutput = true;
    if (script.pivot === 'endSuccessfully' && step.pivot === 'maybe') step.pivot = 'passed';
    step.completed = true;
    if (this.#cancelled) {
      // Too late: past the point of no return, or a child has done on its own what is not this command's to undo.
      if (!this.#isPast() && !step.items.some(({ task, outcome }) => task === null && outcome === 'succeeded')) return this.#failed('endSuccessfully', CANCELLED);
      this.#cancelled = false;
    }
    return null;
  }

  /** Runs a callback until it is committed, or has failed for good. */
  #tryPart(k: number, part: 'start' | 'endSuccessfully'): boolean {
    const script = this.#script(k);
    const step = this.#step(k);
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const cancel = this.#cancelComes();
      const waited = cancel !== null && !cancel.inRun;
      if (waited && (attempt === 1 || step.pivot === 'maybe')) throw this.#impossible('there was nothing to wait for');
      if (waited) return this.#fails(CANCELLED);
      const refused = cancel !== null && this.rules.cancelInRun === 'refusesItsCommit';
      const end = part === 'start' ? this.#start(k, attempt, refused) : this.#runOf(k, 'endSuccessfully', attempt, script.endSuccessfully, this.#outcomes(step), refused);
      if (end === 'ok') return true;
      failures += 1;
      if (this.rules.maybeAsks && script.pivot === (part === 'start' ? 'beforeTask' : part) && step.pivot === 'maybe') {
        if (this.#ask(k, attempt) === 'passed') {
          step.pivot = 'passed';
          this.#cancelled = false;
          failures = 0;
          continue;
        }
      }
      const patient = this.#isPast();
      if (this.#cancelled && !patient) return this.#fails(CANCELLED);
      if (patient && end !== CANCELLED && this.rules.uncountedRuns.includes(end)) failures -= 1;
      else if (failures >= (patient ? this.#patience(script) : script.attempts)) {
        if (patient) throw new Stop('STUCK');
        return this.#fails(end === CANCELLED ? CANCELLED : ERROR_OF[end]);
      }
    }
  }

  /** `beforeTask` and `createTask`, in one commit. */
  #start(k: number, attempt: number, refused: boolean): RunEnd | 'CANCELLED' {
    const { beforeTask, createTask, pivot } = this.#script(k);
    const step = this.#step(k);
    const calls = beforeTask.calls && !(pivot === 'beforeTask' && step.pivot === 'passed');
    if (calls && pivot === 'beforeTask' && step.pivot === 'none') step.pivot = 'maybe';
    const first = runEnd(beforeTask, attempt);
    const second = runEnd(createTask, attempt);
    const threw = first !== 'ok' ? ('beforeTask' as const) : second !== 'ok' ? ('createTask' as const) : null;
    const end = first !== 'ok' ? first : second;
    if (threw === null && !refused) {
      this.#expect(k, 'beforeTask', attempt, 'ok');
      this.#expect(k, 'createTask', attempt, 'ok');
      this.#writes(k, 'beforeTask', attempt, beforeTask, '');
      this.#writes(k, 'createTask', attempt, createTask, `before ${k} `);
      step.startedBy = attempt;
      return 'ok';
    }
    if (calls || (first === 'ok' && createTask.calls)) step.sent = true;
    this.#expect(k, threw ?? 'createTask', attempt, end === 'ok' ? CANCELLED : ERROR_OF[end]);
    return end === 'ok' ? CANCELLED : end;
  }

  #runOf(k: number, callback: 'endSuccessfully' | 'endWithFailure' | 'compensate', attempt: number, runs: Runs | null, shown: string, refused: boolean): RunEnd | 'CANCELLED' {
    const { pivot } = this.#script(k);
    const step = this.#step(k);
    if (runs?.calls === true && pivot === callback && step.pivot === 'none') step.pivot = 'maybe';
    const end = runEnd(runs, attempt);
    if (end !== 'ok') this.#expect(k, callback, attempt, ERROR_OF[end]);
    else if (refused) this.#expect(k, callback, attempt, CANCELLED);
    else {
      this.#expect(k, callback, attempt, 'ok');
      if (runs !== null) this.#writes(k, callback, attempt, runs, shown);
    }
    return end === 'ok' && refused ? CANCELLED : end;
  }

  /** Asks whether the point of no return is behind, until it can be told. @param tries how often the part was tried */
  #ask(k: number, tries: number): 'passed' | 'notPassed' {
    for (let asked = 1; ; asked += 1) {
      this.#cancelComes();
      const answer = answerOf(this.#script(k), tries, asked);
      this.#expect(k, 'hasPassed', asked, answer);
      if (answer !== 'cannotTell') return answer;
    }
  }

  // Work.

  /** Waits until all work of step k is over. @returns whether it ended well */
  #work(k: number): boolean {
    const script = this.#script(k);
    const step = this.#step(k);
    for (;;) {
      this.#await(step.items, 'step', (item, fate) => {
        if (item.task === null || item.outcome === 'succeeded') return;
        if (step.pivot === 'maybe' || this.#triesAgain(item, fate, script, this.#isPast())) return;
        if (this.#isPast() || this.rules.siblings === 'runOn') return;
        for (const other of step.items) if (other.task !== null) this.#giveUp(other);
      });
      const failed = step.items.filter(({ task, outcome }) => task !== null && outcome !== 'succeeded');
      if (failed.length > 0 && step.pivot === 'maybe') {
        if (this.#ask(k, this.#attempts(step)) === 'passed') {
          step.pivot = 'passed';
          this.#cancelled = false;
          this.#createAgain(k, failed);
          continue;
        }
        const over = failed.filter((item) => !this.#triesAgain(item, fateOf(item.task ?? noTask(), item.attempt), script, this.#isPast()));
        if (over.length === 0) continue;
        if (this.#isPast()) throw new Stop('STUCK');
        return this.#fails(this.#cancelled ? CANCELLED : 'TASK_FAILED');
      }
      if (step.pivot === 'maybe' && script.pivot === 'task') step.pivot = 'passed';
      const children = step.items.filter(({ task }) => task === null);
      const well = this.rules.childrenEndedWell(children.filter(({ outcome }) => outcome === 'succeeded').length, children.length);
      if (failed.length === 0 && well) return true;
      if (this.#isPast()) throw new Stop('STUCK');
      return this.#fails(this.#cancelled ? CANCELLED : failed.length > 0 ? 'TASK_FAILED' : 'CHILD_FAILED');
    }
  }

  /** Past the point of no return, `createTask` says what remains in the place of the tasks that had failed. It must succeed in that. */
  #createAgain(k: number, failed: readonly Item[]): void {
    const script = this.#script(k);
    const step = this.#step(k);
    let failures = 0;
    for (let attempt = step.startedBy + 1; ; attempt += 1) {
      const end = runEnd(script.createTask, attempt);
      this.#expect(k, 'createTask', attempt, end === 'ok' ? 'ok' : ERROR_OF[end]);
      if (end === 'ok') {
        this.#writes(k, 'createTask', attempt, script.createTask, `before ${k} ${this.#outcomes(step)}`);
        step.items = [...step.items.filter((item) => !failed.includes(item)), ...script.createdTasks.map(newItem)];
        return;
      }
      if (!this.rules.uncountedRuns.includes(end)) failures += 1;
      if (failures >= this.#patience(script)) throw new Stop('STUCK');
    }
  }

  /** Takes what the world tells of these items until all are over. */
  #await(items: readonly Item[], of: WorkOf, hasEnded: (item: Item, fate: string) => void): void {
    while (items.some(({ outcome }) => outcome === null)) {
      const entry = this.log[this.#cursor];
      // Only a child that is held keeps its parent waiting for ever.
      if (entry === undefined && items.every(({ task, outcome }) => task === null || outcome !== null)) throw new Stop('RUNNING');
      if (entry === undefined || entry.kind === 'callback' || entry.kind === 'locksGranted') {
        throw new Divergence(`entry ${this.#cursor}: work is outstanding, but then: ${entry === undefined ? 'nothing' : textOf(entry)}`);
      }
      if (entry.kind === 'cancel') {
        if (of === 'undo' || this.#cancelled || this.#isPast()) throw this.#impossible('a cancel is refused here');
        this.#cursor += 1;
        this.#cancelled = true;
        for (const item of items) if (item.task !== null) this.#giveUp(item);
        continue;
      }
      const item = items[entry.ordinal];
      if (item === undefined || item.outcome !== null || entry.of !== of) throw this.#impossible('nothing like that is outstanding');
      if (entry.kind === 'due') {
        if (!item.waits) throw this.#impossible('it does not wait');
        item.waits = false;
      } else {
        const fate = item.task === null ? 'child' : fateOf(item.task, item.attempt);
        if (item.waits || !possible(entry.outcome, fate, item)) throw this.#impossible(`the script says ${fate}`);
        item.outcome = entry.outcome;
        hasEnded(item, fate);
      }
      this.#cursor += 1;
    }
  }

  /** Whether a task that failed has an attempt left; then it waits for it. */
  #triesAgain(item: Item, fate: string, script: StepScript, patient: boolean): boolean {
    if (item.outcome === null || (item.stopAsked && !this.rules.stoppedTriedAgain)) return false;
    if (!patient && this.#cancelled) return false;
    const counts = !(patient && this.rules.isUncountedTask(item.outcome, fate));
    if (counts && item.failures + 1 >= (patient ? this.#patience(script) : script.attempts)) return false;
    if (counts) item.failures += 1;
    this.#again(item);
    return true;
  }

  #again(item: Item): void {
    if (item.outcome !== null) item.past.push(item.outcome);
    item.outcome = null;
    item.attempt += 1;
    item.waits = true;
    item.stopAsked = false;
  }

  /** One that runs is asked to stop; one that waits for its next attempt is over, and ended as its last one did. */
  #giveUp(item: Item): void {
    if (item.outcome !== null) return;
    if (!item.waits) item.stopAsked = true;
    else {
      item.waits = false;
      item.attempt -= 1;
      item.outcome = item.past.pop() ?? 'notSent';
    }
  }

  // Back.

  #rollBack(k: number, failed: Part): string {
    const { endWithFailure, firstCompensated } = this.rules.failure[failed];
    const step = this.#step(k);
    const script = this.#script(k);
    step.pivot = 'none';
    if (failed === 'endSuccessfully') step.completed = true;
    if (endWithFailure && script.endWithFailure !== null) this.#undo(k, 'endWithFailure', script.endWithFailure, `${step.begun} ${this.#outcomes(step)}`);
    else if (endWithFailure && !script.effectFree && (step.sent || step.items.some((item) => this.#mayHaveRun(item)))) this.#undoFailed(k, 'notUndoable');
    for (let i = firstCompensated(k); i >= 0; i = this.rules.nextUndone(i)) {
      const { compensate, leaves, effectFree } = this.#script(i);
      if (compensate !== null || leaves) this.#undo(i, 'compensate', compensate, this.#step(i).hasOutput ? `output ${i}` : 'undefined');
      else if (effectFree || this.rules.withoutCompensate === 'nothingToUndo') this.#step(i).undo = 'nothingToUndo';
      else this.#undoFailed(i, 'notUndoable');
    }
    return this.#steps.some(({ undo }) => undo === 'failed' || undo === 'notUndoable') ? 'ROLLBACK_INCOMPLETE' : 'ROLLED_BACK';
  }

  /** Undo work is patient. */
  #undo(k: number, callback: 'endWithFailure' | 'compensate', runs: Runs | null, shown: string): void {
    const script = this.#script(k);
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const end = this.#runOf(k, callback, attempt, runs, shown, false);
      if (end === 'ok') break;
      if (end === CANCELLED || !this.rules.uncountedRuns.includes(end)) failures += 1;
      if (failures >= script.undoAttempts) return this.#undoFailed(k, 'failed');
    }
    if (callback === 'compensate' && script.leaves && this.rules.residueIsDeclared) this.#residue.push(`leave step${k}`);
    const reverts = runs === null ? [] : script.reverts.map(newItem);
    this.#await(reverts, 'undo', (item, fate) => {
      if (item.outcome !== 'succeeded') this.#triesAgain(item, fate, script, true);
    });
    if (reverts.some(({ outcome }) => outcome !== 'succeeded')) return this.#undoFailed(k, 'failed');
    if (this.#step(k).completed) this.#step(k).undo = runs === null ? 'left' : 'compensated';
  }

  #undoFailed(k: number, how: string): void {
    this.#step(k).undo = how;
    if (this.#script(k).onUndoFailed === 'continue') return;
    for (let i = 0; i < k; i += 1) if (!this.#script(i).effectFree && this.rules.beforeAFailedUndo !== undefined) this.#step(i).undo = this.rules.beforeAFailedUndo;
    throw new Stop('ROLLBACK_INCOMPLETE');
  }

  // Facts.

  #isPast(): boolean {
    return this.#steps.some(({ pivot }) => pivot === 'passed');
  }

  #mayHaveRun({ task, past, outcome }: Item): boolean {
    return task !== null && [...past, ...(outcome === null ? [] : [outcome])].some((kind) => !this.rules.neverRan.includes(kind));
  }

  #attempts(step: Reached): number {
    return step.items.reduce((sum, { task, attempt }) => sum + (task === null ? 0 : attempt), 0);
  }

  #patience({ attempts, undoAttempts }: StepScript): number {
    return this.rules.attemptsAfterPassed === 'ofUndoWork' || this.#error !== null ? undoAttempts : attempts;
  }

  #fails(error: string): false {
    this.#error ??= error;
    return false;
  }

  #failed(part: Part, error: string): Part {
    this.#fails(error);
    return part;
  }

  #outcomes(step: Reached): string {
    return step.items.map(({ past, outcome }) => [...past, outcome ?? 'none'].join('>')).join(' ');
  }

  /** A callback that is committed has written down what it was shown. */
  #writes(k: number, callback: string, attempt: number, { calls }: Runs, shown: string): void {
    this.#trail.push(trailLine(k, callback, attempt, this.#step(k).pivot === 'passed', `${shown}${calls ? ', counts' : ''}`));
  }

  #step(k: number): Reached {
    const step = this.#steps[k];
    if (step === undefined) throw new Error(`the model has not come to step ${k}`);
    return step;
  }

  #script(k: number): StepScript {
    const step = this.script.steps[k];
    if (step === undefined) throw new Error(`there is no step ${k}`);
    return step;
  }

  // The log.

  #next<K extends Entry['kind']>(kind: K): Extract<Entry, { kind: K }> | null {
    const entry = this.log[this.#cursor];
    if (entry?.kind !== kind) return null;
    this.#cursor += 1;
    return entry as Extract<Entry, { kind: K }>;
  }

  /** The cancel, if it comes just here. */
  #cancelComes(): Extract<Entry, { kind: 'cancel' }> | null {
    const entry = this.log[this.#cursor];
    if (entry?.kind !== 'cancel') return null;
    if (this.#cancelled || this.#isPast()) throw this.#impossible('a cancel is refused here');
    this.#cancelled = true;
    return this.#next('cancel');
  }

  #expect(k: number, callback: string, attempt: number, outcome: string): void {
    const wanted = `${callback} ${k} #${attempt} ${outcome}`;
    const entry = this.log[this.#cursor];
    const found = entry === undefined ? 'nothing more' : textOf(entry);
    if (found !== wanted) throw new Divergence(`entry ${this.#cursor}: the model says ${wanted}, the engine did: ${found}`);
    this.#cursor += 1;
  }

  #impossible(why: string): Divergence {
    const entry = this.log[this.#cursor];
    return new Divergence(`entry ${this.#cursor}: ${entry === undefined ? 'the end' : textOf(entry)} cannot be: ${why}`);
  }
}

function newItem(task: TaskScript | null): Item {
  return { task, attempt: 1, failures: 0, past: [], waits: false, stopAsked: false, outcome: null };
}

function noTask(): TaskScript {
  throw new Error('a child has no attempts');
}

/** Whether a task of this fate can be said to have ended so. One that was asked to stop may have ended before; or does not. */
function possible(outcome: Kind, fate: string, { task, stopAsked }: Item): boolean {
  // A host's word that a stopped task did not succeed is the end that was asked for, whatever its code.
  if (outcome === 'aborted') return task !== null && stopAsked && (task.heedsStop || fate !== 'well');
  switch (fate) {
    case 'child':
      return outcome === 'succeeded' || outcome === 'childFailed';
    case 'well':
    case 'goneAlready':
    case 'refusedAsGone':
      return outcome === 'succeeded';
    case 'refused':
      return outcome === 'refused';
    default:
      return outcome === 'failed';
  }
}
