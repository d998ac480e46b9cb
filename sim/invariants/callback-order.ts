import type { Probe } from '../../actors/probe.js';
import { fitted } from '../../actors/engine/fitness.js';
import type { CommandDefinition } from '../../src/model/command.js';
import type { ErasedHandler } from '../../src/model/handler.js';
import { phaseBehindHold, stepNumber } from '../../src/flow/step.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { isHeld, isTerminal, type Callback, type CommandState, type CommandStatus, type HistoryEntry } from '../../src/flow/state.js';
import { begunTooSoon, runsBefore } from './back-off.js';
import { dependentsOf, familyFlaws } from './family.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { operated } from './operator-flaws.js';
import { endedWell, nextCallbacks, threw, type Next } from './next-callbacks.js';
import { probeFlaw } from './probe-flaws.js';
import { beforeRetryFlaw, placingFlaw } from './retries.js';
import { givenUpRuns, numberOf, placeOf } from './step-places.js';
import type { Batch, Changed } from './store-mirror.js';

/**
 * The committed callbacks of each command follow the rules of order, across all crashes; and a callback that merely runs is the very next one. What is
 * committed is read from the history on disk, and not from what the engine tells: of a batch that a crash kept, nobody is told.
 */
export const callbackOrder: Invariant = {
  number: 2,
  name: 'callback-order',
  watch: (scene, broken) => new CallbackOrder(scene, broken),
};

type Run = Extract<Probe, { type: 'callbackRuns' }>;
type Told = Extract<Probe, { type: 'callbackCommitted' }>;

