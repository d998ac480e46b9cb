import type { CommandState, StepState, TaskItem, WorkItem } from '../../src/flow/state.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { Batch } from '../../sim/invariants/store-mirror.js';

// What became durable of one command, batch by batch, in words. Two kinds of lines: callbacks that were committed, which the model has to foretell; and what
// the world did (a task ended, somebody cancelled), which the model is told, in the place where the engine took notice of it.

/** Which work: of a step going forward, or of its undo. */
export type WorkOf = 'step' | 'undo';

export type Entry =
  | { readonly kind: 'callback'; readonly text: string }
  | { readonly kind: 'ended'; readonly of: WorkOf; readonly ordinal: number; readonly outcome: Outcome['kind'] }
  /** The back-off of a task is over, its next attempt has been placed. */
  | { readonly kind: 'due'; readonly of: WorkOf; readonly ordinal: number }
  /** `inRun`: a callback was under way, or had no wait before it any more. */
  | { readonly kind: 'cancel'; readonly inRun: boolean }
  | { readonly kind: 'locksGranted' };

export function textOf(entry: Entry): string {
  switch (entry.kind) {
    case 'callback':
      return entry.text;
    case 'ended':
      return `(${entry.of} work ${entry.ordinal} ended: ${entry.outcome})`;
    case 'due':
      return `(${entry.of} work ${entry.ordinal} is tried again)`;
    case 'cancel':
      return entry.inRun ? '(cancel, in a run)' : '(cancel)';
    case 'locksGranted':
      return '(locks granted)';
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
  before.steps.forEach((step, i) => {
    const now = after.steps[i];
    if (now === undefined) return;
    for (const [of, items, later] of lists(step, now)) {
      items.forEach((item, ordinal) => {
        const next = later[ordinal];
        if (next === undefined || item.outcome !== null) return;
        if (item.kind === 'task' && next.kind === 'task') entries.push(...taskEntries(of, ordinal, item, next, consumed));
        else if (next.outcome !== null) entries.push({ kind: 'ended', of, ordinal, outcome: next.outcome.kind });
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

function taskEntries(of: WorkOf, ordinal: number, before: TaskItem, after: TaskItem, consumed: ReadonlySet<string>): Entry[] {
  // Its end was consumed: what it came to is the outcome, or, if it is to be tried again already, the last of the past ones.
  const outcome = after.outcome ?? after.past.at(-1);
  if (consumed.has(before.id) && outcome !== undefined) return [{ kind: 'ended', of, ordinal, outcome: outcome.kind }];
  return before.notBefore !== null && after.notBefore === null && after.id === before.id ? [{ kind: 'due', of, ordinal }] : [];
}
