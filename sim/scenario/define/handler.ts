import type { Data } from '../../../src/model/data.js';
import type { Effect } from '../../../src/model/effect.js';
import type { BeforeContext, ErasedHandler, PointOfNoReturn, StepContext } from '../../../src/model/handler.js';
import type { RetrySettings } from '../../../src/model/retry.js';
import type { TaskRequest } from '../../../src/model/task.js';
import type { Path } from '../problem.js';
import { readCalls, readChanges } from './actions.js';
import type { HandlerDeclaration, PolicyDeclaration, TellDeclaration, UndoDeclaration } from './declaration.js';
import { placed, repeated } from './each.js';
import type { Moment, Names } from './names.js';
import { readProbe } from './probe.js';
import { readQuestion } from './question.js';
import { readChildren, readTasks } from './requests.js';
import type { Surroundings } from './surroundings.js';

type Outputs = { readonly [step: string]: Data | undefined };
type Context = StepContext<Data, Outputs>;
type Shown = Pick<Context, 'commandId' | 'params' | 'outputs' | 'newId'>;

/** One step of a declared command. @param names with what the step can refer to: params, outputs of earlier steps, ids */
export function readHandler(handler: HandlerDeclaration, path: Path, names: Names, around: Surroundings): ErasedHandler {
  const kept = Object.keys(handler.beforeTask.keep ?? {});
  const after = names.with({ before: kept });
  const pivot = handler.pointOfNoReturn;
  checkPivot(handler, path, names);
  const { undo, endWithFailure = undo, compensate = undo, beforeRetry, compensationEnded } = handler;
  const failurePath = [...path, undo === undefined ? 'endWithFailure' : 'undo'];
  const compensatePath = [...path, undo === undefined ? 'compensate' : 'undo'];
  return {
    name: handler.name,
    ...(handler.effectFree ? { effectFree: true } : {}),
    onUndoFailed: handler.onUndoFailed,
    ...(handler.timeout === undefined ? {} : { timeoutMs: handler.timeout / 1000 }),
    ...(handler.retry === undefined ? {} : { retry: policyOf(handler.retry) }),
    ...(handler.undoRetry === undefined ? {} : { undoRetry: policyOf(handler.undoRetry) }),
    ...(pivot === undefined ? {} : { pointOfNoReturn: readPivot(pivot, [...path, 'pointOfNoReturn'], names, around) }),
    beforeTask: readBeforeTask(handler, [...path, 'beforeTask'], names, around),
    ...readCreateTask(handler, [...path, 'createTask'], after, around),
    endSuccessfully: readEnd(handler, [...path, 'endSuccessfully'], after, around),
    ...(endWithFailure === undefined ? {} : { endWithFailure: readFailure(endWithFailure, failurePath, names, kept, around) }),
    ...(compensate === undefined ? {} : { compensate: readUndo(compensate, compensatePath, after, around) }),
    ...(beforeRetry === undefined ? {} : { beforeRetry: readBeforeRetry(beforeRetry, [...path, 'beforeRetry'], after, around) }),
    ...(compensationEnded === undefined ? {} : { compensationEnded: readTelling(compensationEnded, [...path, 'compensationEnded'], uncertain(names), around) }),
    ...readLeaves(handler, [...path, 'leaves'], after, around),
    ...readProbe(handler, path, after, around),
  };
}

function uncertain(names: Names): Names {
  return names.with({ before: 'beforeTask may have failed before it kept anything' });
}

function shown({ commandId, params, outputs, newId }: Shown, before?: Data): Moment {
  return { commandId, params, outputs, newId, before };
}

function policyOf({ attempts, backoff, maxBackoff, retryIf }: PolicyDeclaration): RetrySettings {
  return {
    attempts,
    ...(backoff === undefined ? {} : { backoffMs: backoff / 1000 }),
    ...(maxBackoff === undefined ? {} : { maxBackoffMs: maxBackoff / 1000 }),
    ...(retryIf === undefined ? {} : { retryIf }),
  };
}

function readBeforeTask({ beforeTask, pointOfNoReturn }: HandlerDeclaration, path: Path, names: Names, around: Surroundings) {
  const calls = readCalls(beforeTask.calls, [...path, 'calls'], names, around);
  const changes = readChanges(beforeTask.changes, [...path, 'changes'], calls.names);
  const children = readChildren(beforeTask.children, [...path, 'children'], calls.names, around);
  const keep = beforeTask.keep === undefined ? null : calls.names.mapping(beforeTask.keep, [...path, 'keep']);
  return async (ctx: BeforeContext<Data, Outputs>): Promise<Data | undefined> => {
    const crossed = ctx.passed && pointOfNoReturn?.part === 'beforeTask';
    const at = crossed ? shown(ctx) : await calls.make(shown(ctx), ctx);
    changes(at, ctx.entities);
    for (const child of children(at)) ctx.startChild(child);
    return keep?.(at);
  };
}

function readCreateTask({ createTask, pointOfNoReturn }: HandlerDeclaration, path: Path, names: Names, around: Surroundings): Pick<ErasedHandler, 'createTask'> {
  const tasks = readTasks(createTask, path, names, around);
  if (placed(createTask, path).length === 0) return {};
  return {
    // The task is what crosses: once it has, nothing of it is left to do.
    createTask: (ctx) => (ctx.passed && pointOfNoReturn?.part === 'task' ? [] : tasks(shown(ctx, ctx.before))),
  };
}