class CallbackOrder implements Watcher {
  /** By command: whether it was committed that the last of its callbacks might cross the point of no return, before that threw. */
  readonly #mayHaveCrossed = new Map<string, boolean>();
  /** By command, see {@link Remembered}. */
  readonly #toldOfFailure = new Map<string, Set<number>>();
  /** By command, the callback that an earlier program had made the next one: how often something is tried again, say, is for the program to decide that saw it fail. */
  readonly #due = new Map<string, DueCallback>();
  /** By command, what it may do next: asked for when it has changed, when its callback begins, and when that is committed. */
  readonly #allowed = new Map<string, Allowed>();
  /** By command, the ids of all its tasks that were ever placed. */
  readonly #placedBefore = new Map<string, Set<string>>();

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    for (const task of scene.mirror.tasks.values()) this.#isPlaced(task);
    this.onProgram();
    for (const state of scene.mirror.commands.values()) this.#toldOfFailure.set(state.id, toldOfFailure(state, scene.mirror.historyOf(state.id)));
  }

  onProgram(): void {
    this.#allowed.clear();
    for (const state of this.scene.mirror.commands.values()) {
      const phase = phaseBehindHold(state);
      if (phase?.at !== 'callback') continue;
      const { callback, attempt } = phase;
      this.#due.set(state.id, { callback, attempt, number: stepNumber(state), historyLength: state.historyLength });
    }
  }

  onProbe(probe: Probe): void {
    if (probe.type === 'callbackRuns') this.#runs(probe);
    else if (probe.type === 'callbackCommitted') this.#told(probe);
  }

  kept(): number {
    const placed = [...this.#placedBefore.values()].reduce((sum, ids) => sum + ids.size, 0);
    return this.#mayHaveCrossed.size + this.#toldOfFailure.size + this.#due.size + this.#allowed.size + placed;
  }

  onBatch({ history, commands, tasks, expired }: Batch): void {
    const changed = new Map(commands.map((command) => [command.id, command]));
    for (const { commandId, seq, entry } of history) {
      const state = changed.get(commandId)?.before ?? this.scene.mirror.commands.get(commandId);
      if (entry === undefined || state === undefined) continue;
      this.#committed(state, this.scene.mirror.historyOf(commandId).slice(0, seq), entry);
      this.#allowed.delete(commandId);
    }
    for (const { before, after } of tasks) if (before === undefined && after !== undefined) this.#placed(after);
    for (const command of changed.values()) {
      this.#status(command);
      for (const task of begunTooSoon(command, this.scene.now())) this.broken(`task ${task}`, 'it is tried again before its back-off is over');
      for (const flaw of familyFlaws(this.scene.definitions, this.scene.mirror, command, changed)) this.broken(command.id, flaw);
    }
    for (const { id } of expired.flatMap(({ family }) => family)) for (const kept of [this.#mayHaveCrossed, this.#toldOfFailure, this.#due, this.#allowed, this.#placedBefore]) kept.delete(id);
  }

  /** @param before the state in which it ran. @param earlier what was committed before it */
  #committed(before: CommandState, earlier: readonly HistoryEntry[], entry: HistoryEntry): void {
    const what = `${nameOf(entry)} was committed (${entry.outcome})`;
    const handlers = this.#handlers(before, what);
    if (handlers === null) return;
    if (entry.callback === 'probe') return this.#probe(handlers, earlier, before, entry, what, entry.outcome);
    if (entry.callback === 'beforeRetry') return this.#beforeRetry(handlers, earlier, before, entry, what, entry.outcome);
    const allowed = this.#next(handlers, earlier, before);
    this.#mayHaveCrossed.set(before.id, before.steps[entry.index]?.pivot === 'maybe');
    if (entry.callback === 'compensationEnded') this.#tells(before, entry);
    if (this.#isMisplaced(before, entry, what)) return;
    const ended = threw(entry) ? 'threw' : 'ok';
    if (!allowed.some((next) => isThis(next, entry) && (next.outcome === 'any' || next.outcome === ended))) {
      this.broken(before.id, `${what} after ${lastOf(earlier)}; the rules allow ${textOf(allowed)}`);
    }
  }

  #tells(state: CommandState, { index, number = index }: HistoryEntry): void {
    const told = this.#toldOfFailure.get(state.id) ?? new Set();
    this.#toldOfFailure.set(state.id, told);
    if (endedWell(state.steps[index]?.revertWork ?? [])) told.delete(number);
    else told.add(number);
  }

  #runs(probe: Run): void {
    const state = this.scene.mirror.commands.get(probe.commandId);
    if (state === undefined) {
      this.broken(probe.commandId, `${nameOf(probe)} runs, but the command is not on disk`);
      return;
    }
    const handlers = this.#handlers(state, `${nameOf(probe)} runs`);
    if (handlers === null) return;
    const due = runsBefore(state, probe, this.scene.now());
    if (due !== null) this.broken(state.id, `${nameOf(probe)} runs, and is not due before ${due} µs`);
    const history = this.scene.mirror.historyOf(state.id);
    if (probe.callback === 'probe') return this.#probe(handlers, history, state, probe, `${nameOf(probe)} runs`, null);
    if (probe.callback === 'beforeRetry') return this.#beforeRetry(handlers, history, state, probe, `${nameOf(probe)} runs`, null);
    if (this.#isMisplaced(state, probe, `${nameOf(probe)} runs`)) return;
    const allowed = this.#next(handlers, history, state);
    if (!allowed.some((next) => isThis(next, probe))) {
      this.broken(state.id, `${nameOf(probe)} runs after ${lastOf(history)}; the rules allow ${textOf(allowed)}`);
    }
  }

  #beforeRetry(handlers: readonly ErasedHandler[], earlier: readonly HistoryEntry[], state: CommandState, run: Ran & Pick<HistoryEntry, 'handler' | 'task'>, what: string, outcome: string | null): void {
    if (this.#isMisplaced(state, run, what)) return;
    const isPlaced = run.task !== undefined && this.#placedBefore.get(state.id)?.has(run.task) === true;
    const flaw = beforeRetryFlaw(handlers[run.index], earlier, state, run, outcome, isPlaced);
    if (flaw !== null) this.broken(state.id, `${what} for ${run.task ?? 'no task'}, but ${flaw}`);
  }

  #probe(handlers: readonly ErasedHandler[], earlier: readonly HistoryEntry[], state: CommandState, run: Ran & Pick<HistoryEntry, 'handler' | 'task'>, what: string, outcome: string | null): void {
    if (this.#isMisplaced(state, run, what)) return;
    const flaw = probeFlaw(this.scene, handlers[run.index], earlier, state, run, outcome);
    if (flaw !== null) this.broken(state.id, `${what} for ${run.task ?? 'no task'}, but ${flaw}`);
  }

  #isPlaced({ id, commandId }: SpmAsyncTask): void {
    const known = this.#placedBefore.get(commandId);
    if (known === undefined) this.#placedBefore.set(commandId, new Set([id]));
    else known.add(id);
  }

  #placed(task: SpmAsyncTask): void {
    this.#isPlaced(task);
    const state = this.scene.mirror.commands.get(task.commandId);
    const handlers = state === undefined ? null : this.#handlers(state, `task ${task.id} was placed`);
    if (state === undefined || handlers === null) return;
    const { executionIndex: index, executionReason } = task;
    const mayCross = executionReason === 'REGULAR_FLOW' && handlers[index]?.pointOfNoReturn?.part === 'task';
    if (mayCross && state.steps[index]?.pivot === 'none') this.broken(`task ${task.id}`, 'it may cross the point of no return, and that was not committed with it');
    const flaw = placingFlaw(handlers, this.scene.mirror.historyOf(state.id), state, task);
    if (flaw !== null) this.broken(`task ${task.id}`, flaw);
  }

  /** What goes on, must be able to. */
  #handlers(state: CommandState, what: string): readonly ErasedHandler[] | null {
    const handlers = fittingHandlers(this.scene.definitions, state);
    if (handlers === null) this.broken(state.id, `${what}, and this program cannot continue ${state.type} version ${state.version}`);
    return handlers;
  }

  #next(handlers: readonly ErasedHandler[], history: readonly HistoryEntry[], state: CommandState): readonly Next[] {
    const known = this.#allowed.get(state.id);
    if (known?.state === state && known.historyLength === history.length) return known.next;
    const next = this.#rules(handlers, history, state);
    this.#allowed.set(state.id, { state, historyLength: history.length, next });
    return next;
  }

  #rules(handlers: readonly ErasedHandler[], history: readonly HistoryEntry[], state: CommandState): readonly Next[] {
    // Of what was committed before this run began, the state itself says whether there is something to ask.
    const mayHaveCrossed = this.#mayHaveCrossed.get(state.id) ?? state.steps.some(({ asking }) => asking !== undefined);
    const due = this.#due.get(state.id);
    const byEarlierProgram = due === undefined ? [] : dueCallbacks(due, history, state);
    return [...nextCallbacks(handlers, history, state, { mayHaveCrossed, toldOfFailure: this.#toldOfFailure.get(state.id) ?? new Set() }), ...byEarlierProgram];
  }

  /** Whatever the order: only a command under way runs callbacks, of the step where it durably is, and in its direction. */
  #isMisplaced(state: CommandState, at: Pick<HistoryEntry, 'index' | 'handler' | 'callback'>, what: string): boolean {
    const undoes = at.callback === 'endWithFailure' || at.callback === 'compensate' || at.callback === 'compensationEnded';
    const status: CommandStatus = undoes || (at.callback === 'probe' && state.executionReason === 'ROLLBACK_FLOW') ? 'ROLLING_BACK' : 'RUNNING';
    // What a child holds goes on with its other work.
    const isCovered = (at.callback === 'beforeRetry' || at.callback === 'probe') && state.heldBy?.code === 'CHILD_HELD';
    if (state.status !== status && !isCovered) this.broken(state.id, `${what} while the command is ${state.status}`);
    else if (state.executionIndex !== at.index) this.broken(state.id, `${what} while the command is at step ${state.executionIndex}`);
    else if (state.handlers[at.index] !== at.handler) this.broken(state.id, `${what}, but step ${at.index} is ${state.handlers[at.index] ?? 'none'}`);
    else return false;
    return true;
  }

  #told({ commandId, index, handler, callback, attempt, task, threw: error }: Told): void {
    const entry = this.scene.mirror
      .historyOf(commandId)
      .findLast((other) => other.index === index && other.handler === handler && other.callback === callback && other.attempt === attempt && other.task === task);
    if (entry === undefined) this.broken(commandId, `${nameOf({ index, callback, attempt })} is told to be committed, and is not on disk`);
    else if (threw(entry) !== (error !== null)) {
      this.broken(commandId, `${nameOf(entry)} is told to have ${error === null ? 'returned' : 'thrown'}, and is on disk as ${entry.outcome}`);
    }
  }

  /** A status is as much a claim about what was committed as the next callback is. */
  #status({ before, after }: Changed<CommandState>): void {
    if (before === undefined || after === undefined) return;
    const handlers = fittingHandlers(this.scene.definitions, after);
    if (handlers === null) return;
    const history = this.scene.mirror.historyOf(after.id);
    const allowed = this.#next(handlers, history, after);
    if (history.at(-1)?.callback === 'beforeTask' && history.at(-1)?.outcome === 'ok') {
      this.broken(after.id, `${lastOf(history)} was committed without createTask`);
    }
    if (before.status !== after.status && !isAllowed(before, after, allowed)) {
      this.broken(after.id, `the command is ${after.status} after ${lastOf(history)}; the rules allow ${textOf(allowed)}`);
    }
    const ends = allowed.length > 0 && allowed.every((next) => next.kind === 'status');
    if (ends && after.status !== 'PARKED' && !allowed.some((next) => next.kind === 'status' && next.status === after.status)) {
      this.broken(after.id, `after ${lastOf(history)} the command is still ${after.status}, and should be ${textOf(allowed)}`);
    }
  }
}

