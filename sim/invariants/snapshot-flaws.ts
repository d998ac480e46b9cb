import { withCleanUps } from '../../src/flow/clean-up.js';
import { isHeld, isTerminal, type CommandState, type Phase, type StepState, type TaskItem } from '../../src/flow/state.js';
import { sameData, type Data } from '../../src/model/data.js';
import { dependentsOf } from './family.js';
import { migrationFlaws } from './migration-flaws.js';
import { operated, operatorFlaws } from './operator-flaws.js';
import type { Changed } from './store-mirror.js';

/** What is wrong with how a command's snapshot follows from the one before, each in words. */
export function snapshotFlaws({ before, after }: Changed<CommandState>): readonly string[] {
  if (after === undefined) return ['its snapshot was deleted'];
  if (before === undefined) return beginning(after);
  if (after.epoch !== before.epoch) return takenUp(before, after);
  if (isTerminal(before.status)) return [`it was ${before.status}, and has changed all the same`];
  if (after.version > before.version) return migrationFlaws(before, after);
  return [...identity(before, after), ...movement(before, after), ...steps(before, after), ...operatorFlaws(before, after)];
}

function beginning({ status, historyLength, steps: reached }: CommandState): readonly string[] {
  const fresh = status === 'SUBMITTED' && historyLength === 0 && reached.length === 0;
  return fresh ? [] : [`its first snapshot is ${status} with ${historyLength} committed callbacks and ${reached.length} steps`];
}

const FIXED = ['type', 'version', 'params', 'handlers', 'parent', 'rootId', 'locks', 'lockWait', 'submittedAt', 'migrations'] as const;

function identity(before: CommandState, after: CommandState): readonly string[] {
  return changed([...FIXED, 'inDoubt'], before, after);
}

function changed(fields: readonly ((typeof FIXED)[number] | 'inDoubt')[], before: CommandState, after: CommandState): readonly string[] {
  return fields.filter((field) => !sameData(before[field], after[field])).map((field) => `its ${field} has changed`);
}

/** From an older store: beyond what hosts have seen under its name, and with nothing that goes on. */
function takenUp(before: CommandState, after: CommandState): readonly string[] {
  const flaws = [...changed(FIXED, before, after)];
  if (after.epoch === undefined || after.fence !== after.epoch + 1 || after.fence <= before.fence) flaws.push(`its fence is ${after.fence} in epoch ${after.epoch ?? 0}, after ${before.fence}`);
  if (after.inDoubt !== true) flaws.push('it is not said to be in doubt');
  if (!isHeld(after.status) && after.status !== 'COMPLETED') flaws.push(`it was taken up from an older store, and is ${after.status}`);
  for (const field of ['executionIndex', 'executionReason', 'steps', 'historyLength', 'error', 'cancel', 'operator'] as const) {
    if (!sameData(before[field], after[field])) flaws.push(`its ${field} has changed as it was taken up`);
  }
  return flaws;
}

/** What a store's later commits may have used is told from their number, so no commit uses up more than one. */
function fenceFlaws(before: CommandState, after: CommandState): readonly string[] {
  if (after.fence < before.fence) return [`its fence fell from ${before.fence} to ${after.fence}`];
  return after.fence > before.fence + 1 ? [`its fence went from ${before.fence} to ${after.fence} in one commit`] : [];
}

/** Forward by one at a time, and back down; never forward again from a rollback. */
function movement(before: CommandState, after: CommandState): readonly string[] {
  const [from, to] = [before.executionIndex, after.executionIndex];
  const flaws: string[] = [];
  if (after.fence === before.fence && givesUp(before, after)) flaws.push('an attempt that had sent something was given up without a new fence number');
  flaws.push(...fenceFlaws(before, after));
  if (before.executionReason === 'ROLLBACK_FLOW' && after.executionReason === 'REGULAR_FLOW') flaws.push('a rollback went forward again');
  if (after.executionReason === 'ROLLBACK_FLOW') {
    if ((to > from && !operated(before, after)) || to < -1) flaws.push(`its executionIndex went from ${from} to ${to} in a rollback`);
    if (before.executionReason === 'REGULAR_FLOW' && after.fence === before.fence) flaws.push('a rollback began without a new fence number');
  } else {
    if (to !== from && to !== from + 1) flaws.push(`its executionIndex went from ${from} to ${to}`);
    if (to === from + 1 && after.steps[from]?.completed !== true) flaws.push(`it left step ${from}, which is not completed`);
    if (to > after.handlers.length) flaws.push(`its executionIndex is ${to}, and it has ${after.handlers.length} steps`);
  }
  return flaws;
}

