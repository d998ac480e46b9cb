import { handlersOf, type CommandDefinition } from '../model/command.js';
import { frozenData, sameData, type Data } from '../model/data.js';
import { SeatbeltError } from '../model/errors.js';
import type { Migration } from '../model/migration.js';
import { unprepared } from './before-retry.js';
import { inNewRun } from './clean-up.js';
import { workDone } from './ending.js';
import type { CommandState, DroppedStep, GivenUpRun, MigrationEntry, Phase, ScheduledCallback, StepState } from './state.js';
import { numbered, phaseBehindHold, stepNumber } from './step.js';
import { decidesTheEnd } from './undo.js';

// A command in flight that was begun by an earlier version of its definition (semantics §3).

/** A command as its program's definition wants it, and where its steps have gone. */
export interface Migrated {
  readonly state: CommandState;
  /** By the old index of a step, its new one; steps that are gone are not in it. */
  readonly indexes: ReadonlyMap<number, number>;
}

/** A run of a callback of step `index` that has calls on record. `task`: of `beforeRetry`, the attempt that it comes before. */
export interface RecordedRun {
  readonly callback: ScheduledCallback;
  readonly index: number;
  readonly attempt: number;
  readonly task?: string;
}

/** Whether there is a migration for each version from the command's to the definition's. */
export function canMigrate({ version, migrations = {} }: CommandDefinition, state: CommandState): boolean {
  if (state.version >= version) return false;
  return Array.from({ length: version - state.version }, (_, i) => migrations[state.version + i]).every((migration) => migration !== undefined);
}

/** Whether it is this very run that is due, or was when the command was held. Else its calls are kept for a later one, as they are: nothing of that has begun. */
export function isDue(state: CommandState, { callback, index, attempt, task }: RecordedRun): boolean {
  if (index !== state.executionIndex) return false;
  if (task !== undefined) return unprepared(state).some(({ id, cleanUp }) => id === task && cleanUp.attempt === attempt);
  const due = phaseBehindHold(state);
  return due?.at === 'callback' && due.callback === callback && due.attempt === attempt;
}

/**
 * Takes a command from version to version up to the definition's. It is where it was, in the same step; new steps that it is past count as completed, with
 * nothing to undo.
 * @param underWay runs that are due and have HSM calls on record: each is given up for its next attempt
 * @throws SeatbeltError `MIGRATION_FAILED` the result would not fit the definition, or what is done would be lost; whatever the migrations throw
 */
export function migrated(definition: CommandDefinition, state: CommandState, underWay: readonly RecordedRun[], now: number): Migrated {
  const from = untouched(state, underWay);
  let at: Migrated = { state: from, indexes: new Map(state.steps.map((_, i) => [i, i])) };
  while (at.state.version < definition.version) {
    const migration = definition.migrations?.[at.state.version];
    if (migration === undefined) throw refused(at.state, 'there is no such migration');
    const next = migrateOnce(migration, at.state, now);
    at = { state: next.state, indexes: chained(at.indexes, next.indexes) };
  }
  const reached = begun(at, state, now);
  const params = definition.parseParams(reached.params);
  const handlers = handlersOf(definition, params);
  const names = handlers.map(({ name }) => name);
  if (!sameData(names, reached.handlers)) throw refused(state, `it leads to [${reached.handlers.join(', ')}], and the definition has [${names.join(', ')}]`);
  reached.steps.forEach(({ pivot, handler }, i) => {
    if (pivot === 'maybe' && handlers[i]?.pointOfNoReturn === undefined) throw refused(state, `it may have crossed the point of no return of ${handler}, which has none any more`);
  });
  const next = underWay.length > 0 ? nextAttempt(reached, underWay) : reached;
  const entry: MigrationEntry = {
    t: now,
    from: state.version,
    to: definition.version,
    passedOver: reached.steps.flatMap(({ completed }, i) => (completed && stepNumber(reached, i) >= from.nextNumber ? [stepNumber(reached, i)] : [])),
    dropped: from.steps.flatMap((step, i) => (at.indexes.has(i) || isUndone(step) ? [] : [dropped(from, step, i)])),
    givenUp: underWay.map((run) => givenUp(reached, run)),
    historyLength: state.historyLength,
  };
  return { state: { ...next, params, migrations: [...(state.migrations ?? []), entry] }, indexes: at.indexes };
}

