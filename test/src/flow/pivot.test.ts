import { describe, expect, test } from 'vitest';
import { whatExists } from '../../../src/flow/ending.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import { IllegalTransition } from '../../../src/flow/step.js';
import { badly, child, dependent, ERROR, Life, LOST, request, step, STOPPED, task, UNANSWERED, WELL } from './life.js';

type Part = NonNullable<HandlerShape['pivotPart']>;

const TWICE = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };

/** At the crossing step, behind one completed step and before one more. */
const at = (pivotPart: Part, traits: Partial<HandlerShape> = {}): Life => Life.of(step('zero'), step('cross', { pivotPart, hasCreateTask: false, ...traits }), step('last')).passes();

/** The crossing part has begun to cross, and then failed. */
const FAILS: { readonly [P in Part]: (life: Life) => Life } = {
  beforeTask: (life) => life.crosses().throws(ERROR, true),
  task: (life) => life.started(task('pivot')).ended(badly(261)),
  endSuccessfully: (life) => life.started(task('copy')).ended(WELL).crosses().throws(ERROR, true),
};
const PARTS = Object.keys(FAILS) as Part[];
/** A further attempt of it ends well, and the last step too. */
const GOES_ON: { readonly [P in Part]: (life: Life) => Life } = {
  beforeTask: (life) => life.started(task('after')).ended(WELL).ends().passes(),
  task: (life) => life.due().ended(WELL).ends().passes(),
  endSuccessfully: (life) => life.ends().passes(),
};

describe.each(PARTS)('a point of no return in %s', (part) => {
  const failed = (traits: Partial<HandlerShape> = {}): Life => FAILS[part](at(part, traits));

  test('is a "maybe" before the first verb that may cross leaves, and passed with the good end', () => {
    const life = at(part);
    if (part === 'beforeTask') life.crosses();
    if (part === 'task') life.started(task('pivot'));
    if (part === 'endSuccessfully') life.started(task('copy')).ended(WELL).crosses();
    expect(life.stepAt(1).pivot).toBe('maybe');
    if (part === 'beforeTask') life.started();
    if (part === 'task') life.ended(WELL);
    if (part === 'endSuccessfully') life.ends();
    expect(life.stepAt(1).pivot).toBe('passed');
  });

  test('asks when the part fails, and has given up what was sent before it does', () => {
    const life = at(part);
    const { fence } = life.state;
    FAILS[part](life);
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'hasPassed 1']);
    expect(life.state.fence).toBeGreaterThan(fence);
  });

  test('notPassed, no attempts left: the step fails, and everything is undone', () => {
    const life = failed().answers('notPassed');
    expect([life.status, life.stepAt(1).pivot]).toEqual(['ROLLING_BACK', 'none']);
    expect(life.calls.at(-1)).toBe(part === 'endSuccessfully' ? 'compensate 1' : 'endWithFailure 1');
    if (part === 'endSuccessfully') life.compensates();
    else life.cleansUp();
    expect(life.compensates().status).toBe('ROLLED_BACK');
  });

  test('notPassed, attempts left: they are used, and may cross a second time', () => {
    const life = failed({ retry: TWICE }).answers('notPassed');
    expect([life.status, life.stepAt(1).pivot]).toEqual(['RUNNING', 'maybe']);
    if (part === 'task') {
      expect(life.due().asked).toEqual(['placeTask c1$1.w1.2.0']);
      life.ended(badly(261));
    } else {
      expect(life.run.attempt).toBe(2);
      life.crosses().throws(ERROR, true);
    }
    expect(life.calls.at(-1)).toBe('hasPassed 1');
    expect(life.answers('notPassed').status).toBe('ROLLING_BACK');
  });

  test('passed: the part is done again, without limit for what says nothing about it', () => {
    const life = failed({ undoRetry: TWICE }).answers('passed');
    expect([life.status, life.stepAt(1).pivot]).toEqual(['RUNNING', 'passed']);
    for (let i = 0; i < 10; i += 1) {
      if (part === 'task') life.due().ended(LOST);
      else life.throws(UNANSWERED, true);
    }
    expect(GOES_ON[part](life).status).toBe('SUCCEEDED');
  });

  test('passed: what cannot go on is stuck, and nothing is undone', () => {
    const life = failed({ undoRetry: TWICE }).answers('passed');
    if (part === 'task') life.due().ended(badly(261)).due().ended(badly(262));
    else life.throws().throws();
    expect([life.status, life.state.phase.at, life.state.error, life.undos]).toEqual(['STUCK', 'held', null, [undefined, undefined]]);
    expect(life.state.heldBy).not.toBeNull();
  });

  test('passed: later steps are patient too, and never roll back', () => {
    const life = failed().answers('passed');
    if (part === 'task') life.due().ended(WELL).ends();
    else if (part === 'beforeTask') life.started().ends();
    else life.ends();
    life.throws(UNANSWERED).throws().throws().throws().throws();
    expect(life.status).toBe('RUNNING');
    expect(life.throws().status).toBe('STUCK');
  });

  test.each(['cannotTell', 'a throw'] as const)('%s: asked again, later, for as long as it takes', (how) => {
    const life = failed();
    for (let attempt = 2; attempt < 20; attempt += 1) {
      const before = life.state;
      if (how === 'a throw') life.throws();
      else life.answers('cannotTell');
      expect(life.effects).toEqual([{ do: 'runCallback', callback: 'hasPassed', index: 1, attempt, notBefore: expect.any(Number) as number }]);
      expect({ ...life.state, phase: null }).toEqual({ ...before, phase: null });
    }
    expect(life.answers('notPassed').status).toBe('ROLLING_BACK');
  });

  test('an earlier passed one forbids a rollback', () => {
    const once = { undoRetry: { ...TWICE, attempts: 1 } };
    const life = Life.of(step('first', { pivotPart: 'task' }), step('cross', { pivotPart: part, ...once })).started(task('pivot')).ended(WELL).ends();
    FAILS[part](life).answers('notPassed');
    expect([life.status, life.state.executionReason]).toEqual(['STUCK', 'REGULAR_FLOW']);
  });

  test('fails like any other step, if it fails before it can have crossed', () => {
    const life = at(part);
    if (part === 'endSuccessfully') life.started(task('copy')).ended(LOST);
    else life.throws();
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'endWithFailure 1']);
  });
});

