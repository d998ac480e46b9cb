import { OPERATOR_ACTIONS, type OperatorAction, type OperatorRequest } from '../model/operator.js';
import { childToUndo } from './children.js';
import { isFailedTask, mayRunAgain, placedTasks } from './items.js';
import { isOfOlderStore } from './older-store.js';
import { isHeld, type CommandState, type OperatorEntry } from './state.js';
import { outstandingWork } from './work.js';

// Which of an operator's actions are possible, decided from the durable state.

/** An earlier action under this request id, or null. */
export function actedBefore(state: CommandState, requestId: string): OperatorEntry | null {
  return state.operator.find((entry) => entry.requestId === requestId) ?? null;
}

/** Whether the action can be carried out. @param unfit why this program cannot continue the command, or null */
export function fits(state: CommandState, request: OperatorRequest, unfit: string | null): boolean {
  return operatorRefusal(state, request, unfit) === null;
}

/** Why the action is not possible, in words, with those that are; null if it is. @param unfit why this program cannot continue the command, or null */
export function operatorRefusal(state: CommandState, { action, output }: OperatorRequest, unfit: string | null): string | null {
  const why = actionRefusal(state, action, unfit);
  if (why === null) return output === undefined ? null : outputRefusal(state, action);
  const possible = OPERATOR_ACTIONS.filter((other) => actionRefusal(state, other, unfit) === null);
  return `${why}; possible: ${possible.length === 0 ? 'nothing' : possible.join(', ')}`;
}

function actionRefusal(state: CommandState, action: OperatorAction, unfit: string | null): string | null {
  const { status, heldBy } = state;
  if (!isHeld(status)) return `it is ${status}, and an operator acts on held commands only`;
  if (heldBy?.code === 'CHILD_HELD') return `${heldBy.message}: act on that command, and this one goes on by itself`;
  switch (action) {
    case 'abandon':
      return running(state);
    case 'retry':
      if (unfit !== null) return unfit;
      return status === 'STUCK' && hasNothingToRetry(state) ? 'nothing of the step can be tried again: its children have failed for good, and of its tasks nobody can tell whether they ran' : null;
    case 'skip':
    case 'resolve':
      if (status === 'PARKED') return `it is PARKED in the middle of a step, whose end this program cannot stand in for`;
      return unfit ?? running(state);
  }
}

/**
 * What cannot be left behind: it may still have effects. A task in back-off has nothing under way; and of the tasks of an older store nobody can tell whether
 * they will ever be told to be over, so they may be.
 */
function running(state: CommandState): string | null {
  const { items } = outstandingWork(state);
  const undoing = state.phase.at === 'held' && state.phase.from?.at === 'children' ? childToUndo(state) : undefined;
  // One that is past its point of no return stays, and nothing of it is under way.
  if (undoing !== undefined && undoing.past !== true) return `child ${undoing.id} is to be rolled back, and is not over`;
  const child = items.find(({ kind, outcome }) => kind === 'child' && outcome === null);
  if (child !== undefined) return `child ${child.id} is not over`;
  if (isOfOlderStore(state)) return null;
  // Once its handler is asked what became of a task, nothing of that is under way.
  const task = placedTasks(items).find(({ probing }) => probing === undefined);
  return task === undefined ? null : `task ${task.id} (${task.verb}) is not over`;
}

function hasNothingToRetry(state: CommandState): boolean {
  return state.phase.at === 'held' && state.phase.from?.at === 'work' && !outstandingWork(state).items.some((item) => isFailedTask(item) && mayRunAgain(item, item.outcome));
}

function outputRefusal({ status }: CommandState, action: OperatorAction): string | null {
  return action === 'resolve' && status === 'STUCK' ? null : `an output can be given only where resolve completes a step, of a command that is STUCK; without it, ${action} is possible`;
}

/** How a step is marked that an operator has closed. */
export function closed(action: OperatorAction): 'skipped' | 'resolved' {
  return action === 'resolve' ? 'resolved' : 'skipped';
}
