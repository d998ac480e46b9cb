import { textOf, type Entry } from './log.js';
import { verdictOf } from './model.js';
import type { Life } from './play.js';
import type { Rules } from './rules.js';

// What parent and child are told of one another must be so: at that very batch, the model of the one says what the other was told.

/** What is told that is not so, in words; null if all is. */
export function falseTale(child: Life, lives: ReadonlyMap<string, Life>, rules: Rules): string | null {
  const parent = child.parent === null ? undefined : lives.get(child.parent.id);
  if (parent === undefined || child.parent === null) return null;
  const { step, ordinal } = child.parent;
  for (const { batch, entry } of parent.log) {
    const ends = endsOf(entry, child);
    const status = ends === null ? '' : verdictAt(child, batch, rules).status;
    if (ends?.includes(status) === false) return `${parent.id} was told ${textOf(entry)} when ${child.id} was ${status}`;
  }
  for (const { batch, entry } of child.log) {
    if (entry.kind === 'rolledBackByParent') {
      const { waitsFor, status } = verdictAt(parent, batch, rules);
      if (waitsFor?.step !== step || waitsFor.ordinal !== ordinal) return `${child.id} was rolled back when ${parent.id} was ${status}, and did not wait for that`;
    }
    const root = rootOf(child, lives);
    if (entry.kind === 'endedWithRoot' && !isTerminal(verdictAt(root, batch, rules).status)) return `${child.id} ended before its root did`;
  }
  const over = isTerminal(rootOf(child, lives).state.status);
  return over && !isTerminal(child.state.status) ? `${child.id} is ${child.state.status}, and its root has ended` : null;
}

/** How the child must have stood when its parent took notice of this; null if it says nothing of a child's end. */
function endsOf(entry: Entry, { id, bond }: Life): readonly string[] | null {
  if ((entry.kind !== 'childUndone' && entry.kind !== 'ended') || entry.child !== id) return null;
  if (entry.kind === 'childUndone') return [entry.how === 'rolledBack' ? 'ROLLED_BACK' : 'CLOSED_BY_OPERATOR'];
  if (entry.childIs === 'closed') return ['CLOSED_BY_OPERATOR'];
  if (entry.outcome === 'succeeded') return bond === 'dependent' ? ['COMPLETED'] : ['SUCCEEDED', 'CLOSED_BY_OPERATOR'];
  return bond === 'dependent' ? ['ROLLED_BACK', 'REJECTED'] : ['ROLLED_BACK', 'REJECTED', 'CLOSED_BY_OPERATOR'];
}

function verdictAt({ script, bond, log }: Life, batch: number, rules: Rules): ReturnType<typeof verdictOf> {
  return verdictOf(script, bond, log.filter((line) => line.batch <= batch).map(({ entry }) => entry), rules);
}

function rootOf(life: Life, lives: ReadonlyMap<string, Life>): Life {
  const parent = life.bond === 'dependent' && life.parent !== null ? lives.get(life.parent.id) : undefined;
  return parent === undefined ? life : rootOf(parent, lives);
}

function isTerminal(status: string): boolean {
  return ['SUCCEEDED', 'ROLLED_BACK', 'REJECTED', 'CLOSED_BY_OPERATOR'].includes(status);
}
