import type { FamilyExisting } from '../../src/flow/family-exists.js';
import type { OperatorEntry } from '../../src/flow/state.js';

// What operators did with a command, and what there is of it, as lines for people.

export function operatorText({ action, status, reason }: OperatorEntry): string {
  return `operator: ${action} while ${status}${reason === undefined ? '' : ` (${reason})`}`;
}

/** @param of the command whose list it is in */
export function existingText(of: string, existing: FamilyExisting): string {
  const { commandId, index, handler, why } = existing;
  return `exists: ${commandId === of ? '' : `${commandId} `}step ${index} ${handler} (${why})${doneText(existing)}`;
}

/** `: createVolume volume/v1, command c1!0.1.0`: what a step has done, or may have. */
export function doneText({ tasks, calls, children }: Pick<FamilyExisting, 'tasks' | 'calls' | 'children'>): string {
  const done = [
    ...tasks.map(({ verb, entity, outcome }) => `${verb}${entity === null ? '' : ` ${entity}`}${outcome.kind === 'succeeded' ? '' : ` (${outcome.kind})`}`),
    ...calls.map(({ verb, host }) => `${verb} on ${host}`),
    ...children.map((id) => `command ${id}`),
  ];
  return done.length === 0 ? '' : `: ${done.join(', ')}`;
}