/** What a command in this state may do, after so many committed callbacks. */
interface Allowed {
  readonly state: CommandState;
  readonly historyLength: number;
  readonly next: readonly Next[];
}

/** `number`: of its step. `historyLength`: how many callbacks were committed before it. */
interface DueCallback {
  readonly callback: Callback;
  readonly attempt: number;
  readonly number: number;
  readonly historyLength: number;
}

function dueCallbacks({ callback, attempt, number, historyLength }: DueCallback, history: readonly HistoryEntry[], state: CommandState): readonly Next[] {
  const index = placeOf(state, number);
  if (index < 0 || history.length !== historyLength) return [];
  const givenUp = givenUpRuns(state, historyLength).filter((run) => run.number === number && run.callback === callback && run.attempt >= attempt);
  const next = { kind: 'callback', index, attempt: attempt + givenUp.length } as const;
  if (callback !== 'start') return [{ ...next, callback, outcome: 'any' }];
  return [{ ...next, callback: 'beforeTask', outcome: 'any' }, { ...next, callback: 'createTask', outcome: 'threw' }];
}

/** Of a command that an earlier process has left: what was told of failure is to be done again, is being done again, or is about to be told again. */
function toldOfFailure(state: CommandState, history: readonly HistoryEntry[]): Set<number> {
  const { phase, steps, executionIndex } = state;
  const isTold = (i: number): boolean => history.findLast((entry) => numberOf(entry) === stepNumber(state, i))?.callback === 'compensationEnded';
  const tellsNow = (i: number): boolean => i === executionIndex && phase.at === 'callback' && phase.callback === 'compensationEnded';
  return new Set(steps.flatMap((step, i) => (isTold(i) && (tellsNow(i) || !endedWell(step.revertWork)) ? [stepNumber(state, i)] : [])));
}

