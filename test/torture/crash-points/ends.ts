import type { CommandResult } from '../../../sim/report/result.js';
import { isTerminal } from '../../../src/flow/state.js';
import { endingOf } from '../ending.js';
import { endOf, type FailureCase } from '../failure-case.js';
import type { FaultDocument } from '../scenario.js';

type Ended = Pick<CommandResult, 'id' | 'parentId' | 'status' | 'exists' | 'operator' | 'error'>;

/** What is wrong with the ends of a run in which the engine crashes: they must be those of the case, and nothing else. */
export function wrongEnds(of: FailureCase, commands: readonly Ended[]): readonly string[] {
  const open = notOver(commands);
  if (open.length > 0) return open;
  const ends = inOrder(commands).map(endOf).join(', ');
  const expected = variantsOf(of);
  return expected === null || expected.includes(ends) ? [] : [`ends: ${ends || 'no command'}, expected ${expected.join(' or ')}`];
}

/**
 * The same of a run in which the SPM goes. A command ends as in the case, or it is rolled back and says why: a host died with its work, or did not answer; its time was
 * over meanwhile; the command before it left it nothing to do; its parent, or one of its children, was rolled back for such a cause. None is held for it. One that is held in
 * the case may come to its end without: what failed there was one attempt, and that went with the host.
 * @param ids of the commands of the case when nothing happens, in order
 */
export function wrongEndsWithoutSpm(of: FailureCase, ids: readonly string[], commands: readonly Ended[]): readonly string[] {
  const open = notOver(commands);
  if (open.length > 0) return open;
  const own = variantsOf(of)?.map(eachOf) ?? null;
  if (own === null) return [];
  return inOrder(commands).flatMap((command) => {
    const expected = own.flatMap((ends) => (ends.length === ids.length ? (ends[ids.indexOf(command.id)] ?? []) : []));
    // One that the case does not come to is a child that its parent has started in a later attempt.
    if (expected.length === 0 || expected.includes(endOf(command)) || isExcused(command, commands)) return [];
    if (expected.every((end) => end.startsWith('CLOSED_BY_OPERATOR')) && command.operator.length === 0) return [];
    if (command.status === 'SUCCEEDED' && of.faults.some(failsOneAttempt)) return [];
    const why = command.error === undefined ? '' : ` (${[command.error.message, ...command.error.causes].join(' / ')})`;
    return [`ends: ${command.id} is ${endOf(command)}${why}, expected ${[...new Set(expected)].join(' or ')}`];
  });
}

function isExcused(command: Ended, all: readonly Ended[]): boolean {
  if (command.status !== 'ROLLED_BACK') return false;
  if (hostDied(command) || all.some((child) => child.parentId === command.id && isExcused(child, all))) return true;
  // Its parent gives up what a sibling's failure has made useless.
  return all.some((parent) => parent.id === command.parentId && command.error?.code === 'CANCELLED' && hostDied(parent));
}

/** What fails is one attempt: when that goes with the host, the next one does not fail. That it then succeeds rightly, `truth` tells. */
function failsOneAttempt(fault: FaultDocument): boolean {
  return fault.failTask !== undefined && fault.failTask.nth !== 'every';
}

function hostDied(command: Ended): boolean {
  const ending = endingOf(command);
  return ending.startsWith('ROLLED_BACK') && ending !== 'ROLLED_BACK (failure)';
}

function notOver(commands: readonly Ended[]): readonly string[] {
  return commands.filter(({ status }) => !isTerminal(status)).map(({ id, status }) => `ends: ${id} is ${status}`);
}

function inOrder(commands: readonly Ended[]): readonly Ended[] {
  return commands.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function variantsOf({ ends }: FailureCase): readonly string[] | null {
  return typeof ends === 'string' ? [ends] : ends;
}

/** What is in parentheses has commas of its own. */
function eachOf(ends: string): readonly string[] {
  return ends.split(/, (?![^(]*\))/);
}
