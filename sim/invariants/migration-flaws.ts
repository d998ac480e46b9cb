import { inNewRun } from '../../src/flow/clean-up.js';
import { phaseBehindHold, stepNumber } from '../../src/flow/step.js';
import type { CommandState, GivenUpRun, MigrationEntry, Phase, StepState, WorkItem } from '../../src/flow/state.js';
import { sameData, type Data } from '../../src/model/data.js';
import { placeOf } from './step-places.js';

// What a migration may change of a command, and nothing else: it is where it was, in the same step, and nothing that was done is forgotten.

const KEPT = [
  'type', 'parent', 'rootId', 'locks', 'lockWait', 'submittedAt', 'status', 'historyLength', 'executionReason', 'error', 'cancel', 'heldBy', 'residue', 'operator', 'exists', 'unsettled', 'epoch', 'endedAt',
] as const;

/** What is wrong with how a migration has changed a command, each in words. */
export function migrationFlaws(before: CommandState, after: CommandState): readonly string[] {
  const entry = after.migrations?.at(-1);
  const earlier = after.migrations?.slice(0, -1) ?? [];
  if (entry === undefined || !same(before.migrations ?? [], earlier)) return [`its version went from ${before.version} to ${after.version}, and its log of migrations does not say so`];
  return [
    ...KEPT.filter((field) => !same(before[field] ?? null, after[field] ?? null)).map((field) => `its ${field} has changed with its version`),
    ...logFlaws(before, after, entry),
    ...runFlaws(before, after, entry),
    ...keptStepFlaws(before, after, entry),
    ...newStepFlaws(before, after, entry),
    ...placeFlaws(before, after),
  ];
}

function logFlaws(before: CommandState, after: CommandState, { from, to, historyLength }: MigrationEntry): readonly string[] {
  const fits = from === before.version && to === after.version && historyLength === before.historyLength;
  return fits ? [] : [`its migration from version ${before.version} to ${after.version} is logged as one from ${from} to ${to} after ${historyLength} callbacks`];
}

/** What is given up gets a new attempt, and the command a new fence number for it; nothing else does. */
function runFlaws(before: CommandState, after: CommandState, { givenUp }: MigrationEntry): readonly string[] {
  const due = phaseBehindHold(before);
  const isMain = ({ callback, attempt }: GivenUpRun): boolean => due?.at === 'callback' && due.callback === callback && due.attempt === attempt;
  const isCleanUp = ({ task, attempt }: GivenUpRun): boolean => before.steps[before.executionIndex]?.work.some((item) => item.id === task && runOf(item) === attempt) === true;
  const wrong = givenUp.filter((run) => run.number !== numberNow(before) || !(run.task === undefined ? isMain(run) : isCleanUp(run)));
  const flaws = wrong.map(({ callback, number, attempt }) => `its migration gives up ${callback} of step ${number}, attempt ${attempt}, which was not due`);
  const fence = before.fence + (givenUp.length > 0 ? 1 : 0);
  if (after.fence !== fence) flaws.push(`its fence went from ${before.fence} to ${after.fence}, with ${givenUp.length} runs given up`);
  const phase = givenUp.some(({ task }) => task === undefined) ? inNextAttempt(before.phase) : before.phase;
  return same(phase, after.phase) ? flaws : [...flaws, `its phase has changed with its version: from ${JSON.stringify(before.phase)} to ${JSON.stringify(after.phase)}`];
}

/** The attempt of the clean-up that is due. */
function runOf(item: WorkItem): number | null {
  return item.kind === 'task' && item.cleanUp?.at === 'callback' ? item.cleanUp.attempt : null;
}

function numberNow(state: CommandState): number | null {
  return state.executionIndex in state.steps ? stepNumber(state) : null;
}

function inNextAttempt(phase: Phase): Phase {
  if (phase.at === 'held') return { at: 'held', from: phase.from === null ? null : inNextAttempt(phase.from) };
  return phase.at === 'callback' ? { ...phase, attempt: phase.attempt + 1 } : phase;
}

function keptStepFlaws(before: CommandState, after: CommandState, { dropped, givenUp }: MigrationEntry): readonly string[] {
  return before.steps.flatMap((old, i): string[] => {
    if (isUntouched(old)) return [];
    const number = stepNumber(before, i);
    const now = after.steps[placeOf(after, number)];
    if (now !== undefined) return same(lasting(old, givenUp), lasting(now, [])) ? [] : [`what was done in step ${i} has changed with its version`];
    if (DECIDED.some((undo) => undo === old.undo) || old.closed !== undefined) return [`step ${i} could not be undone, or an operator has closed it, and it is forgotten`];
    const isDropped = old.completed && dropped.some((step) => step.number === number && step.handler === old.handler);
    return isDropped || UNDONE.some((undo) => undo === old.undo) ? [] : [`step ${i} was begun, and is forgotten`];
  });
}

const UNDONE: readonly StepState['undo'][] = ['compensated', 'left', 'nothingToUndo'];
/** The command's end tells of it. */
const DECIDED: readonly StepState['undo'][] = ['failed', 'notUndoable', 'skipped', 'resolved'];

/** It is only reached: another may come in its place. */
function isUntouched({ begun, work, sent, called }: StepState): boolean {
  return !begun && work.length === 0 && sent === undefined && called === undefined;
}

/** All that is kept of a step: but for its name, its place and what it tells others. */
function lasting(step: StepState, givenUp: readonly GivenUpRun[]): unknown {
  const { handler: _handler, number: _number, before: _before, output: _output, ...rest } = step;
  return { ...rest, work: rest.work.map((item) => inNewRun(item, givenUp)) };
}

/** A new step is behind the command, and never runs, or it is the one that it is in now. */
function newStepFlaws(before: CommandState, after: CommandState, { passedOver }: MigrationEntry): readonly string[] {
  return after.steps.flatMap((step, i): string[] => {
    const number = stepNumber(after, i);
    if (passedOver.includes(number)) {
      const fits = number >= before.nextNumber - 1 && step.completed && step.undo === 'nothingToUndo' && step.work.length === 0;
      return fits ? [] : [`new step ${i} counts as passed over, and is not`];
    }
    const isKnown = placeOf(before, number) >= 0;
    return isKnown || (i === after.executionIndex && isUntouched(step)) ? [] : [`step ${i} has come from nowhere`];
  });
}

/** It is in the same step, or in another that is only reached, if it had only reached that one. */
function placeFlaws(before: CommandState, after: CommandState): readonly string[] {
  const places = before.steps.flatMap((old, i) => (isUntouched(old) ? [] : [placeOf(after, stepNumber(before, i))])).filter((place) => place >= 0);
  const flaws = places.every((place, n) => n === 0 || place > (places[n - 1] ?? 0)) ? [] : ['the order of its steps has changed with its version'];
  const [was, is] = [before.executionIndex, after.executionIndex];
  const step = before.steps[was];
  const now = after.steps[is];
  if (step !== undefined && now !== undefined && isUntouched(step) && isUntouched(now)) return flaws;
  const expected = step !== undefined ? placeOf(after, stepNumber(before, was)) : was === before.handlers.length ? after.handlers.length : was;
  return is === expected ? flaws : [...flaws, `it was in step ${was}, and is in step ${is}`];
}

function same(a: unknown, b: unknown): boolean {
  return sameData(a as Data, b as Data);
}
