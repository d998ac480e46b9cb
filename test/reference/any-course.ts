import fc from 'fast-check';
import type { OperatorAction } from '../../src/model/operator.js';
import type { ChildScript, CommandScript, Course, Picky, RunEnd, Runs, StepScript, TaskFate, TaskScript } from './script.js';

// Any command, of up to six steps. Most things go well: else nothing would come far.

const attempts = fc.integer({ min: 1, max: 3 });

function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 2 * others.length, arbitrary: fc.constant(usual) }, ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })));
}

const ends: fc.Arbitrary<readonly RunEnd[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom<RunEnd>('throws', 'ok', 'fails', 'busy', 'unanswered'), { minLength: 1, maxLength: 4 }) },
);
const runs: fc.Arbitrary<Runs> = fc.record({ ends, calls: often(false, true) });
const maybeRuns = fc.option(runs, { freq: 5 });

const fates: fc.Arbitrary<readonly TaskFate[]> = fc.oneof(
  { weight: 5, arbitrary: fc.constant([]) },
  // Where nothing has run there may be nothing to undo.
  { weight: 1, arbitrary: fc.constant(['refused', 'refused', 'refused']) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom<TaskFate>('fails', 'well', 'busy', 'takenOver', 'refused', 'goneAlready', 'refusedAsGone'), { minLength: 1, maxLength: 4 }) },
);
const task: fc.Arbitrary<TaskScript> = fc.record({ fates, polls: fc.nat({ max: 2 }), heedsStop: fc.boolean() });

const none: fc.Arbitrary<readonly never[]> = fc.constant([]);
const tasks = fc.oneof({ weight: 5, arbitrary: none }, { weight: 3, arbitrary: fc.tuple(task) }, { weight: 1, arbitrary: fc.tuple(task, task) });

function step(children: fc.Arbitrary<readonly ChildScript[]>): fc.Arbitrary<StepScript> {
  return fc
    .record({
      beforeTask: runs,
      createTask: runs,
      endSuccessfully: runs,
      endWithFailure: maybeRuns,
      compensate: maybeRuns,
      compensationEnded: fc.option(runs, { freq: 2 }),
      beforeRetry: fc.option(runs, { freq: 2 }),
      leaves: often(false, true),
      effectFree: often(false, true),
      onUndoFailed: often<'stop' | 'continue'>('stop', 'continue'),
      attempts,
      undoAttempts: attempts,
      retryIf: often<Picky>('no', 'onlyThrown', 'notThrown', 'only261', 'neither654NorUnknown'),
      timeLimitMs: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }) }),
      pivot: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom('beforeTask' as const, 'task' as const, 'endSuccessfully' as const) }),
      answers: fc.array(fc.array(fc.constantFrom('notPassed' as const, 'cannotTell' as const, 'passed' as const), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
      startedTasks: tasks,
      children,
      createdTasks: tasks,
      cleanUps: tasks,
      reverts: tasks,
    })
    .map((traits) => ({
      ...traits,
      // What defineCommand refuses.
      effectFree: traits.effectFree && traits.compensate === null,
      // The last answer is an answer, or it would be asked for ever.
      answers: traits.answers.map((answers) => (answers.at(-1) === 'cannotTell' ? [...answers, 'notPassed' as const] : answers)),
    }));
}

/** A command of up to two steps that may have children of the generation below. */
function small(children: fc.Arbitrary<readonly ChildScript[]>): fc.Arbitrary<CommandScript> {
  return fc.record({ steps: fc.array(step(children), { minLength: 1, maxLength: 2 }) });
}

function childrenOf(command: fc.Arbitrary<CommandScript>, weight: number): fc.Arbitrary<readonly ChildScript[]> {
  const child: fc.Arbitrary<ChildScript> = fc.record({ independent: often(false, true), command });
  return fc.oneof({ weight: 9, arbitrary: none }, { weight, arbitrary: fc.array(child, { minLength: 1, maxLength: 3 }) });
}

const grandchildren = childrenOf(small(none), 3);
const children = childrenOf(small(grandchildren), 2);

function steps(maxLength: number): fc.Arbitrary<readonly StepScript[]> {
  return fc.array(step(children), { minLength: 1, maxLength });
}

export const anyCommand: fc.Arbitrary<CommandScript> = fc.record({ steps: fc.oneof({ weight: 3, arbitrary: steps(3) }, { weight: 1, arbitrary: steps(6) }) });

/** @param most how many commands run at one time */
export function anyCourse(most: number): fc.Arbitrary<Course> {
  return fc.record({
    commands: fc.array(fc.record({ script: anyCommand, cancelAtMs: fc.option(fc.nat({ max: 60_000 }), { freq: 2 }) }), { minLength: 1, maxLength: most, size: 'max' }),
    operator: fc.array(often<OperatorAction>('retry', 'skip', 'resolve', 'abandon'), { maxLength: 4 }),
    crashes: fc.array(fc.record({ when: fc.constantFrom('before' as const, 'after' as const), portOperation: fc.integer({ min: 3, max: 60 * most }) }), { maxLength: 3 }),
    seed: fc.nat({ max: 1_000_000 }),
  });
}
