import { describe, expect, test } from 'vitest';
import { canMigrate, isDue, migrated, type RecordedRun } from '../../../src/flow/migrate.js';
import type { CommandState } from '../../../src/flow/state.js';
import type { CommandDefinition } from '../../../src/model/command.js';
import type { Data } from '../../../src/model/data.js';
import type { ErasedHandler } from '../../../src/model/handler.js';
import type { Migration } from '../../../src/model/migration.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import type { OperatorAction } from '../../../src/model/operator.js';
import { badly, dependent, ERROR, Life, step, task, WELL } from './life.js';

const NOW = 7_000;
const PIVOT: NonNullable<ErasedHandler['pointOfNoReturn']> = { part: 'beforeTask', hasPassed: () => 'cannotTell' };

/** The second version of a command, or a later one, with these steps. */
function definition(steps: readonly (string | ErasedHandler)[], migration: Migration | null = {}, version = 2): CommandDefinition {
  const handlers = steps.map((of): ErasedHandler => (typeof of === 'string' ? { name: of } : of));
  const migrations = migration === null ? {} : { migrations: { 1: migration } };
  return { type: 'T', version, parseParams: (params) => params as Data, locks: () => [], lockWait: 'refuse', handlers, ...migrations };
}

const news = (...steps: readonly (string | [string, string | null])[]): Migration => ({
  handlers: steps.map((of) => (typeof of === 'string' ? { name: of } : { name: of[0], from: of[1] })),
});

const TWICE = { attempts: 2, backoffMs: 0, maxBackoffMs: 0 };
const fresh = (): Life => Life.of(step('a'), step('b'), step('c')).passes('A');
/** In the work of step b, with a behind it. */
const inWork = (): Life => fresh().started(task('copy'));
/** Step a is undone, and b's clean-up is over. */
const rolledPast = (): Life => inWork().ended(badly(261)).cleansUp();

const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const hardly = (name: string): HandlerShape => step(name, { undoRetry: ONCE, onUndoFailed: 'continue' });
/** Neither step could be undone, and each has had its turn. */
const bothFailed = (): Life => Life.of(hardly('a'), hardly('b'), step('c')).passes().passes().throws().cleansUp().throws().throws();
/** Step a could not be undone, and the one before it has not had its turn. */
const stopped = (): Life => Life.of(step('zero'), step('a', { undoRetry: ONCE }), step('c')).passes().passes().throws().cleansUp().throws();
/** An operator has closed a child of step a instead of its rollback; then step a itself was undone. */
const childClosed = (): Life => {
  const life = Life.of(step('zero'), step('a'), step('c')).passes().started(dependent('D')).ended(WELL).ends().throws().cleansUp();
  return life.reports({ is: 'closed', completed: true, error: ERROR }).compensates();
};
const operated = (life: Life, action: OperatorAction): Life => life.on({ type: 'operate', request: { requestId: 'r1', action }, unfit: null, called: [] });

const go = (to: CommandDefinition, { state }: Life, ...underWay: readonly RecordedRun[]): CommandState => migrated(to, state, underWay, NOW).state;
const names = ({ steps }: CommandState): readonly string[] => steps.map(({ handler }) => handler);

describe('whether a definition can go on with a command of an earlier version', () => {
  test.each<[string, CommandDefinition, boolean]>([
    ['one migration leads to it', definition(['a', 'b', 'c']), true],
    ['there are no migrations', definition(['a', 'b', 'c'], null), false],
    ['one of two is missing', definition(['a', 'b', 'c'], {}, 3), false],
    ['it is of the same version', definition(['a', 'b', 'c'], {}, 1), false],
  ])('%s', (_, to, expected) => {
    expect(canMigrate(to, inWork().state)).toBe(expected);
  });
});

