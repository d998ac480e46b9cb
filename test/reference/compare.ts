import { falseTale } from './family.js';
import { textOf } from './log.js';
import { verdictOf, type Verdict } from './model.js';
import { existsText } from './model/exists.js';
import { Divergence } from './model/tale.js';
import type { Life, Played } from './play.js';
import type { Rules } from './rules.js';

/** Where the engine and the model differ over one command, in words; null if they agree. */
export function difference(life: Life, rules: Rules): string | null {
  return unlessDivergent(() => {
    const verdict = verdictOf(life.script, life.bond, life.log.map(({ entry }) => entry), rules);
    const { status, error, steps, residue, exists } = life.state;
    const engine: Verdict = {
      status,
      error: error?.code ?? null,
      undos: steps.map(({ undo }) => undo),
      residue: residue.map(({ verb, object }) => `${verb} ${object}`),
      exists: exists.map(({ index, why, tasks, children }) => existsText(index, why, tasks.map(({ outcome }) => outcome.kind), children.length)),
      trail: life.trail,
    };
    for (const key of ['status', 'error', 'undos', 'residue', 'exists', 'trail'] as const) {
      const [ours, theirs] = [JSON.stringify(verdict[key]), JSON.stringify(engine[key])];
      if (ours !== theirs) return `${key}: the model says ${ours}, the engine ${theirs}`;
    }
    return null;
  });
}

/** The first difference in a run of many commands, with the whole log of the command that it is about. */
export function firstDifference({ lives, counted }: Played, rules: Rules): string | null {
  const byId = new Map(lives.map((life) => [life.id, life]));
  for (const life of lives) {
    const found = difference(life, rules) ?? unlessDivergent(() => falseTale(life, byId, rules));
    if (found !== null) return `${life.id}: ${found}\n  what the engine did:\n${life.log.map(({ entry }, i) => `    ${i} ${textOf(entry)}`).join('\n')}`;
  }
  const committed = lives.flatMap(({ trail }) => trail.filter((line) => line.endsWith(', counts'))).length;
  return committed === counted ? null : `${committed} callbacks that count were committed, and the record that they count in says ${counted}`;
}

function unlessDivergent(compared: () => string | null): string | null {
  try {
    return compared();
  } catch (error) {
    if (error instanceof Divergence) return error.message;
    throw error;
  }
}
