import type { ChildItem, CommandState, StepState, TaskItem, WorkItem } from '../../src/flow/state.js';
import type { OperatorAction } from '../../src/model/operator.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { Batch } from '../../sim/invariants/store-mirror.js';

// What became durable of one command, batch by batch, in words. Two kinds of lines: callbacks that were committed, which the model has to foretell; and what
// the world did (a task ended, somebody cancelled), which the model is told, in the place where the engine took notice of it.

/** Which work: of a step going forward, or of its undo. */
export type WorkOf = 'step' | 'undo';

export type Entry =
  | { readonly kind: 'callback'; readonly text: string; /** `beforeRetry` belongs to a piece of work. */ readonly beforeRetryOf: number | null }
  /** `cleanUp`: it is not that piece of work itself, but one of the tasks that clean up before its next attempt. `child`: its id, if it is a child. `childIs`: it completed past its point of no return; an operator has closed it. */
  | { readonly kind: 'ended'; readonly of: WorkOf; readonly step: number; readonly ordinal: number; readonly cleanUp: number | null; readonly outcome: Outcome['kind']; readonly child: string | null; readonly childIs: 'past' | 'closed' | null }
  /** The back-off of a task is over, its next attempt has been placed. */
  | { readonly kind: 'due'; readonly of: WorkOf; readonly ordinal: number; readonly cleanUp: number | null }
  /** The task that a `beforeRetry` is for has been asked to stop. `inRun`: when that was under way. */
  | { readonly kind: 'stopsPreparing'; readonly ordinal: number; readonly inRun: boolean }
  /** `inRun`: a callback was under way, or had no wait before it any more. */
  | { readonly kind: 'cancel'; readonly inRun: boolean }
  /** The time of a step was up, that long after it was reached. */
  | { readonly kind: 'timeout'; readonly step: number; readonly inRun: boolean; readonly afterUs: number }
  | { readonly kind: 'locksGranted' }
  /** A dependent child has told that it waits for an operator; null: that it does so no longer. */
  | { readonly kind: 'childHeld'; readonly of: 'step'; readonly ordinal: number; readonly status: string | null }
  /** A dependent child that was to be rolled back has told that it is over. */
  | { readonly kind: 'childUndone'; readonly child: string; readonly step: number; readonly ordinal: number; readonly how: 'rolledBack' | 'closed' }
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
      return `(${nameOf(entry)} ended: ${entry.outcome}${entry.childIs === null ? '' : `, ${entry.childIs}`})`;
    case 'due':
      return `(${nameOf(entry)} is tried again)`;
    case 'stopsPreparing':
      return `(the clean-up for work ${entry.ordinal} is stopped${entry.inRun ? ', in a run' : ''})`;
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

function nameOf({ of, ordinal, cleanUp }: Extract<Entry, { kind: 'ended' | 'due' }>): string {
  return `${cleanUp === null ? '' : `clean-up ${cleanUp} for `}${of} work ${ordinal}`;
}

/** The lines that a batch adds, by command. */
export function entriesOf(batch: Batch): readonly { readonly commandId: string; readonly entries: readonly Entry[] }[] {
  const consumed = new Set(batch.tasks.flatMap(({ id, before, after }) => (after?.state === 'Ending' && before?.state !== 'Ending' ? [id] : [])));
  return batch.commands.flatMap(({ id, before, after }) => {
    if (before === undefined || after === undefined) return [];
    const ran = batch.history.flatMap(({ commandId, entry }) => (commandId === id && entry !== undefined ? [entry] : []));
    const callbacks = ran.map((entry): Entry => {
      const ordinal = before.steps[entry.index]?.work.findIndex((item) => item.id === entry.task) ?? -1;
      const beforeRetryOf = ordinal < 0 ? null : ordinal;
      return { kind: 'callback', text: `${entry.callback} ${entry.index} #${entry.attempt} ${entry.outcome}${ordinal < 0 ? '' : ` of ${ordinal}`}`, beforeRetryOf };
    });
    const toldOf = new Set(ran.flatMap(({ task }) => (task === undefined ? [] : [task])));
    return [{ commandId: id, entries: [...callbacks, ...worldsEntries(before, after, consumed), ...stoppedPreparations(before, after, toldOf)] }];
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
        // A list may have become shorter.
        const next = later.find((other) => other.ordinal === item.ordinal);
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
    return [{ kind: 'ended', of: 'step', step, ordinal, cleanUp: null, outcome: after.outcome.kind, child: after.id, childIs }];
  }
  if (before.undo === undefined && (after.undo === 'rolledBack' || after.undo === 'closed')) return [{ kind: 'childUndone', child: after.id, step, ordinal, how: after.undo }];
  return before.held?.status === after.held?.status ? [] : [{ kind: 'childHeld', of: 'step', ordinal, status: after.held?.status ?? null }];
}

function taskEntries(of: WorkOf, step: number, ordinal: number, before: TaskItem, after: TaskItem, consumed: ReadonlySet<string>): Entry[] {
  // Its end was consumed: what it came to is the outcome, or, if it is to be tried again already, the last of the past ones.
  const outcome = after.outcome ?? after.past.at(-1)?.outcome;
  if (consumed.has(before.id) && outcome !== undefined) return [{ kind: 'ended', of, step, ordinal, cleanUp: null, outcome: outcome.kind, child: null, childIs: null }];
  if (before.notBefore !== null && after.notBefore === null && after.id === before.id) return [{ kind: 'due', of, ordinal, cleanUp: null }];
  return before.cleanUp?.at === 'work' ? cleanUpEntries(step, ordinal, before.cleanUp.work, after, consumed) : [];
}

function cleanUpEntries(step: number, ordinal: number, tasks: readonly TaskItem[], { cleanUp, cleanedUp = [] }: TaskItem, consumed: ReadonlySet<string>): Entry[] {
  // Those of the last clean-up are the last of those that are over.
  const now = cleanUp?.at === 'work' ? cleanUp.work : cleanedUp.slice(-tasks.length);
  return tasks.flatMap((task, nth): Entry[] => {
    const next = now[nth];
    const outcome = next?.outcome ?? next?.past.at(-1)?.outcome;
    if (next === undefined || task.outcome !== null) return [];
    if (consumed.has(task.id) && outcome !== undefined) return [{ kind: 'ended', of: 'step', step, ordinal, cleanUp: nth, outcome: outcome.kind, child: null, childIs: null }];
    return task.notBefore !== null && next.notBefore === null && next.id === task.id ? [{ kind: 'due', of: 'step', ordinal, cleanUp: nth }] : [];
  });
}

/** @param toldOf the tasks before whose next attempt a run of `beforeRetry` has ended */
function stoppedPreparations(before: CommandState, after: CommandState, toldOf: ReadonlySet<string>): Entry[] {
  return before.steps.flatMap((step, i) =>
    step.work.flatMap((item, ordinal): Entry[] => {
      const now = after.steps[i]?.work.find((other) => other.ordinal === item.ordinal);
      if (item.kind === 'child' || item.cleanUp?.at !== 'callback' || now?.kind !== 'task' || toldOf.has(item.id)) return [];
      const inRun = item.stop === null && now.stop !== null;
      return inRun || now.outcome !== null ? [{ kind: 'stopsPreparing', ordinal, inRun }] : [];
    }),
  );
}
