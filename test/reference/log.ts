import type { ChildItem, CommandState, StepState, TaskItem, WorkItem } from '../../src/flow/state.js';
import type { OperatorAction } from '../../src/model/operator.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { Batch } from '../../sim/invariants/store-mirror.js';

// What became durable of one command, batch by batch, in words. Two kinds of lines: callbacks that were committed, which the model has to foretell; and what
// the world did (a task ended, somebody cancelled), which the model is told, in the place where the engine took notice of it.

/** Which work: of a step going forward, or of its undo. */
export type WorkOf = 'step' | 'undo';

export type Entry =
  | { readonly kind: 'callback'; readonly text: string }
  /** `childIs`: it completed past its point of no return; an operator has closed it. */
  | { readonly kind: 'ended'; readonly of: WorkOf; readonly step: number; readonly ordinal: number; readonly outcome: Outcome['kind']; readonly childIs: 'past' | 'closed' | null }
  /** The back-off of a task is over, its next attempt has been placed. */
  | { readonly kind: 'due'; readonly of: WorkOf; readonly ordinal: number }
  /** `inRun`: a callback was under way, or had no wait before it any more. */
  | { readonly kind: 'cancel'; readonly inRun: boolean }
  /** The time of a step was up, that long after it was reached. */
  | { readonly kind: 'timeout'; readonly step: number; readonly inRun: boolean; readonly afterUs: number }
  | { readonly kind: 'locksGranted' }
  /** A dependent child has told that it waits for an operator; null: that it does so no longer. */
  | { readonly kind: 'childHeld'; readonly of: 'step'; readonly ordinal: number; readonly status: string | null }
  /** A dependent child that was to be rolled back has told that it is over. */
  | { readonly kind: 'childUndone'; readonly step: number; readonly ordinal: number; readonly how: 'rolledBack' | 'closed' }
  | { readonly kind: 'operated'; readonly action: OperatorAction }
  /** It had completed, and now its parent rolls back. */
  | { readonly kind: 'rolledBackByParent' }
  /** It had completed, and its root has ended. */
  | { readonly kind: 'endedWithRoot' };

/** An entry, and which batch it was in. */
export interface Line {
  readonly batch: number;
  readonly entry: Entry;
}

export function textOf(entry: Entry): string {
  switch (entry.kind) {
    case 'callback':
      return entry.text;
    case 'ended':
      return `(${entry.of} work ${entry.ordinal} ended: ${entry.outcome}${entry.childIs === null ? '' : `, ${entry.childIs}`})`;
    case 'due':
      return `(${entry.of} work ${entry.ordinal} is tried again)`;
    case 'cancel':
      return entry.inRun ? '(cancel, in a run)' : '(cancel)';
    case 'timeout':
      return `(the time of step ${entry.step} is up${entry.inRun ? ', in a run' : ''})`;
    case 'locksGranted':
      return '(locks granted)';
    case 'childHeld':
      return `(child ${entry.ordinal} is ${entry.status ?? 'held no longer'})`;
    case 'childUndone':
      return `(child ${entry.ordinal} is undone: ${entry.how})`;
    case 'operated':
      return `(an operator: ${entry.action})`;
    case 'rolledBackByParent':
      return '(its parent rolls back)';
    case 'endedWithRoot':
      return '(its root has ended)';
  }
}

/** The lines that a batch adds, by command. */
export function entriesOf(batch: Batch): readonly { readonly commandId: string; readonly entries: readonly Entry[] }[] {
  const consumed = new Set(batch.tasks.flatMap(({ id, before, after }) => (after?.state === 'Ending' && before?.state !== 'Ending' ? [id] : [])));
  return batch.commands.flatMap(({ id, before, after }) => {
    if (before === undefined || after === undefined) return [];
    const callbacks = batch.history.flatMap(({ commandId, entry }): Entry[] => {
      if (commandId !== id || entry === undefined) return [];
      return [{ kind: 'callback', text: `${entry.callback} ${entry.index} #${entry.attempt} ${entry.outcome}` }];
    });
    return [{ commandId: id, entries: [...callbacks, ...worldsEntries(before, after, consumed)] }];
  });
}

function worldsEntries(before: CommandState, after: CommandState, consumed: ReadonlySet<string>): Entry[] {
  const entries: Entry[] = [];
  if (before.status === 'SUBMITTED' && after.status === 'RUNNING') entries.push({ kind: 'locksGranted' });
  if (before.cancel === null && after.cancel !== null) entries.push({ kind: 'cancel', inRun: after.cancel.during !== null });
  for (const { action } of after.operator.slice(before.operator.length)) entries.push({ kind: 'operated', action });
  if (before.status === 'COMPLETED' && after.status === 'SUCCEEDED') entries.push({ kind: 'endedWithRoot' });
  if (before.phase.at === 'completed' && after.executionReason === 'ROLLBACK_FLOW') entries.push({ kind: 'rolledBackByParent' });
  before.steps.forEach((step, i) => {
    const now = after.steps[i];
    if (now === undefined) return;
    const late = step.timedOut === undefined ? now.timedOut : undefined;
    if (late !== undefined) entries.push({ kind: 'timeout', step: i, inRun: late.during !== null, afterUs: late.requestedAt - step.reachedAt });
    for (const [of, items, later] of lists(step, now)) {
      items.forEach((item, ordinal) => {
        const next = later[ordinal];
        if (item.kind === 'child' && next?.kind === 'child') entries.push(...childEntries(i, ordinal, item, next));
        if (item.kind === 'task' && next?.kind === 'task' && item.outcome === null) entries.push(...taskEntries(of, i, ordinal, item, next, consumed));
      });
    }
  });
  return entries;
}

function lists(before: StepState, after: StepState): readonly (readonly [WorkOf, readonly WorkItem[], readonly WorkItem[]])[] {
  return [
    ['step', before.work, after.work],
    ['undo', before.revertWork, after.revertWork],
  ];
}

function childEntries(step: number, ordinal: number, before: ChildItem, after: ChildItem): Entry[] {
  if (before.outcome === null && after.outcome !== null) {
    const childIs = after.undo === 'closed' ? 'closed' : after.past === true ? 'past' : null;
    return [{ kind: 'ended', of: 'step', step, ordinal, outcome: after.outcome.kind, childIs }];
  }
  if (before.undo === undefined && (after.undo === 'rolledBack' || after.undo === 'closed')) return [{ kind: 'childUndone', step, ordinal, how: after.undo }];
  return before.held?.status === after.held?.status ? [] : [{ kind: 'childHeld', of: 'step', ordinal, status: after.held?.status ?? null }];
}

function taskEntries(of: WorkOf, step: number, ordinal: number, before: TaskItem, after: TaskItem, consumed: ReadonlySet<string>): Entry[] {
  // Its end was consumed: what it came to is the outcome, or, if it is to be tried again already, the last of the past ones.
  const outcome = after.outcome ?? after.past.at(-1)?.outcome;
  if (consumed.has(before.id) && outcome !== undefined) return [{ kind: 'ended', of, step, ordinal, outcome: outcome.kind, childIs: null }];
  return before.notBefore !== null && after.notBefore === null && after.id === before.id ? [{ kind: 'due', of, ordinal }] : [];
}
