import type { ErasedHandler, ProbeAnswer } from '../../../src/model/handler.js';
import { suggestion } from '../nearest.js';
import type { Path } from '../problem.js';
import type { HandlerDeclaration } from './declaration.js';
import { placed } from './each.js';
import type { Names } from './names.js';
import { readQuestion } from './question.js';
import type { Surroundings } from './surroundings.js';

/**
 * What became of a task of which no host can tell. The tasks that undo a step are asked about as its own are, and what shows that one is done shows that the other is
 * not: so each entry is about the tasks of one verb. Of the others, nobody can tell.
 */
export function readProbe(handler: HandlerDeclaration, outer: Path, names: Names, around: Surroundings): Pick<ErasedHandler, 'probe'> {
  if (handler.probe === undefined) return {};
  const used = verbsOfTasks(handler);
  const all = placed(handler.probe, [...outer, 'probe']).map(({ item: { of, doneIf, notDoneIf }, path }, i, entries) => {
    if (!used.includes(of)) names.refuse([...path, 'of'], `no task of this step runs '${of}'${suggestion(of, used)}`);
    if (entries.findIndex(({ item }) => item.of === of) < i) names.refuse([...path, 'of'], `there is an entry of '${of}' already`);
    const argNames = around.verbs.find(({ name }) => name === of)?.argNames ?? [];
    const inside = names.with({ task: argNames });
    return {
      of,
      isDone: doneIf === undefined ? null : readQuestion(doneIf, [...path, 'doneIf'], inside, around),
      isNotDone: notDoneIf === undefined ? null : readQuestion(notDoneIf, [...path, 'notDoneIf'], inside, around),
    };
  });
  return {
    probe: async ({ task, before, ...ctx }): Promise<ProbeAnswer> => {
      const entry = all.find(({ of }) => of === task.verb);
      if (entry === undefined) return 'cannotTell';
      const { verb, args, entity } = task;
      const at = { ...ctx, before, task: { verb, args, entity } };
      if ((await entry.isDone?.(at, ctx)) === true) return 'done';
      if (entry.isNotDone === null) return 'notDone';
      return (await entry.isNotDone(at, ctx)) ? 'notDone' : 'cannotTell';
    },
  };
}

/** Also of those that undo, or clean up before a retry. */
function verbsOfTasks({ createTask, undo, endWithFailure, compensate, beforeRetry }: HandlerDeclaration): readonly string[] {
  const lists = [createTask, ...[undo, endWithFailure, compensate, beforeRetry].map((part) => part?.tasks ?? [])];
  return [...new Set(lists.flatMap((tasks) => placed(tasks, [])).map(({ item }) => item.verb))];
}
