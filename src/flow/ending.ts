import { withCleanUps } from './clean-up.js';
import { withoutNextAttempt } from './items.js';
import type { CommandState, Existing, StepState, TaskItem, WorkItem } from './state.js';
import type { Transition } from './step.js';

// The end of a command, and what is there of one that did not end by its own rules.

/** Ends the command. What an operator closed is given the list of what there is of it, in that very commit. */
export function ended(state: CommandState, status: 'SUCCEEDED' | 'ROLLED_BACK' | 'CLOSED_BY_OPERATOR'): Transition {
  const exists = status === 'CLOSED_BY_OPERATOR' ? whatExists(state) : [];
  return { state: { ...state, status, exists, heldBy: null, phase: { at: 'ended' } }, effects: [{ do: 'end' }] };
}

/** What there is of each step that is not undone, first step first. It asks the state alone, so that it can be told for any program. */
export function whatExists(state: CommandState): readonly Existing[] {
  return state.steps.flatMap((step, index): Existing[] => {
    const why = reasonOf(state, step, index);
    if (why === null) return [];
    const error = step.undoError ?? step.failure;
    return [{ index, handler: step.handler, why, ...workDone(step), ...(error === undefined ? {} : { error }) }];
  });
}

/** Tasks of a step that ran or may have run, its calls and its children. */
export function workDone({ work, called = [] }: StepState): Pick<Existing, 'tasks' | 'calls' | 'children'> {
  const tasks = work.flatMap((item) => (item.kind === 'task' ? withCleanUps(item).map(lastAttempt) : [])).flatMap((item) =>
    item.outcome !== null && isRun(item) ? [{ id: item.id, verb: item.verb, args: item.args, entity: item.entity, outcome: item.outcome }] : [],
  );
  return { tasks, calls: called, children: work.flatMap((item) => (item.kind === 'child' ? [item.id] : [])) };
}

function reasonOf(state: CommandState, step: StepState, index: number): Existing['why'] | null {
  switch (step.undo) {
    case 'failed':
    case 'notUndoable':
    case 'blocked':
    case 'skipped':
      return step.undo;
    // What was left on purpose is residue.
    case 'compensated':
    case 'left':
    case 'nothingToUndo':
    case 'resolved':
      return null;
    case undefined:
  }
  if (step.closed === 'skipped') return 'skipped';
  if (step.completed) return 'completed';
  // A failed step whose own clean-up is done is undone, and has no mark of it.
  if (step.failure !== undefined && state.executionIndex < index) return null;
  return step.begun || mayHaveCalled(step) ? 'unfinished' : null;
}

/** Whether HSM calls of the step may have had effects: of a run that threw, or of one that was committed. */
export function mayHaveCalled({ sent, called = [] }: StepState): boolean {
  return sent === true || called.length > 0;
}

/** Of a task only what is known not to have run is known to have done nothing. Independent children answer for themselves. */
export function mayHaveRun(item: WorkItem): boolean {
  return item.kind === 'task' && withCleanUps(item).some(isRun);
}

/** What waits for its next attempt is as its last one left it. */
function lastAttempt(item: TaskItem): TaskItem {
  return item.notBefore !== null || item.cleanUp !== undefined ? withoutNextAttempt(item) : item;
}

function isRun({ past, outcome }: TaskItem): boolean {
  return [...past.map((attempt) => attempt.outcome), outcome].some((ended) => ended !== null && ended.kind !== 'refused' && ended.kind !== 'notSent');
}
