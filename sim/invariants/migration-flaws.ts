import { inNewRun } from '../../src/flow/clean-up.js';
import { stepNumber } from '../../src/flow/step.js';
import type { CommandState, MigrationEntry, Phase, StepState } from '../../src/flow/state.js';
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

/** What is given up gets a new attempt and a new fence number; nothing else does. */
function runFlaws(before: CommandState, after: CommandState, { givenUp }: MigrationEntry): readonly string[] {
  const gives = after.fence > before.fence;
  const fences = after.fence === before.fence + 1 || (!gives && after.fence === before.fence && givenUp.length === 0) ? [] : [`its fence went from ${before.fence} to ${after.fence}, with ${givenUp.length} runs given up`];
  const phase = gives ? inNextAttempt(before.phase) : before.phase;
  return same(phase, after.phase) ? fences : [...fences, `its phase has changed with its version: from ${JSON.stringify(before.phase)} to ${JSON.stringify(after.phase)}`];
}

function inNextAttempt(phase: Phase): Phase {
  if (phase.at === 'held') return { at: 'held', from: phase.from === null ? null : inNextAttempt(phase.from) };
  return phase.at === 'callback' ? { ...phase, attempt: phase.attempt + 1 } : phase;
}

function keptStepFlaws(before: CommandState, after: CommandState, { dropped }: MigrationEntry): readonly string[] {
  const gives = after.fence > before.fence;
  return before.steps.flatMap((old, i): string[] => {
    if (isUntouched(old)) return [];
    const number = stepNumber(before, i);
    const now = after.steps[placeOf(after, number)];
    if (now !== undefined) return same(lasting(old, gives), lasting(now, false)) ? [] : [`what was done in step ${i} has changed with its version`];
    const isDropped = old.completed && dropped.some((step) => step.number === number && step.handler === old.handler);
    return isDropped || UNDONE.some((undo) => undo === old.undo) ? [] : [`step ${i} was begun, and is forgotten`];
  });
}

const UNDONE: readonly StepState['undo'][] = ['compensated', 'left', 'nothingToUndo', 'resolved'];

/** It is only reached: another may come in its place. */
function isUntouched({ begun, work, sent, called }: StepState): boolean {
  return !begun && work.length === 0 && sent === undefined && called === undefined;
}

/** All that is kept of a step: but for its name, its place and what it tells others. */
function lasting(step: StepState, gives: boolean): unknown {
  const { handler: _handler, number: _number, before: _before, output: _output, ...rest } = step;
  return { ...rest, work: gives ? rest.work.map(inNewRun) : rest.work };
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
