import { withCleanUps } from '../../src/flow/clean-up.js';
import type { ChildItem, CommandState, TaskItem } from '../../src/flow/state.js';
import { dependentsOf } from './family.js';
import { phaseBehindHold } from '../../src/flow/step.js';

/** The work that a command waits for, by its durable state. A held one does not go on, but still hears how its work ends. */
export function awaitedWork(state: CommandState): { readonly tasks: readonly TaskItem[]; readonly children: readonly ChildItem[] } {
  const phase = phaseBehindHold(state);
  const step = state.steps[state.executionIndex];
  if (phase?.at === 'children') {
    const child = dependentsOf(step).findLast(({ outcome, undo }) => outcome?.kind === 'succeeded' && undo === undefined);
    return { tasks: [], children: child === undefined || child.past === true ? [] : [child] };
  }
  if (phase?.at !== 'work' || step === undefined) return { tasks: [], children: [] };
  const items = phase.of === 'step' ? step.work : step.revertWork;
  const open = items.filter(({ outcome }) => outcome === null);
  return {
    // One in back-off, or for which is cleaned up, has no task yet.
    tasks: items.filter((item) => item.kind === 'task').flatMap(withCleanUps).filter(({ outcome, notBefore, cleanUp }) => outcome === null && notBefore === null && cleanUp === undefined),
    children: open.filter((item) => item.kind === 'child'),
  };
}
