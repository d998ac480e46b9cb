import { stepNumber } from '../../src/flow/step.js';
import type { CommandState, GivenUpRun, HistoryEntry } from '../../src/flow/state.js';

// A migration moves the steps of a command, and what was committed before tells of where they were then. Their numbers stay.

/** A committed callback, at the index that its step has today. */
export type Placed<E extends HistoryEntry = HistoryEntry> = E & { readonly isGone: boolean };

/** The number of the step that something belongs to. */
export function numberOf({ index, number = index }: { readonly index: number; readonly number?: number }): number {
  return number;
}

/** Where the step of this number is today; -1 if it is gone, or was never reached. */
export function placeOf(state: CommandState, number: number): number {
  return state.steps.findIndex((_, i) => stepNumber(state, i) === number);
}

/** By entry of a command that was not migrated: there it stays, and it is asked for at every commit. */
const inPlace = new WeakMap<HistoryEntry, Placed>();

export function placed(state: CommandState, history: readonly HistoryEntry[]): readonly Placed[] {
  if (state.migrations === undefined) return history.map(inItsPlace);
  return history.map((entry) => {
    const index = placeOf(state, numberOf(entry));
    return { ...entry, index, isGone: index < 0 };
  });
}

function inItsPlace(entry: HistoryEntry): Placed {
  const known = inPlace.get(entry);
  if (known !== undefined) return known;
  const one = { ...entry, isGone: false };
  inPlace.set(entry, one);
  return one;
}

/** A step that a migration put in behind the command: it counts as completed, and never runs. */
export function isPassedOver(state: CommandState, index: number): boolean {
  return state.migrations?.some(({ passedOver }) => index < state.steps.length && passedOver.includes(stepNumber(state, index))) === true;
}

/** Runs that were given up by migrations. @param historyLength of those with just so many callbacks committed; default: of all */
export function givenUpRuns({ migrations = [] }: CommandState, historyLength?: number): readonly GivenUpRun[] {
  return migrations.flatMap((migration) => (historyLength === undefined || migration.historyLength === historyLength ? migration.givenUp : []));
}