describe('a point of no return in a task', () => {
  const two = (traits: Partial<HandlerShape> = {}): Life => at('task', traits).started(task('a'), task('b'));

  test('is asked about when all tasks have ended; none is stopped', () => {
    const life = two().ended(badly(261), 0);
    expect([life.asked, life.calls.at(-1)]).toEqual([['consumeTask c1$1.w1.1.0'], 'start 1']);
    expect(life.ended(WELL, 1).calls.at(-1)).toBe('hasPassed 1');
  });

  test('is asked about before an attempt is repeated', () => {
    expect(two({ retry: TWICE }).ended(badly(261), 0).ended(WELL, 1).calls.at(-1)).toBe('hasPassed 1');
  });

  test('passed: createTask runs again, and says what remains to be done instead of what failed', () => {
    const life = two({ hasCreateTask: true }).ended(badly(261), 0).ended(WELL, 1).answers('passed');
    expect(life.calls.at(-1)).toBe('createTask 1 #2');
    expect(life.recreates(request('rest')).asked).toEqual(['placeTask c1$1.w2.1.2']);
    expect(life.stepAt(1)).toMatchObject({ work: [{ verb: 'b' }, { verb: 'rest' }], superseded: [{ verb: 'a', outcome: badly(261) }] });
    expect(life.ended(WELL, 1).calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('passed: if nothing remains, the step has ended well', () => {
    expect(two({ hasCreateTask: true }).ended(badly(261), 0).ended(badly(261), 1).answers('passed').recreates().calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('passed: what remains is patient, and so is createTask', () => {
    const life = two({ hasCreateTask: true, undoRetry: TWICE }).ended(badly(261), 0).ended(WELL, 1).answers('passed').throws();
    expect(life.calls.at(-1)).toBe('createTask 1 #3');
    life.recreates(request('rest')).ended(badly(261), 1).due(1).ended(badly(261), 1);
    expect([life.status, life.state.fence]).toEqual(['STUCK', expect.any(Number)]);
    expect(two({ hasCreateTask: true, undoRetry: TWICE }).ended(badly(261), 0).ended(WELL, 1).answers('passed').throws().throws().status).toBe('STUCK');
  });

  test('passed: without a createTask, what failed is submitted again under new ids, what ended well is not', () => {
    const life = two().ended({ kind: 'lost' }, 0).ended(WELL, 1).answers('passed');
    expect(life.effects.map((effect) => (effect.do === 'retryAt' ? effect.id : effect.do))).toEqual(['c1$1.w1.2.0']);
    expect(life.due(0).ended(WELL, 0).calls.at(-1)).toBe('endSuccessfully 1');
  });

  test('notPassed: each failed task has what is left of its own attempts', () => {
    const life = two({ retry: TWICE }).ended(badly(261), 0).ended(WELL, 1).answers('notPassed').due(0).ended(WELL, 0);
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'endSuccessfully 1']);
  });

  test('passed: createTask runs anew beside children that have ended', () => {
    const life = at('task', { hasCreateTask: true }).started(child('C'), task('pivot')).ended(WELL, 0).ended(badly(261), 1).answers('passed');
    expect(life.calls.at(-1)).toBe('createTask 1 #2');
    expect(life.recreates(request('rest')).asked).toEqual(['placeTask c1$1.w2.1.2']);
  });

  test.each([
    [false, 'CHILD_FAILED'],
    [true, 'CANCELLED'],
  ])('notPassed: where a child has failed too, no task is tried again (cancelled: %s)', (isCancelled, code) => {
    const life = at('task', { retry: TWICE }).started(task('pivot'), dependent('D'));
    if (isCancelled) life.on({ type: 'cancel' });
    life.ended(badly(261), 0).ended({ kind: 'childFailed', error: ERROR }, 1).answers('notPassed');
    expect([life.status, life.calls.at(-1), life.state.error?.code]).toEqual(['ROLLING_BACK', 'endWithFailure 1', code]);
  });

  test('notPassed, in a step behind another point of no return: the child cannot be tried again, and the tasks are', () => {
    const life = Life.of(step('first', { pivotPart: 'task' }), step('second', { pivotPart: 'task', hasCreateTask: false, undoRetry: TWICE })).started(task('p')).ended(WELL).ends();
    life.started(task('q'), dependent('D')).ended(badly(261), 0).ended({ kind: 'childFailed', error: ERROR }, 1).answers('notPassed');
    expect(life.due().ended(WELL, 0)).toMatchObject({ status: 'STUCK', state: { heldBy: { code: 'CHILD_FAILED' } } });
  });

  test('notPassed: what was stopped or may still run is not tried again', () => {
    expect(two({ retry: TWICE }).ended(STOPPED, 0).ended(WELL, 1).answers('notPassed').status).toBe('ROLLING_BACK');
  });

  test('is none in a step that starts no task', () => {
    expect(at('task').started(child('Child')).stepAt(1).pivot).toBe('none');
    expect(at('task').started().stepAt(1).pivot).toBe('none');
  });
});

describe('crossing', () => {
  test('twice within one part changes nothing', () => {
    const life = at('beforeTask').crosses();
    const { state } = life;
    expect(life.crosses().state).toEqual(state);
  });

  test('in a part that does not cross is a defect', () => {
    expect(() => at('endSuccessfully').crosses()).toThrow(IllegalTransition);
    expect(() => Life.of(step('one')).crosses()).toThrow(IllegalTransition);
  });

  test('takes a verb: a part that called none is undone like any other', () => {
    const life = at('beforeTask').started(task('copy')).ended(badly(261));
    expect([life.stepAt(1).pivot, life.status]).toEqual(['none', 'ROLLING_BACK']);
  });

  test('nobody answers who was not asked', () => {
    expect(at('beforeTask').ignores({ type: 'answered', run: { index: 1, attempt: 1 }, answer: 'passed' })).toBe(true);
  });
});

test('past the point of no return no task is stopped for another: what it does is needed in any case', () => {
  const life = Life.of(step('cross', { pivotPart: 'task' }), step('later', { undoRetry: { ...TWICE, attempts: 1 } })).started(task('pivot')).ended(WELL).ends();
  life.started(task('a'), task('b')).ended(badly(261), 0);
  expect(life.asked).toEqual(['consumeTask c1$1.w1.1.0']);
  expect([life.item(1), life.ended(WELL, 1).status]).toMatchObject([{ stop: null, outcome: null }, 'STUCK']);
});

test('past the point of no return a failed child cannot be undone either', () => {
  const life = at('beforeTask').crosses().started(child('Child')).ended({ kind: 'childFailed', error: ERROR });
  expect([life.status, life.state.heldBy?.code]).toEqual(['STUCK', 'CHILD_FAILED']);
});

test('the call that crossed is listed with what there is, whatever the run behind the point of no return has called', () => {
  const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
  const cross = { callback: 'start', host: 'host2', verb: 'cross' } as const;
  const tidy = { callback: 'start', host: 'host2', verb: 'tidy' } as const;
  const life = Life.of(step('move', { pivotPart: 'beforeTask', retry: once, undoRetry: once })).crosses();
  life.on({ type: 'threw', callback: 'start', run: life.run, error: UNANSWERED, sent: true, called: [cross] }).answers('passed');
  life.on({ type: 'started', run: life.run, work: [task('copy')], called: [tidy] }).ended(badly(261));
  expect(life.status).toBe('STUCK');
  expect(whatExists(life.state)[0]?.calls).toEqual([{ ...cross, crossed: true }, tidy]);
});