/**
 * Whether the commit ends an attempt that may have something under way: a callback is to run again under another attempt, is asked about, or a task gets a
 * new id. What `hasPassed` reads changes nothing, so its own attempts end without a new number.
 */
function givesUp(before: CommandState, after: CommandState): boolean {
  const [from, to] = [beneath(before), beneath(after)];
  if (before.executionIndex !== after.executionIndex) return false;
  if (from.at === 'callback' && from.callback !== 'hasPassed' && to.at === 'callback') {
    return to.callback === 'hasPassed' || (to.callback === from.callback && to.attempt !== from.attempt);
  }
  return from.at === 'work' && to.at === 'work' && (attempts(after) > attempts(before) || givesUpCleanUp(before, after));
}

/** A run of `beforeRetry` that has thrown: it is to run again, or has failed for good. */
function givesUpCleanUp(before: CommandState, after: CommandState): boolean {
  const now = after.steps[after.executionIndex]?.work ?? [];
  return (before.steps[before.executionIndex]?.work ?? []).some((old) => {
    if (old.kind === 'child' || old.cleanUp?.at !== 'callback') return false;
    const item = now.find(({ ordinal }) => ordinal === old.ordinal);
    if (item?.kind !== 'task') return false;
    if (item.id !== old.id) return item.givenUp !== undefined && item.givenUp.error !== null;
    return item.cleanUp?.at === 'callback' && item.cleanUp.attempt !== old.cleanUp.attempt;
  });
}

/** What a command does that is held by a child: its other work goes on. */
function beneath({ phase, heldBy }: CommandState): Phase {
  return phase.at === 'held' && phase.from !== null && heldBy?.code === 'CHILD_HELD' ? phase.from : phase;
}

function attempts(state: CommandState): number {
  const step = state.steps[state.executionIndex];
  return [...(step?.work ?? []), ...(step?.revertWork ?? [])].reduce((sum, item) => sum + (item.kind === 'task' ? item.attempt + retriesOfCleanUps(item) : 0), 0);
}

function retriesOfCleanUps(item: TaskItem): number {
  return withCleanUps(item).slice(1).reduce((sum, task) => sum + task.attempt - 1, 0);
}

/** What is known of a step is not forgotten. */
function steps(before: CommandState, after: CommandState): readonly string[] {
  return before.steps.flatMap((old, i): string[] => {
    const now = after.steps[i];
    if (now === undefined) return [`step ${i} was reached, and is forgotten`];
    const flaws: string[] = [];
    if (old.completed && !now.completed) flaws.push(`step ${i} was completed, and is not any more`);
    if (old.pivot === 'passed' && now.pivot !== 'passed') flaws.push(`step ${i} was past its point of no return, and is not any more`);
    for (const child of dependentsOf(old)) {
      const same = dependentsOf(now).find(({ id }) => id === child.id);
      if (same === undefined) flaws.push(`child ${child.id} of step ${i} is forgotten`);
      else if (child.outcome !== null && !sameData(child.outcome, same.outcome)) flaws.push(`the end of child ${child.id} has changed`);
      else if (child.undo === 'rolledBack' && same.undo !== 'rolledBack') flaws.push(`child ${child.id} was rolled back, and is not any more`);
    }
    if (old.completed && !sameData(lasting(old), lasting(now))) flaws.push(`what step ${i} left to later steps has changed`);
    return flaws;
  });
}

function lasting({ handler, before = null, output = null }: StepState): Data {
  return { handler, before, output };
}
