import type { CommandState, MigrationEntry } from '../../src/flow/state.js';
import { doneText } from './operator-text.js';
import { clock } from './style.js';

/** What changes of its program a command has been through, as lines for people. */
export function migrationLines(command: CommandState): readonly string[] {
  return (command.migrations ?? []).flatMap((entry) => linesOf(command, entry));
}

function linesOf(command: CommandState, { t, from, to, passedOver, dropped, givenUp }: MigrationEntry): readonly string[] {
  const past = passedOver.length === 0 ? '' : `; it was past the new ${passedOver.map((number) => stepText(command, number)).join(', ')}`;
  return [
    `${clock(t)}  migrated from version ${from} to ${to}${past}`,
    ...dropped.map((step) => `  dropped, and not undone: step ${step.index} ${step.handler}${doneText(step)}`),
    ...givenUp.map(({ callback, number, attempt, task }) => `  given up: ${callback} #${attempt} of ${stepText(command, number)}${task === undefined ? '' : ` for ${task}`}`),
  ];
}

/** By what the step is called now; a later migration may have dropped it. */
function stepText({ steps }: CommandState, number: number): string {
  const step = steps.find((candidate, index) => (candidate.number ?? index) === number);
  return step === undefined ? 'a step that is gone' : `step ${step.handler}`;
}