/** Null if this program cannot continue the command: then it may only be parked, and nothing of it may run. */
function fittingHandlers(definitions: ReadonlyMap<string, CommandDefinition>, state: CommandState): readonly ErasedHandler[] | null {
  const { handlers, unfit } = fitted(definitions, state);
  return unfit === null ? handlers : null;
}

function isAllowed(before: CommandState, after: CommandState, allowed: readonly Next[]): boolean {
  const { status } = after;
  const wasHeldByChild = before.heldBy?.code === 'CHILD_HELD';
  // Which of an operator's actions may lead where, the rules of order say. What was parked for another program goes on by itself in one that fits.
  const byOperator = operated(before, after) || before.heldBy?.code === 'DEFINITION_CHANGED' || before.heldBy?.code === 'MIGRATION_FAILED';
  // Whether that child was held in truth is another invariant's question.
  if (after.heldBy?.code === 'CHILD_HELD') return dependentsOf(after.steps[after.executionIndex]).some(({ held }) => held?.status === status);
  switch (status) {
    case 'PARKED':
      return !isTerminal(before.status) && (!isHeld(before.status) || wasHeldByChild);
    case 'SUBMITTED':
      return byOperator && before.status === 'PARKED';
    case 'RUNNING':
      return before.status === 'SUBMITTED' || wasHeldByChild || (byOperator && (before.status === 'STUCK' || before.status === 'PARKED'));
    case 'ROLLING_BACK':
      // Revert tasks may be all that is tried again.
      if (byOperator && allowed.length === 0) return before.status === 'ROLLBACK_INCOMPLETE' || before.status === 'PARKED';
      return allowed.some((next) => next.kind === 'children' || (next.kind === 'callback' && (next.callback === 'endWithFailure' || next.callback === 'compensate' || next.callback === 'compensationEnded')));
    case 'REJECTED':
      return before.status === 'SUBMITTED';
    case 'COMPLETED':
    case 'SUCCEEDED':
    case 'ROLLED_BACK':
    case 'CLOSED_BY_OPERATOR':
    case 'STUCK':
    case 'ROLLBACK_INCOMPLETE':
      return allowed.some((next) => next.kind === 'status' && next.status === status);
  }
}

function isThis(next: Next, { index, callback, attempt }: Ran): next is Extract<Next, { kind: 'callback' }> {
  return next.kind === 'callback' && next.index === index && next.callback === callback && next.attempt === attempt;
}

type Ran = Pick<HistoryEntry, 'index' | 'callback' | 'attempt'>;

function nameOf({ index, callback, attempt }: Ran): string {
  return `${callback}(${index})${attempt === 1 ? '' : ` attempt ${attempt}`}`;
}

function lastOf(history: readonly HistoryEntry[]): string {
  const last = history.at(-1);
  return last === undefined ? 'nothing' : `${nameOf(last)} (${last.outcome})`;
}

function textOf(allowed: readonly Next[]): string {
  if (allowed.length === 0) return 'nothing, for work is outstanding';
  return allowed.map(textOfNext).join(' or ');
}

function textOfNext(next: Next): string {
  switch (next.kind) {
    case 'callback':
      return nameOf(next);
    case 'children':
      return `the rollback of the children of step ${next.index}`;
    case 'status':
      return next.status;
  }
}
