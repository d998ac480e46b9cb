import type { Data } from '../../src/model/data.js';
import { whatExists } from '../../src/flow/ending.js';
import { isHeld, type CommandState } from '../../src/flow/state.js';

/** The ids of a command's children, in the order they were started. */
export function childIdsOf(state: CommandState): readonly string[] {
  return state.steps.flatMap(({ work }) => work.flatMap((item) => (item.kind === 'child' ? [item.id] : [])));
}

/** What clients are told of a command. @param childOf a child's state */
export function statusOf(state: CommandState, childOf: (id: string) => CommandState | undefined): Data {
  const { id, type, status, executionIndex, executionReason, error, heldBy, residue, operator } = state;
  const exists = isHeld(status) ? whatExists(state) : state.exists;
  const children = childIdsOf(state).flatMap((commandId): Data[] => {
    const child = childOf(commandId);
    return child === undefined ? [] : [{ commandId, status: child.status }];
  });
  return { commandId: id, type, status, executionIndex, executionReason, error, heldBy, residue, operator, exists, children };
}
