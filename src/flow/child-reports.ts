import { childToUndo, noted, outcomeOf, rollBackChild, withChild } from './children.js';
import type { ChildReport, Instant } from './event.js';
import { stops } from './items.js';
import type { FlowShape } from './shape.js';
import type { ChildItem, CommandState } from './state.js';
import type { Transition } from './step.js';
import { undoChildren } from './undo.js';
import { failedForGood, outstandingWork, replaced, settle, withItems } from './work.js';
import { phaseBehindHold } from './step.js';

// What a parent makes of what its children tell it.

/** A child tells how it stands; null if the command does not wait for it, or knows that already. */
export function childReported(shape: FlowShape, state: CommandState, id: string, report: ChildReport, at: Instant): Transition | null {
  const phase = phaseBehindHold(state);
  if (phase?.at === 'children') return undoReported(shape, state, id, report);
  const { items } = outstandingWork(state);
  const item = items.find((candidate) => candidate.id === id);
  if (item?.kind !== 'child' || item.outcome !== null) return null;
  const outcome = outcomeOf(report);
  if (outcome === null) return item.independent ? null : stillOut(state, item, report);
  const ended = replaced(items, item, { ...noted(item, report), outcome, ...lastingOf(item, report) });
  if (state.phase.at === 'held') return { state: withItems(state, 'step', ended), effects: [] };
  if (item.independent || outcome.kind === 'succeeded') return settle(shape, withItems(state, 'step', ended), 'step', ended, []);
  return failedForGood(shape, state, 'step', ended, [], at);
}

/** What of a dependent child's end counts in a rollback. */
function lastingOf({ independent }: ChildItem, report: ChildReport): Pick<ChildItem, 'past' | 'undo'> {
  if (independent) return {};
  if (report.is === 'completed' && report.past) return { past: true };
  return report.is === 'closed' ? { undo: 'closed' } : {};
}

/** A child that is held, or is so no longer. A wish to cancel was refused while it was, and is repeated. */
function stillOut(state: CommandState, item: ChildItem, report: ChildReport): Transition | null {
  const next = noted(item, report);
  return next === item ? null : { state: withChild(state, next), effects: report.is === 'held' ? [] : stops([next]) };
}

/** The child that is being rolled back tells how it stands. */
function undoReported(shape: FlowShape, state: CommandState, id: string, report: ChildReport): Transition | null {
  const child = childToUndo(state);
  if (child?.id !== id) return null;
  const next = noted(child, report);
  if (report.is === 'ended' || report.is === 'closed') {
    const undone = withChild(state, { ...next, undo: report.is === 'closed' ? 'closed' : 'rolledBack' });
    return state.phase.at === 'held' ? { state: undone, effects: [] } : undoChildren(shape, undone);
  }
  if (next === child) return null;
  // It was held before it had begun to roll back.
  return { state: withChild(state, next), effects: report.is === 'completed' && state.phase.at === 'children' ? [rollBackChild(state, next)] : [] };
}
