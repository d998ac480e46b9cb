import { NOT_SPM, QUEUE_FULL, RECOVERING } from '../../actors/wire.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import { phaseBehindHold } from '../../src/flow/step.js';
import type { CommandState, TaskItem, WorkItem } from '../../src/flow/state.js';

// Why a command may be held, or roll back. Rules of their own, written apart from the engine's: what says nothing about the work is no reason to give it up.

/** Codes with which a host says nothing about what it was asked for: it is the wrong one, or not ready, or full. */
const SAYS_NOTHING: readonly number[] = [NOT_SPM, RECOVERING, QUEUE_FULL];

/** What is wrong with a command being held for this cause, in words; null: nobody but an operator can remove it. */
export function removableCause(state: CommandState): string | null {
  const { heldBy, status } = state;
  // That it does not say why is a matter of truth.
  if (heldBy === null) return null;
  // A child that is held has a cause of its own; what failed beside it may have failed for good.
  const forTasks = status !== 'PARKED' && heldBy.code !== 'CHILD_HELD';
  const healed = saysNothing(heldBy) ?? (forTasks ? failedItems(state).map(healedOutcome).find((why) => why !== null) : null);
  return healed === undefined || healed === null ? null : `it is ${status} for ${heldBy.code}: ${heldBy.message}; ${healed}`;
}

/** What is wrong with the step's failure that makes the command roll back, in words; null: it is a failure. */
export function noFailure(state: CommandState): string | null {
  for (const item of state.steps[state.executionIndex]?.work ?? []) {
    if (item.kind === 'task' && item.outcome?.kind === 'refused' && SAYS_NOTHING.includes(item.outcome.code)) {
      return `it rolls back because task ${item.id} (${item.verb}) was refused with ${item.outcome.code}, which says nothing about the task`;
    }
    if (item.kind === 'task' && item.outcome?.kind === 'aborted' && item.stop === null) {
      return `it rolls back because task ${item.id} (${item.verb}) was aborted, and nobody has asked for that`;
    }
  }
  return null;
}

function saysNothing({ hostCode, callUnknown }: ErrorRecord): string | null {
  if (callUnknown === true) return 'a call that was not answered is made again until it is';
  return hostCode !== undefined && SAYS_NOTHING.includes(hostCode) ? `a host that answers with ${hostCode} says nothing about what it was asked for` : null;
}

/** The tasks for which it is held, if it is for tasks. */
function failedItems(state: CommandState): readonly TaskItem[] {
  const step = state.steps[state.executionIndex];
  const phase = phaseBehindHold(state);
  if (phase?.at !== 'work' || step === undefined) return [];
  const items: readonly WorkItem[] = phase.of === 'step' ? step.work : step.revertWork;
  return items.filter((item): item is TaskItem => item.kind === 'task' && item.outcome !== null && item.outcome.kind !== 'succeeded');
}

/** Undo work, and work behind the point of no return, is done again when it was its host that failed. */
function healedOutcome({ id, verb, outcome, repeatable }: TaskItem): string | null {
  const again = `task ${id} (${verb}) is done again`;
  switch (outcome?.kind) {
    case 'failed':
      return outcome.takeOver ? `its host died, and ${again}` : null;
    case 'refused':
      return SAYS_NOTHING.includes(outcome.code) ? `${outcome.code} says nothing about it, and ${again}` : null;
    case 'lost':
      return `its host lost it, and ${again}`;
    case 'unknown':
      return repeatable ? `it may be repeated, and ${again}` : null;
    default:
      return null;
  }
}