/** What was done in it is said for good: there is nobody else who could. */
function dropped(state: CommandState, step: StepState, index: number): DroppedStep {
  return { index, number: stepNumber(state, index), handler: step.handler, ...workDone(step) };
}

function chained(first: Migrated['indexes'], second: Migrated['indexes']): Migrated['indexes'] {
  return new Map(
    [...first].flatMap(([old, index]): [number, number][] => {
      const to = second.get(index);
      return to === undefined ? [] : [[old, to]];
    }),
  );
}

/**
 * A step that has been reached, and in which nothing has happened yet, is not reached yet: the command is ahead of all its steps, and the migration may put
 * another one there, or take this one away.
 */
function untouched(state: CommandState, underWay: readonly RecordedRun[]): CommandState {
  const last = state.steps.at(-1);
  const phase = phaseBehindHold(state);
  const fresh = phase?.at === 'callback' && phase.callback === 'start' && phase.attempt === 1 && last?.pivot === 'none' && last.sent === undefined && last.called === undefined;
  // Nothing was made from its number.
  return fresh && underWay.length === 0 ? { ...state, steps: state.steps.slice(0, -1), nextNumber: stepNumber(state) } : state;
}

function isAhead({ executionIndex, steps }: CommandState): boolean {
  return executionIndex === steps.length;
}

/** Undoes {@link untouched}: the step after the last one that was begun is reached. The one that had been reached before has been for as long, also for its time limit. */
function begun({ state, indexes }: Migrated, before: CommandState, now: number): CommandState {
  if (!isAhead(state) || phaseBehindHold(state)?.at !== 'callback') return state;
  const index = state.steps.length;
  const handler = state.handlers[index];
  if (handler === undefined) throw refused(state, 'no step is left for it to go on with');
  const fresh: StepState = { handler, reachedAt: now, begun: false, work: [], completed: false, pivot: 'none', revertWork: [] };
  const { number: _number, ...reached } = before.steps.find((_, i) => indexes.get(i) === index) ?? fresh;
  const step: StepState = { ...reached, handler, ...numbered(index, state.nextNumber) };
  return { ...state, steps: [...state.steps, step], nextNumber: state.nextNumber + 1, executionIndex: index };
}

function migrateOnce(migration: Migration, state: CommandState, now: number): Migrated {
  const next: NonNullable<Migration['handlers']> = migration.handlers ?? state.handlers.map((name) => ({ name }));
  const plan = next.map(({ name, from }) => ({ name, from: from === undefined ? state.handlers.indexOf(name) : indexOf(state, from) }));
  const indexes = new Map(plan.flatMap(({ from }, i): [number, number][] => (from < 0 ? [] : [[from, i]])));
  if (indexes.size < plan.filter(({ from }) => from >= 0).length) throw refused(state, 'two steps go on from the same one');
  if (plan.some(({ from }, i) => from >= 0 && plan.slice(0, i).some((earlier) => earlier.from > from))) throw refused(state, 'it changes the order of steps');

  const isGone = (_step: StepState, i: number): boolean => !indexes.has(i);
  for (const step of state.steps.filter(isGone)) mayGo(migration, state, step);
  // When it has gone through all its steps, only a rollback can move it.
  const isThrough = state.executionIndex === state.handlers.length;
  const reached = isThrough ? plan.length : Math.max(-1, ...state.steps.map((_, i) => indexes.get(i) ?? -1)) + 1;
  let { nextNumber } = state;
  const steps = plan.slice(0, reached).map(({ name, from }, index) => {
    const old = state.steps[from];
    if (old !== undefined) return carried(migration, old, name, numbered(index, stepNumber(state, from)));
    nextNumber += 1;
    return passedOver(migration, name, numbered(index, nextNumber - 1), now);
  });
  // It is in no step that is gone: it may be behind all of them, or before the first one when all are undone.
  const executionIndex = isAhead(state) ? steps.length : (indexes.get(state.executionIndex) ?? -1);
  const params = migration.params === undefined ? state.params : frozenData(migration.params(state.params), 'params');
  return { state: { ...state, version: state.version + 1, handlers: plan.map(({ name }) => name), params, steps, nextNumber, executionIndex }, indexes };
}

