import { failTask, type FailureCase } from '../failure-case.js';
import type { FaultDocument } from '../scenario.js';

type Action = 'retry' | 'skip' | 'resolve' | 'abandon';

/** A command that is held in the first minutes, what an operator does with it then, and how it ends. */
interface Held {
  readonly what: string;
  readonly type: 'GoBack' | 'GoOn' | 'Parent';
  readonly does: readonly Action[];
  readonly faults: readonly FaultDocument[];
  readonly ends: string;
}

const CLOSED = 'CLOSED_BY_OPERATOR';

const undoFails = (nth: number | 'every' = 1): readonly FaultDocument[] => [failTask('unmake', { thing: 'x.b' }, nth)];
const forwardFails = (nth: number | 'every' = 1): readonly FaultDocument[] => [failTask('make', { thing: 'x.s1' }, nth)];

const HELD: readonly Held[] = [
  { what: 'an undo that failed', type: 'GoBack', does: ['retry'], faults: undoFails(), ends: 'ROLLED_BACK' },
  { what: 'an undo that fails again', type: 'GoBack', does: ['retry', 'skip'], faults: undoFails('every'), ends: `${CLOSED} (b skipped)` },
  { what: 'an undo that failed', type: 'GoBack', does: ['skip'], faults: undoFails(), ends: `${CLOSED} (b skipped)` },
  { what: 'an undo that failed', type: 'GoBack', does: ['resolve'], faults: undoFails(), ends: CLOSED },
  { what: 'an undo that failed', type: 'GoBack', does: ['abandon'], faults: undoFails(), ends: `${CLOSED} (a blocked, b failed)` },
  { what: 'a step behind the pivot', type: 'GoOn', does: ['retry'], faults: forwardFails(), ends: 'SUCCEEDED' },
  { what: 'a step behind the pivot that fails again', type: 'GoOn', does: ['retry', 'skip'], faults: forwardFails('every'), ends: `${CLOSED} (cross completed, s skipped, t completed)` },
  { what: 'a step behind the pivot', type: 'GoOn', does: ['skip'], faults: forwardFails(), ends: `${CLOSED} (cross completed, s skipped, t completed)` },
  { what: 'a step behind the pivot', type: 'GoOn', does: ['resolve'], faults: forwardFails(), ends: `${CLOSED} (cross completed, s completed, t completed)` },
  { what: 'a step behind the pivot', type: 'GoOn', does: ['abandon'], faults: forwardFails(), ends: `${CLOSED} (cross completed, s unfinished)` },
  { what: 'a child whose undo failed', type: 'Parent', does: ['retry'], faults: undoFails(), ends: 'ROLLED_BACK, ROLLED_BACK' },
  { what: 'a child whose undo failed', type: 'Parent', does: ['skip'], faults: undoFails(), ends: `${CLOSED} (b skipped), ${CLOSED} (b skipped)` },
  { what: 'a child whose undo failed', type: 'Parent', does: ['resolve'], faults: undoFails(), ends: `${CLOSED}, ${CLOSED}` },
  { what: 'a child whose undo failed', type: 'Parent', does: ['abandon'], faults: undoFails(), ends: `${CLOSED} (a blocked, b failed), ${CLOSED} (a blocked, b failed)` },
];

const AT = ['10min', '20min'];

function planned(does: readonly Action[], on: string | null): string {
  const actions = does.map((action, i) => ({ at: AT[i], action, reason: 'by hand', ...(on === null ? {} : { child: on }) }));
  return `commands.0.operator=${JSON.stringify(actions)}`;
}

export const OPERATORS: readonly FailureCase[] = [
  ...HELD.map(({ what, type, does, faults, ends }): FailureCase => ({
    name: `an operator's ${does.join(', then ')}: ${what}`,
    scenario: 'test/torture/flows/held.yaml',
    faults,
    settings: [`commands.0.type=${type}`, planned(does, type === 'Parent' ? 'c!1.1.0' : null)],
    ends,
  })),
  {
    name: "an operator's retry, then abandon: a callback that does not repeat itself",
    scenario: 'test/torture/flows/clean-up.scenario.ts',
    faults: [],
    settings: ['commands.0.type=Forget', planned(['retry', 'abandon'], null)],
    ends: `${CLOSED} (begin completed, forget unfinished)`,
  },
];
