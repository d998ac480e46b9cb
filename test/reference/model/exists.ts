import { withCleanUps } from './clean-up.js';
import { isTask } from './item.js';
import type { Step } from './step.js';
import type { Tale } from './tale.js';

// "after `skip`, `resolve` or `abandon` they end `CLOSED_BY_OPERATOR` with a list of what exists."

/** Step by step: why there is something of it, the tasks that may have run, its children. */
export function whatExists(tale: Tale): readonly string[] {
  return tale.steps.flatMap((step) => {
    const why = reasonOf(tale, step);
    if (why === null) return [];
    const tasks = step.items.filter(isTask).flatMap(withCleanUps).filter((item) => [...item.past, item.outcome].some((kind) => kind !== null && !tale.rules.neverRan.includes(kind)));
    const children = step.items.flatMap((item, ordinal) => (isTask(item) ? [] : [ordinal]));
    return [existsText(step.index, why, tasks.map(({ outcome }) => String(outcome)), children.length)];
  });
}

function reasonOf({ error, rules }: Tale, { undo, closed, completed, begun, sent }: Step): string | null {
  if (undo !== undefined) return rules.listed.includes(undo) ? undo : null;
  if (closed === 'skipped') return 'skipped';
  if (completed) return 'completed';
  // That of a failed step is cleaned up, or it would say that it is not.
  return error === null && (begun || sent) ? 'unfinished' : null;
}

export function existsText(index: number, why: string, outcomes: readonly string[], children: number): string {
  return `${index} ${why}, tasks: ${outcomes.join(' ')}, ${children} children`;
}
