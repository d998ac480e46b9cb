import type { Entry } from './log.js';
import { hasClosedChild, rollBack, rollBackCompleted } from './model/back.js';
import { whatExists } from './model/exists.js';
import { forward } from './model/forward.js';
import { CANCELLED, Stop, Tale } from './model/tale.js';
import type { Rules } from './rules.js';
import type { CommandScript } from './script.js';

/** What the model says of a command. */
export interface Verdict {
  readonly status: string;
  /** Of the error that made it fail; null if none did. */
  readonly error: string | null;
  /** How each reached step was undone. */
  readonly undos: readonly (string | undefined)[];
  readonly residue: readonly string[];
  /** What there is of it, if an operator has ended it. */
  readonly exists: readonly string[];
  readonly trail: readonly string[];
}

/** What a command is to its parent: nothing, or its own master; or bound to it. */
export type Bond = 'free' | 'dependent';

/**
 * Semantics §2 once more, as naively as can be: one command from its submission to its end, from top to bottom, with nothing kept for a crash. It shares no code
 * with the engine. What the world did, and when, is read from the log (of a parent, and of a child: what the other one told it); what the command has to do
 * then is asserted of the log.
 * @returns what has become of it, and the child whose rollback it waits for, if so
 * @throws Divergence
 */
export function verdictOf(script: CommandScript, bond: Bond, log: readonly Entry[], rules: Rules): Verdict & { readonly waitsFor: Stop['waitsFor'] } {
  const tale = new Tale(script, rules, log);
  const { status, waitsFor } = endOf(() => life(tale, bond));
  if (tale.entry !== undefined) throw tale.impossible(`the command is ${status}`);
  const { error, steps, residue, trail } = tale;
  return { status, waitsFor, error, undos: steps.map(({ undo }) => undo), residue, exists: status === 'CLOSED_BY_OPERATOR' ? whatExists(tale) : [], trail };
}

function endOf(lived: () => string): Stop {
  try {
    return new Stop(lived());
  } catch (stop) {
    if (stop instanceof Stop) return stop;
    throw stop;
  }
}

/** "A command's life". */
function life(tale: Tale, bond: Bond): string {
  if (tale.cancelComes() !== null) {
    tale.fails(CANCELLED);
    return 'REJECTED';
  }
  if (!tale.comes('locksGranted')) return 'SUBMITTED';
  for (const [k, script] of tale.script.steps.entries()) {
    const failed = forward(tale, k, script);
    if (failed !== null) return rollBack(tale, k, failed);
  }
  if (tale.steps.some((step) => step.closed !== null || hasClosedChild(step))) return 'CLOSED_BY_OPERATOR';
  if (bond === 'free' || tale.comes('endedWithRoot')) return 'SUCCEEDED';
  if (!tale.comes('rolledBackByParent')) return 'COMPLETED';
  tale.fails('PARENT_FAILED');
  return rollBackCompleted(tale);
}
