import type { Data } from '../../src/model/data.js';
import { existsOfFamily } from '../../src/flow/family-exists.js';
import type { CommandState } from '../../src/flow/state.js';

/** The ids of a command's children, in the order they were started. */
export function childIdsOf(state: CommandState): readonly string[] {
  return state.steps.flatMap(({ work }) => work.flatMap((item) => (item.kind === 'child' ? [item.id] : [])));
}

/** Whether all those whom {@link statusOf} tells of are known. @param childOf a child's state, if it is */
export function isFamilyKnown(state: CommandState, childOf: (id: string) => CommandState | undefined): boolean {
  return childIdsOf(state).every((id) => {
    const child = childOf(id);
    return child !== undefined && isFamilyKnown(child, childOf);
  });
}

/** What clients are told of a command. @param childOf a child's state */
export function statusOf(state: CommandState, childOf: (id: string) => CommandState | undefined): Data {
  const { id, type, status, executionIndex, executionReason, error, heldBy, residue, operator, unsettled = [] } = state;
  const exists = existsOfFamily(state, childOf);
  const children = childIdsOf(state).flatMap((commandId): Data[] => {
    const child = childOf(commandId);
    return child === undefined ? [] : [{ commandId, status: child.status }];
  });
  return { commandId: id, type, status, executionIndex, executionReason, error, heldBy, residue, operator, exists, unsettled: unsettled.map((call) => ({ ...call })), children };
}