function readEnd({ endSuccessfully, pointOfNoReturn }: HandlerDeclaration, path: Path, names: Names, around: Surroundings): NonNullable<ErasedHandler['endSuccessfully']> {
  const calls = readCalls(endSuccessfully.calls, [...path, 'calls'], names, around);
  const changes = readChanges(endSuccessfully.changes, [...path, 'changes'], calls.names);
  const output = endSuccessfully.output === undefined ? null : calls.names.mapping(endSuccessfully.output, [...path, 'output']);
  return async (ctx) => {
    const crossed = ctx.passed && pointOfNoReturn?.part === 'endSuccessfully';
    const before = shown(ctx, ctx.before);
    const at = crossed ? before : await calls.make(before, ctx);
    changes(at, ctx.entities);
    return output?.(at);
  };
}

/**
 * If `beforeTask` did not commit, its changes never were, and no task was started; but what it called may have happened. So the calls are made in any
 * case, and cannot refer to what it would have kept.
 */
function readFailure(undo: UndoDeclaration, path: Path, names: Names, kept: readonly string[], around: Surroundings): NonNullable<ErasedHandler['endWithFailure']> {
  const calls = readCalls(undo.calls, [...path, 'calls'], uncertain(names), around);
  const certain = calls.names.with({ before: kept });
  const changes = readChanges(undo.changes, [...path, 'changes'], certain);
  const tasks = readTasks(undo.tasks, [...path, 'tasks'], certain, around);
  return async (ctx) => {
    const at = await calls.make(shown(ctx, ctx.before), ctx);
    if (!ctx.failure.beforeCommitted) return [];
    changes(at, ctx.entities);
    return tasks(at);
  };
}

/** What has to be undone, or cleaned up, is all there. */
function readUndo(undo: UndoDeclaration, path: Path, names: Names, around: Surroundings) {
  const calls = readCalls(undo.calls, [...path, 'calls'], names, around);
  const changes = readChanges(undo.changes, [...path, 'changes'], calls.names);
  const tasks = readTasks(undo.tasks, [...path, 'tasks'], calls.names, around);
  return async (ctx: Context & { readonly before: Data | undefined }, more: Pick<Moment, 'failed'> = {}): Promise<readonly TaskRequest[]> => {
    const at = await calls.make({ ...shown(ctx, ctx.before), ...more }, ctx);
    changes(at, ctx.entities);
    return tasks(at);
  };
}

function readBeforeRetry(cleanUp: UndoDeclaration, path: Path, names: Names, around: Surroundings): NonNullable<ErasedHandler['beforeRetry']> {
  const run = readUndo(cleanUp, path, names.with({ failed: true }), around);
  return (ctx) => {
    const { verb, args, entity, attempt } = ctx.failed;
    return run(ctx, { failed: { verb, args, entity, attempt } });
  };
}

function readTelling({ calls, changes }: TellDeclaration, path: Path, names: Names, around: Surroundings): NonNullable<ErasedHandler['compensationEnded']> {
  const run = readUndo({ calls, changes, tasks: [] }, path, names, around);
  return async (ctx) => {
    await run(ctx);
  };
}

function readLeaves({ leaves }: HandlerDeclaration, path: Path, outer: Names, around: Surroundings): Pick<ErasedHandler, 'leaves'> {
  if (leaves === undefined) return {};
  const all = placed(leaves, path).map(({ item, path: here }) => {
    const { names, moments } = repeated(item, here, outer);
    if (!around.verbs.some(({ name }) => name === item.verb)) names.refuse([...here, 'verb'], `unknown verb '${item.verb}'`);
    const object = names.text(item.object, [...here, 'object']);
    return (at: Moment): readonly Effect[] => moments(at).map((moment) => ({ verb: item.verb, object: object(moment) }));
  });
  return { leaves: (ctx) => all.flatMap((effects) => effects(shown(ctx, ctx.before))) };
}

type PivotDeclaration = NonNullable<HandlerDeclaration['pointOfNoReturn']>;

function readPivot({ part, passedIf }: PivotDeclaration, path: Path, names: Names, around: Surroundings): PointOfNoReturn<Data, Outputs> {
  const isPassed = readQuestion(passedIf, [...path, 'passedIf'], names, around);
  return { part, hasPassed: async (ctx) => ((await isPassed(shown(ctx), ctx)) ? 'passed' : 'notPassed') };
}

/** Once the point is passed, the part that crosses it runs again, and leaves out what crossed. */
function checkPivot({ pointOfNoReturn, beforeTask, createTask, endSuccessfully }: HandlerDeclaration, path: Path, names: Names): void {
  const here = [...path, 'pointOfNoReturn', 'part'];
  switch (pointOfNoReturn?.part) {
    case undefined:
      return;
    case 'task': {
      const tasks = placed(createTask, []);
      if (tasks.length !== 1 || tasks[0]?.item.each !== undefined) names.refuse(here, 'where a task is the point of no return, the step has that one task alone');
      return;
    }
    case 'beforeTask':
      return checkCrossingCalls(beforeTask.calls, [...path, 'beforeTask', 'calls'], here, names);
    case 'endSuccessfully':
      return checkCrossingCalls(endSuccessfully.calls, [...path, 'endSuccessfully', 'calls'], here, names);
  }
}

function checkCrossingCalls(calls: HandlerDeclaration['beforeTask']['calls'], path: Path, part: Path, names: Names): void {
  const all = placed(calls, path);
  if (all.length === 0) names.refuse(part, 'nothing crosses it: that part has no calls');
  for (const { item, path: here } of all) {
    if (item.as !== undefined) names.refuse([...here, 'as'], 'what crosses the point of no return is not called again behind it, and has no result then');
  }
}
