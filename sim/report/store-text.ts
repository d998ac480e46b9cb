import { mayStillRun } from '../../actors/command/unsettled.js';
import { type ChildItem, type CommandState, type Phase, type StepState, type WorkItem } from '../../src/flow/state.js';
import { migrationLines } from './migration-text.js';
import { existingText, operatorText } from './operator-text.js';
import type { CommandView, Damage, StoreView } from './store-view.js';
import { clock, printable } from './style.js';
import { outcomeText } from './outcome-text.js';

/** The lines of `inspect`. */
export function storeText(view: StoreView): readonly string[] {
  const idWidth = Math.max(0, ...view.commands.map(({ id }) => id.length));
  const typeWidth = Math.max(0, ...view.commands.map(({ type }) => type.length));
  const row = (command: CommandState): string =>
    `${command.id.padEnd(idWidth)}  ${command.type.padEnd(typeWidth)}  ${command.status}${whereabouts(command)}${errorText(command)}`;
  return [
    `store ${view.storeId ?? '?'}, incarnation ${view.incarnation ?? '?'}, commit ${view.commitSeq ?? '?'}`,
    ...(view.refused === null ? [] : [`refused, as an older copy: hosts have seen commit ${view.refused.commitSeq} of incarnation ${view.refused.incarnation}`]),
    ...((view.epoch ?? 0) === 0 ? [] : [`commit ${view.epoch ?? '?'} took up an older copy: what was committed between that and it is lost`]),
    [counted(view.commands, 'command'), counted(view.tasks, 'task'), counted(view.locks, 'lock'), counted(view.entities, 'entity', 'entities')].join(', '),
    ...view.commands.map(row),
    ...(view.expired.length === 0 ? [] : [`${counted(view.expired, 'command')} expired, over for so long that nothing else is kept`]),
    ...damageLines(view.damaged),
  ].map(printable);
}

function counted(list: readonly unknown[], one: string, many = `${one}s`): string {
  return `${list.length} ${list.length === 1 ? one : many}`;
}

/** The lines of `inspect COMMAND`. */
export function commandText({ command, history, tasks, locks, exists, unanswered, damaged }: CommandView): readonly string[] {
  const handlerWidth = Math.max(0, ...command.handlers.map((handler) => handler.length));
  return [
    `${command.id}  ${command.type} version ${command.version}  ${command.status}${whereabouts(command)}${errorText(command)}`,
    ...(command.parent === null ? [] : [`child of ${command.parent.commandId}`]),
    ...(command.inDoubt === undefined ? [] : ['in doubt: it was under way in an older store that was accepted, and what lost commits did for it is not known']),
    `params ${JSON.stringify(command.params)}`,
    'steps',
    ...command.handlers.flatMap((handler, index) => stepLines(handler.padEnd(handlerWidth), index, command.steps[index])),
    ...(history.length === 0 ? [] : ['committed callbacks']),
    ...history.map(({ t, index, handler, callback, attempt, task, outcome }) => `  ${clock(t)}  ${index} ${handler} ${callback} #${attempt}${task === undefined ? '' : ` for ${task}`}: ${outcome}`),
    ...(tasks.length === 0 ? [] : ['tasks on hosts']),
    ...tasks.map((task) => `  ${task.id}  ${task.verb}  ${task.state}${task.executionReason === 'ROLLBACK_FLOW' ? ' (rollback)' : ''}`),
    ...(locks.length === 0 ? [] : [`locks ${locks.map(({ key, mode }) => (mode === 'shared' ? `${key} (shared)` : key)).join(', ')}`]),
    ...unanswered.map((call) => mayStillRun(call)),
    ...migrationLines(command),
    ...command.operator.map((entry) => `${clock(entry.t)}  ${operatorText(entry)}`),
    ...exists.map((existing) => existingText(command.id, existing)),
    ...command.residue.map(({ verb, object }) => `left on purpose: ${verb} ${object}`),
    ...damageLines(damaged),
  ].map(printable);
}

function stepLines(handler: string, index: number, step: StepState | undefined): readonly string[] {
  return [`  ${index} ${handler}  ${stepText(step)}`, ...(step?.work ?? []).map((item) => `      ${workText(item)}`), ...(step?.superseded ?? []).map((item) => `      ${workText(item)}, superseded`)];
}

function stepText(step: StepState | undefined): string {
  if (step === undefined) return 'not reached';
  const progress = step.completed ? 'completed' : step.failure !== undefined ? `failed: ${step.failure.message}` : step.begun ? 'begun' : 'reached';
  const late = step.timedOut === undefined ? '' : `its time was up at ${clock(step.timedOut.requestedAt)}`;
  return [progress, late, step.pivot === 'none' ? '' : `point of no return: ${step.pivot}`, step.undo === undefined ? '' : `undo: ${step.undo}${step.undoError === undefined ? '' : ` (${step.undoError.message})`}`]
    .filter((part) => part !== '')
    .join('; ');
}

function workText(item: WorkItem): string {
  const outcome = item.outcome === null ? 'outstanding' : outcomeText(item.outcome);
  switch (item.kind) {
    case 'task':
      return `task ${item.verb}${item.attempt === 1 ? '' : ` (attempt ${item.attempt})`} ${JSON.stringify(item.args)}: ${outcome}`;
    case 'child':
      return `child ${item.type} ${item.id}${item.independent ? ' (independent)' : ''}: ${outcome}${childEnd(item)}`;
  }
}

function childEnd({ held, undo }: ChildItem): string {
  if (held !== undefined) return `, ${held.status}: ${held.error.message}`;
  return undo === undefined ? '' : CHILD_UNDO[undo];
}

const CHILD_UNDO: { readonly [U in NonNullable<ChildItem['undo']>]: string } = {
  rolledBack: ', rolled back since',
  stays: ', stays: it is past its point of no return',
  closed: ', closed by an operator',
};

function whereabouts(command: CommandState): string {
  const handler = command.handlers[command.executionIndex];
  const phase = phaseText(command.phase);
  return phase === '' ? '' : `  ${handler === undefined ? '' : `at ${command.executionIndex} ${handler}, `}${phase}`;
}

function phaseText(phase: Phase): string {
  switch (phase.at) {
    case 'admission':
      return 'waiting for its locks';
    case 'callback':
      return `${phase.callback} is due`;
    case 'work':
      return phase.of === 'step' ? 'waiting for its work' : `waiting for the revert tasks of ${phase.of}`;
    case 'held':
      return phase.from === null ? 'held' : `held where ${phaseText(phase.from)}`;
    case 'children':
      return 'its children are being rolled back';
    case 'completed':
      return 'waiting for its root';
    case 'ended':
      return '';
  }
}

function errorText({ error, heldBy }: CommandState): string {
  const failed = error === null ? '' : `  ${error.code}: ${error.message}`;
  return heldBy === null ? failed : `${failed}  held by ${heldBy.code}: ${heldBy.message}`;
}

function damageLines(damaged: readonly Damage[]): readonly string[] {
  return damaged.map(({ code, message }) => `DAMAGED ${message} [${code}]`);
}