describe('a migrated command', () => {
  test('is where it was if nothing is said about its steps', () => {
    const { state } = inWork();
    expect(go(definition(['a', 'b', 'c']), inWork())).toEqual({ ...state, version: 2, migrations: [{ t: NOW, from: 1, to: 2, passedOver: [], dropped: [], givenUp: [], historyLength: state.historyLength }] });
  });

  test('is still in its step, wherever that is now; its ids stay, and a new step behind it has nothing to undo', () => {
    const to = definition(['zero', 'a', 'b2', 'c'], { ...news('zero', 'a', ['b2', 'b'], 'c'), outputs: { zero: () => 'made' } });
    const { state, indexes } = migrated(to, inWork().state, [], NOW);
    expect([names(state), state.executionIndex, [...indexes]]).toEqual([['zero', 'a', 'b2'], 2, [[0, 1], [1, 2]]]);
    expect(state.steps[0]).toEqual({ handler: 'zero', number: 2, reachedAt: NOW, begun: true, work: [], completed: true, output: 'made', pivot: 'none', revertWork: [], undo: 'nothingToUndo' });
    expect(state.steps.map(({ number }) => number)).toEqual([2, 0, 1]);
  });

  test('by two migrations goes where both lead; what the first drops is nowhere', () => {
    const to: CommandDefinition = { ...definition(['b', 'c'], null, 3), migrations: { 1: { ...news('b', 'c'), drops: ['a'] }, 2: {} } };
    const { state, indexes } = migrated(to, inWork().state, [], NOW);
    expect([state.version, names(state), state.executionIndex, [...indexes]]).toEqual([3, ['b'], 0, [[1, 0]]]);
    const both: CommandDefinition = { ...definition(['b', 'c'], null, 3), migrations: { 1: news('a', 'b', 'c'), 2: { ...news('b', 'c'), drops: ['a'] } } };
    expect([...migrated(both, inWork().state, [], NOW).indexes]).toEqual([[1, 0]]);
  });

  test('has its params, results and outputs as the migration makes them; what a step has not got is not made', () => {
    const change = (value: Data | undefined): Data => ({ was: value ?? null });
    const to = definition(['a', 'b', 'c'], { params: change, before: { a: change, b: () => undefined }, outputs: { a: change, b: change } });
    const state = go(to, inWork());
    expect([state.params, state.steps[0]?.before, state.steps[0]?.output]).toEqual([{ was: {} }, { was: null }, { was: 'A' }]);
    expect(state.steps[1]).toEqual(inWork().stepAt(1));
  });

  test('that waits for its locks has no steps yet', () => {
    const state = go(definition(['x', 'a', 'b', 'c'], news('x', 'a', 'b', 'c')), new Life([step('a'), step('b'), step('c')]));
    expect([state.version, state.status, state.steps]).toEqual([2, 'SUBMITTED', []]);
  });

  test('whose step has been reached, and no more, begins with the first one that is new there', () => {
    const state = go(definition(['a', 'x', 'b', 'c'], news('a', 'x', 'b', 'c')), fresh());
    expect([names(state), state.executionIndex, state.steps[1]]).toMatchObject([['a', 'x'], 1, { reachedAt: NOW, begun: false }]);
    const first = go(definition(['x', 'b', 'c'], news('x', 'b', 'c')), Life.of(step('a'), step('b'), step('c')));
    expect([names(first), first.executionIndex]).toEqual([['x'], 0]);
  });

  test('a step is numbered behind all that were there before, also those that are gone, so that no id is given twice', () => {
    const passed = inWork();
    passed.state = go(definition(['a', 'x', 'b', 'c'], news('a', 'x', 'b', 'c')), passed);
    expect([passed.state.nextNumber, passed.state.steps.map(({ number }) => number), passed.state.migrations?.[0]?.passedOver]).toEqual([3, [undefined, 2, 1], [2]]);
    const dropping = inWork().ended(WELL).ends('B');
    const dropped = go(definition(['a', 'c'], { ...news('a', 'c'), drops: ['b'] }), dropping);
    expect([dropped.steps.map(({ number }) => number), dropped.nextNumber]).toEqual([[undefined, 2], 3]);
    expect(dropped.migrations?.[0]?.dropped).toMatchObject([{ index: 1, number: 1, handler: 'b', tasks: [{ verb: 'copy' }] }]);
  });

  test('gives up the attempt that has calls on record, also while it is held', () => {
    const { fence } = fresh().state;
    const run = { callback: 'start', index: 1, attempt: 1 } as const;
    const open = go(definition(['zero', 'a', 'b', 'c'], news('zero', 'a', 'b', 'c')), fresh(), run);
    expect([open.fence, open.phase, open.migrations?.[0]?.givenUp]).toMatchObject([fence + 1, { callback: 'start', attempt: 2 }, [{ callback: 'start', number: 1, attempt: 1 }]]);
    const parked = go(definition(['a', 'b', 'c']), fresh().on({ type: 'parked', error: ERROR }), run);
    expect(parked.phase).toMatchObject({ at: 'held', from: { callback: 'start', attempt: 2 } });
  });

  test('that was parked in a step that is only reached may have another before it', () => {
    const parked = fresh().on({ type: 'parked', error: ERROR });
    expect(names(go(definition(['a', 'x', 'b', 'c'], news('a', 'x', 'b', 'c')), parked))).toEqual(['a', 'x']);
  });

  test('whose step has been reached, and no more, may lose the completed one before it, whose ids are not given again', () => {
    const state = go(definition(['b', 'c'], { ...news('b', 'c'), drops: ['a'] }), fresh());
    expect([names(state), state.executionIndex, state.steps[0]]).toMatchObject([['b'], 0, { begun: false, number: 1 }]);
  });

  test('may have a new step in the place, and of the name, of one that goes', () => {
    const to = definition(['a', 'b', 'c'], { ...news(['a', null], 'b', 'c'), drops: ['a'], outputs: { a: () => 'made' } });
    expect(go(to, inWork()).steps[0]).toMatchObject({ handler: 'a', output: 'made', undo: 'nothingToUndo' });
  });

  test('gives up the run of beforeRetry that has calls on record, and no other', () => {
    const life = Life.of(step('a', { hasBeforeRetry: true, retry: TWICE }), step('b'), step('c')).started(task('copy'), task('grow')).ended(badly(261)).ended(badly(261), 1).due().due(1);
    const run = { callback: 'beforeRetry', index: 0, attempt: 1, task: life.item().id } as const;
    const state = go(definition(['a', 'b', 'c']), life, run);
    expect([state.steps[0]?.work, state.phase]).toMatchObject([[{ cleanUp: { at: 'callback', attempt: 2 } }, { cleanUp: { at: 'callback', attempt: 1 } }], { at: 'work' }]);
    expect(state.migrations?.[0]?.givenUp).toEqual([{ callback: 'beforeRetry', number: 0, attempt: 1, task: run.task }]);
  });

  test('that has only reached its step is in it for as long as before, and its time limit counts on', () => {
    const during = { callback: 'start', attempt: 1 } as const;
    const late = Life.of(step('a'), step('b', { timeoutMs: 1 }), step('c')).passes('A').on({ type: 'stepTimedOut', index: 1 });
    const { reachedAt, timedOut } = late.stepAt(1);
    expect(timedOut).toEqual({ requestedAt: 1_000, during });
    const moved = go(definition(['zero', 'a', 'b2', 'c'], news('zero', 'a', ['b2', 'b'], 'c')), late);
    expect(moved.steps[2]).toMatchObject({ handler: 'b2', reachedAt, timedOut });
    expect(go(definition(['a', 'x', 'b', 'c'], news('a', 'x', 'b', 'c')), late).steps[1]).toEqual({ handler: 'x', reachedAt: NOW, begun: false, work: [], completed: false, pivot: 'none', revertWork: [] });
  });

  test('that has been through all its steps is behind all of the new ones, too', () => {
    const through = inWork().ended(WELL).ends().passes();
    const state = go(definition(['a', 'b', 'c', 'd'], news('a', 'b', 'c', 'd')), through);
    expect([names(state), state.executionIndex]).toEqual([['a', 'b', 'c', 'd'], 4]);
  });

  test('may lose a step that is undone at last', () => {
    const retried = operated(bothFailed(), 'retry').compensates();
    expect(names(go(definition(['a', 'c'], news('a', 'c')), retried))).toEqual(['a', 'c']);
  });

  test('may lose a step that is undone', () => {
    const back = rolledPast().compensates();
    expect(back.status).toBe('ROLLED_BACK');
    expect(names(go(definition(['b', 'c'], news('b', 'c')), back))).toEqual(['b']);
  });
});

