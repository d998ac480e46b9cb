import { isTerminal, type ChildItem, type CommandState, type StepState } from '../../src/flow/state.js';
import { stepNumber } from '../../src/flow/step.js';
import { handlersOf, type CommandDefinition } from '../../src/model/command.js';
import type { Changed, StoreMirror } from './store-mirror.js';

// The rules of dependent children (semantics, "Child commands"), judged from the durable states of the whole family.

export function isDependent({ parent }: CommandState): boolean {
  return parent !== null && !parent.independent;
}

/** The dependent children of a step, in the order in which they were started. */
export function dependentsOf(step: StepState | undefined): readonly ChildItem[] {
  return (step?.work ?? []).filter((item): item is ChildItem => item.kind === 'child' && !item.independent);
}

/** Completed dependent children to any depth: what they did stays in effect as long as nobody rolls them back. */
export function completedFamily(mirror: StoreMirror, state: CommandState): readonly CommandState[] {
  return state.steps.flatMap((step) =>
    dependentsOf(step).flatMap(({ id }) => {
      const child = mirror.commands.get(id);
      if (child === undefined) return [];
      const stays = child.status === 'COMPLETED' || child.status === 'SUCCEEDED';
      return [...(stays ? [child] : []), ...completedFamily(mirror, child)];
    }),
  );
}

/** Dependent children to any depth of which something may be there: those that are not rolled back. */
export function dependentFamily(mirror: StoreMirror, state: CommandState): readonly CommandState[] {
  return state.steps.flatMap((step) =>
    dependentsOf(step).flatMap(({ id }) => {
      const child = mirror.commands.get(id);
      return child === undefined || child.status === 'ROLLED_BACK' ? [] : [child, ...dependentFamily(mirror, child)];
    }),
  );
}

/** What is wrong with where a change leaves a command in its family, each in words. @param batch every command that changed with it */
export function familyFlaws(
  definitions: ReadonlyMap<string, CommandDefinition>,
  mirror: StoreMirror,
  { before, after }: Changed<CommandState>,
  batch: ReadonlyMap<string, Changed<CommandState>>,
): readonly string[] {
  if (before === undefined || after === undefined || before.status === after.status) return [];
  const flaws: string[] = [];
  if (isTerminal(after.status) && !isDependent(after)) {
    const left = completedFamily(mirror, after).filter(({ status }) => status === 'COMPLETED');
    for (const { id } of left) flaws.push(`it is ${after.status}, and its child ${id} is still COMPLETED`);
  }
  if (after.status === 'COMPLETED' && !isDependent(after)) flaws.push('it is COMPLETED, and depends on nobody');
  if (after.status === 'SUCCEEDED' && isDependent(after)) flaws.push(...succeededAlone(mirror, before, after, batch));
  if (before.status === 'COMPLETED' && after.status === 'ROLLING_BACK') flaws.push(...rolledBackOutOfTurn(definitions, mirror, after));
  return flaws;
}

/** A dependent child succeeds in the very batch that ends the root of its family. */
function succeededAlone(mirror: StoreMirror, before: CommandState, after: CommandState, batch: ReadonlyMap<string, Changed<CommandState>>): readonly string[] {
  if (before.status !== 'COMPLETED') return [`it is SUCCEEDED, and was ${before.status}`];
  let root: CommandState | undefined = after;
  while (root !== undefined && isDependent(root)) root = root.parent === null ? undefined : mirror.commands.get(root.parent.commandId);
  const ends = root !== undefined && isTerminal(root.status) && batch.has(root.id);
  return ends ? [] : [`it is SUCCEEDED, and that is not the batch in which ${root?.id ?? 'its root'} ends`];
}

/** Children are rolled back by their parent's rollback alone, at their step, and the last one first. */
function rolledBackOutOfTurn(definitions: ReadonlyMap<string, CommandDefinition>, mirror: StoreMirror, { id, parent }: CommandState): readonly string[] {
  const above = parent === null ? undefined : mirror.commands.get(parent.commandId);
  if (parent === null || above === undefined) return ['it is rolled back, and has no parent'];
  if (above.executionReason !== 'ROLLBACK_FLOW') return [`it is rolled back, and its parent ${above.id} goes forward`];
  const index = above.steps.findIndex((_, i) => stepNumber(above, i) === parent.step);
  if (above.executionIndex !== index) return [`it is rolled back, and its parent ${above.id} is at step ${above.executionIndex}`];
  const step = above.steps[index];
  const definition = definitions.get(above.type);
  const leaves = definition !== undefined && handlersOf(definition, above.params)[index]?.leaves !== undefined;
  if (step?.completed === true && leaves) return [`it is rolled back, and step ${index} of ${above.id} leaves what it did`];
  const siblings = dependentsOf(step);
  const later = siblings.slice(siblings.findIndex((item) => item.id === id) + 1);
  const first = later.find((item) => item.undo === undefined && mirror.commands.get(item.id)?.status === 'COMPLETED');
  return first === undefined ? [] : [`it is rolled back before ${first.id}, which was started later`];
}