function indexOf(state: CommandState, from: string | null): number {
  if (from === null) return -1;
  const index = state.handlers.indexOf(from);
  if (index < 0) throw refused(state, `it has no step ${from} to go on from`);
  return index;
}

/** What was done and is not undone must not be forgotten. */
function mayGo({ drops = [] }: Migration, state: CommandState, step: StepState): void {
  const { handler, completed } = step;
  if (decidesTheEnd(step)) throw refused(state, `step ${handler} would be gone, which could not be undone, or which an operator has closed: the command's end tells of it`);
  if (!isUndone(step) && !(completed && drops.includes(handler))) throw refused(state, `step ${handler}, which has begun and is not undone, would be gone; name it in drops, once it is completed`);
  if (state.steps[state.executionIndex] === step) throw refused(state, `it is in step ${handler}, which would be gone`);
}

function isUndone({ undo }: StepState): boolean {
  return undo === 'compensated' || undo === 'left' || undo === 'nothingToUndo';
}

function carried({ before, outputs }: Migration, step: StepState, handler: string, number: Pick<StepState, 'number'>): StepState {
  const { number: _number, ...rest } = step;
  const changed = (key: 'before' | 'output', change: ((value: Data | undefined) => unknown) | undefined): { readonly [field: string]: Data } => {
    const value = change === undefined ? step[key] : change(step[key]);
    return value === undefined ? {} : { [key]: frozenData(value, `${handler}.${key}`) };
  };
  return { ...rest, handler, ...number, ...(step.begun ? changed('before', before?.[handler]) : {}), ...(step.completed ? changed('output', outputs?.[handler]) : {}) };
}

/** A new step that the command is past: it never ran. */
function passedOver({ outputs }: Migration, handler: string, number: Pick<StepState, 'number'>, now: number): StepState {
  const output = outputs?.[handler]?.(undefined);
  const made = output === undefined ? {} : { output: frozenData(output, `${handler}.output`) };
  return { handler, ...number, reachedAt: now, begun: true, work: [], completed: true, ...made, pivot: 'none', revertWork: [], undo: 'nothingToUndo' };
}

/** What was sent in these runs is given up. */
function nextAttempt(state: CommandState, runs: readonly RecordedRun[]): CommandState {
  const steps = state.steps.map((step) => ({ ...step, work: step.work.map((item) => inNewRun(item, runs)) }));
  return { ...state, phase: inNextAttempt(state.phase), steps, fence: state.fence + 1 };
}

function inNextAttempt(phase: Phase): Phase {
  if (phase.at === 'held' && phase.from !== null) return { at: 'held', from: inNextAttempt(phase.from) };
  return phase.at === 'callback' ? { ...phase, attempt: phase.attempt + 1 } : phase;
}

function givenUp(state: CommandState, { callback, attempt, task }: RecordedRun): GivenUpRun {
  return { callback, number: stepNumber(state), attempt, ...(task === undefined ? {} : { task }) };
}

function refused({ id, type, version }: CommandState, why: string): SeatbeltError {
  return new SeatbeltError('MIGRATION_FAILED', `${id}: the migration of ${type} from version ${version}: ${why}`);
}