describe('of the runs that have calls on record, that one is given up which is due', () => {
  const retrying = (): Life => Life.of(step('a', { hasBeforeRetry: true, retry: TWICE })).started(task('copy')).ended(badly(261)).due();
  const asking = (): Life => Life.of(step('a', { pivotPart: 'beforeTask', retry: TWICE })).crosses().throws();
  test.each<[string, () => Life, RecordedRun, boolean]>([
    ['the callback that is due', fresh, { callback: 'start', index: 1, attempt: 1 }, true],
    ['the same of a held command', () => fresh().on({ type: 'parked', error: ERROR }), { callback: 'start', index: 1, attempt: 1 }, true],
    ['its next attempt', fresh, { callback: 'start', index: 1, attempt: 2 }, false],
    ['another callback', fresh, { callback: 'endSuccessfully', index: 1, attempt: 1 }, false],
    ['what hasPassed is asked about', asking, { callback: 'start', index: 0, attempt: 2 }, false],
    ['an earlier undo that has failed', () => Life.of(step('a'), hardly('b'), step('c')).passes().passes().throws().cleansUp().throws(), { callback: 'compensate', index: 1, attempt: 2 }, false],
    ['one where every step has had its turn', bothFailed, { callback: 'compensate', index: 1, attempt: 2 }, false],
    ['one while work is under way', inWork, { callback: 'start', index: 1, attempt: 1 }, false],
    ['the clean-up that is due', retrying, { callback: 'beforeRetry', index: 0, attempt: 1, task: 'c1$0.w1.2.0' }, true],
    ['its next attempt', retrying, { callback: 'beforeRetry', index: 0, attempt: 2, task: 'c1$0.w1.2.0' }, false],
    ['the clean-up before another attempt', retrying, { callback: 'beforeRetry', index: 0, attempt: 1, task: 'c1$0.w1.3.0' }, false],
  ])('%s', (_, life, run, expected) => {
    expect(isDue(life().state, run)).toBe(expected);
  });
});

