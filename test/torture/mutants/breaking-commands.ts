import type { Mutant } from './mutant.js';

const UNDO = 'src/flow/undo.ts';
const TASK_RETRY = 'src/flow/task-retry.ts';
const WORK_FAILURE = 'src/flow/work-failure.ts';
const FORWARD = 'src/flow/forward.ts';
const TRANSITION = 'src/flow/transition.ts';
const CALLBACK_RUN = 'actors/command/callback-run.ts';
const DURABLE = 'actors/command/durable-command.ts';
const JOURNAL = 'actors/journal.ts';

/** What a command does: the order of its callbacks, the data of the disks that it moves, and how it ends. */
export const BREAKING_COMMANDS: readonly Mutant[] = [
  // 2: the order of callbacks.
  {
    name: 'completed steps are undone from the first to the last',
    breaks: 'callback-order',
    file: UNDO,
    find: 'return undoNext(shape, next, index - 1);',
    replace: 'const last = state.steps.length - 2; return undoNext(shape, next, index > last ? 0 : index === last ? -1 : index + 1);',
  },
  {
    name: 'every other step is left out on the way back',
    breaks: 'callback-order',
    file: UNDO,
    find: 'return undoNext(shape, next, index - 1);',
    replace: 'return undoNext(shape, next, index - 2);',
  },
  {
    name: 'a recovered command begins one step too early',
    breaks: 'callback-order',
    file: DURABLE,
    find: 'this.#state = initial.state;',
    replace: 'this.#state = context.incarnation === 1 ? initial.state : { ...initial.state, executionIndex: Math.max(0, initial.state.executionIndex - 1) };',
  },
  {
    name: 'a step that has failed is not undone itself',
    breaks: 'callback-order',
    file: UNDO,
    find: "if (handler.hasEndWithFailure) return toCallback(state, 'endWithFailure', nextRun(step));",
    replace: 'if (handler.hasEndWithFailure) return undoNext(shape, state, index - 1);',
  },
  {
    name: 'an undo does not wait for its revert tasks',
    breaks: 'callback-order',
    file: TRANSITION,
    find: 'if (revertWork.length === 0) return undone(shape, next);',
    replace: 'return undone(shape, next);',
  },
  {
    name: 'a disk that stays fails the whole migration',
    breaks: 'callback-order',
    file: WORK_FAILURE,
    find: 'failures.length === children.length',
    replace: 'failures.length > 0',
  },
  {
    name: 'that the point of no return is crossed is not remembered',
    breaks: 'callback-order',
    file: FORWARD,
    find: "const crossed = part === 'beforeTask' && pivot === 'maybe';",
    replace: 'const crossed = false;',
  },
  // 6: the data of every disk.
  {
    name: 'the copy is deleted where the VM has gone',
    breaks: 'disk-data',
    file: 'src/commands/live-migration/finish-replication.ts',
    find: 'createTask: ({ params: { pool, disk, sourceDomain } }) => deleteImage',
    replace: 'createTask: ({ params: { pool, disk, targetDomain: sourceDomain } }) => deleteImage',
  },
  {
    name: 'revert tasks are done before they have begun',
    breaks: 'disk-data',
    file: TRANSITION,
    find: "return { state: { ...next, phase: { at: 'work', of } }, effects: revertWork.flatMap((item) => effectsOfItem(item)) };",
    replace: 'return undone(shape, withStep(next, { revertWork: [] }));',
  },
  {
    name: 'the entity is not told where its disk has gone',
    breaks: 'disk-data',
    file: JOURNAL,
    find: 'const value = unchanged ? staged : change(current?.value);',
    replace: "const value = key.startsWith('disk') && current !== undefined ? current.value : unchanged ? staged : change(current?.value);",
  },
  {
    name: 'that the point of no return may be crossed is not committed',
    breaks: 'disk-data',
    file: CALLBACK_RUN,
    find: 'host.commitCalls(this.#record(), this.#crosses())',
    replace: 'host.commitCalls(this.#record(), this.#crosses() && false)',
  },
  // The right end, where no invariant is broken.
  {
    name: 'past the point of no return a failed task is not tried again',
    breaks: 'ends',
    file: TASK_RETRY,
    find: "const patient = of !== 'step' || isPast(state);",
    replace: "const patient = of !== 'step';",
  },
  {
    name: 'the next attempt of a task has the id of the last one',
    breaks: 'ends',
    file: 'src/flow/items.ts',
    find: 'const attempt = item.attempt + 1;',
    replace: 'const attempt = item.attempt;',
  },
];
