import type { FamilyExisting } from '../../src/flow/family-exists.js';
import type { OperatorEntry } from '../../src/flow/state.js';

// What operators did with a command, and what there is of it, as lines for people.

export function operatorText({ action, status, reason }: OperatorEntry): string {
  return `operator: ${action} while ${status}${reason === undefined ? '' : ` (${reason})`}`;
}

/** @param of the command whose list it is in */
export function existingText(of: string, { commandId, index, handler, why, tasks, calls, children }: FamilyExisting): string {
  const done = [
    ...tasks.map(({ verb, entity, outcome }) => `${verb}${entity === null ? '' : ` ${entity}`}${outcome.kind === 'succeeded' ? '' : ` (${outcome.kind})`}`),
    ...calls.map(({ verb, host }) => `${verb} on ${host}`),
    ...children.map((id) => `command ${id}`),
  ];
  return `exists: ${commandId === of ? '' : `${commandId} `}step ${index} ${handler} (${why})${done.length === 0 ? '' : `: ${done.join(', ')}`}`;
}