describe('a migration that does not fit is refused', () => {
  const maybe = (): Life => Life.of(step('a', { pivotPart: 'beforeTask' }), step('b'), step('c')).crosses();
  const TOLD = 'step a would be gone, which could not be undone, or which an operator has closed';
  const withoutA = definition(['b', 'c'], { ...news('b', 'c'), drops: ['a'] });
  test.each<[string, CommandDefinition, () => Life, string]>([
    ['there is none', definition(['a', 'b', 'c'], null), inWork, 'there is no such migration'],
    ['it leads elsewhere', definition(['a', 'b'], {}), inWork, 'it leads to [a, b, c], and the definition has [a, b]'],
    ['it goes on from a step that is not there', definition(['a', 'b', 'c'], news('a', 'b', ['c', 'd'])), inWork, 'it has no step d to go on from'],
    ['two steps go on from one', definition(['a', 'b', 'x'], news('a', 'b', ['x', 'a'])), inWork, 'two steps go on from the same one'],
    ['it changes the order', definition(['b', 'a', 'c'], news('b', 'a', 'c')), inWork, 'it changes the order of steps'],
    ['a completed step would be gone', definition(['b', 'c'], news('b', 'c')), inWork, 'step a, which has begun and is not undone, would be gone; name it in drops, once it is completed'],
    ['a step in the middle would be gone', definition(['a', 'c'], { ...news('a', 'c'), drops: ['b'] }), inWork, 'step b, which has begun and is not undone, would be gone; name it in drops, once it is completed'],
    ['the step that it is undoing would be gone', definition(['b', 'c'], { ...news('b', 'c'), drops: ['a'] }), rolledPast, 'it is in step a, which would be gone'],
    ['a step whose undo has failed would be gone', withoutA, bothFailed, TOLD],
    ['a step whose undo has failed, and is to be tried again, would be gone', withoutA, () => operated(bothFailed(), 'retry'), TOLD],
    ['a step that cannot be undone would be gone', withoutA, () => Life.of(step('a', { hasCompensate: false, onUndoFailed: 'continue' }), step('b'), step('c')).passes().throws().cleansUp(), TOLD],
    ['a step whose undo an operator has given up would be gone', definition(['zero', 'c'], { ...news('zero', 'c'), drops: ['a'] }), () => operated(stopped(), 'skip'), TOLD],
    ['a step that an operator has undone would be gone', definition(['zero', 'c'], news('zero', 'c')), () => operated(stopped(), 'resolve'), TOLD],
    ['a step that an operator has closed would be gone', withoutA, () => operated(Life.of(step('a', { pivotPart: 'beforeTask', undoRetry: ONCE }), step('b'), step('c')).crosses().started().throws(), 'skip'), TOLD],
    ['a step with a child that an operator has closed would be gone', definition(['zero', 'c'], news('zero', 'c')), childClosed, TOLD],
    ['no step is left', definition(['a'], news('a')), fresh, 'no step is left for it to go on with'],
    ['it may be past a point of no return that is none any more', definition(['a', 'b', 'c']), maybe, 'it may have crossed the point of no return of a, which has none any more'],
  ])('%s', (_, to, life, why) => {
    expect(() => go(to, life())).toThrow(expect.objectContaining({ code: 'MIGRATION_FAILED', message: expect.stringContaining(why) as unknown }));
  });

  test('not one that keeps the point of no return', () => {
    expect(go(definition([{ name: 'a', pointOfNoReturn: PIVOT }, 'b', 'c']), maybe()).version).toBe(2);
  });
});
