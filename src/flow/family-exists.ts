import { dependentChildren } from './children.js';
import { whatExists } from './ending.js';
import { isHeld, type CommandState, type Existing } from './state.js';

/** What there is of one step of a command, or of one of its dependent children. */
export type FamilyExisting = Existing & { readonly commandId: string };

/**
 * What there is of a command that is held, or that an operator has closed, and of its dependent children to any depth: also of those of a step that was undone.
 * Empty for any other command. Independent children answer for themselves.
 * @param childOf a child's state, whether it is over or not
 */
export function existsOfFamily(state: CommandState, childOf: (id: string) => CommandState | undefined): readonly FamilyExisting[] {
  return isHeld(state.status) || state.status === 'CLOSED_BY_OPERATOR' ? withChildren(state, childOf) : [];
}

function withChildren(state: CommandState, childOf: (id: string) => CommandState | undefined): readonly FamilyExisting[] {
  const own = (state.status === 'CLOSED_BY_OPERATOR' ? state.exists : ofItself(state)).map((existing) => ({ commandId: state.id, ...existing }));
  const children = state.steps.flatMap((step) => dependentChildren(step)).flatMap(({ id }) => childOf(id) ?? []);
  return [...own, ...children.flatMap((child) => withChildren(child, childOf))];
}

/** Of one that is rolled back, or was never begun, there is nothing that is not declared. */
function ofItself(state: CommandState): readonly Existing[] {
  return state.status === 'ROLLED_BACK' || state.status === 'REJECTED' ? [] : whatExists(state);
}
