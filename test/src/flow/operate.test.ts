import { describe, expect, test } from 'vitest';
import { operatorRefusal } from '../../../src/flow/operator-rules.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import type { CalledVerb, CommandState } from '../../../src/flow/state.js';
import type { ErrorCode } from '../../../src/model/errors.js';
import type { OperatorAction, OperatorRequest } from '../../../src/model/operator.js';
import { badly, child, dependent, ERROR, Life, request, step, submittedChild, task, WELL } from './life.js';

const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const UNFIT = 'this program has another list of steps';

/** A command whose steps undo once, and what an operator does with it. */
class Held extends Life {
  static steps(...traits: readonly Partial<HandlerShape>[]): Held {
    const life = new Held(traits.map((trait, i) => step(`step${i}`, { undoRetry: ONCE, ...trait })));
    life.on({ type: 'locksGranted' });
    return life;
  }

  parks(code: ErrorCode = 'DEFINITION_CHANGED'): this {
    return this.on({ type: 'parked', error: { ...ERROR, code } });
  }

  acts(action: OperatorAction, more: Partial<OperatorRequest> = {}, called: readonly CalledVerb[] = []): this {
    return this.on({ type: 'operate', request: { requestId: 'r1', action, ...more }, unfit: null, called });
  }

  refuses(action: OperatorAction, unfit: string | null = null, more: Partial<OperatorRequest> = {}): string | null {
    const wish = { requestId: 'r1', action, ...more };
    const why = operatorRefusal(this.state, wish, unfit);
    // What is refused in words changes nothing.
    expect(this.ignores({ type: 'operate', request: wish, unfit, called: [] })).toBe(why !== null);
    return why;
  }
}

const stuckInTask = (): Held => {
  const life = Held.steps({ pivotPart: 'beforeTask' }, {}).crosses().started(task('a'), task('b'));
  return life.ended(WELL, 0).ended(badly(261), 1);
};
const stuckInEnd = (): Held => Held.steps({ pivotPart: 'beforeTask' }, {}).crosses().started().throws();
/** Three steps, of which the second cannot be undone. */
const incomplete = (traits: Partial<HandlerShape> = {}): Held => Held.steps({}, traits, {}).passes().passes().throws().cleansUp().throws();
const heldByChild = (): Held => Held.steps({}).started(dependent('A')).reports({ is: 'held', status: 'STUCK', error: ERROR });
const stuckInChild = (): Held => Held.steps({ pivotPart: 'beforeTask' }).crosses().started(dependent('A')).ended({ kind: 'childFailed', error: ERROR });

describe('an action that is not possible is refused, and the refusal names those that are', () => {
  const WAITS = 'task c1$0.w1.1.0 (copy) is not over; possible: retry';
  test.each<[string, () => Held, OperatorAction, string | null, string]>([
    ['of one that runs', () => Held.steps({}), 'abandon', null, 'it is RUNNING, and an operator acts on held commands only; possible: nothing'],
    ['of one that a child holds', heldByChild, 'retry', null, 'child c1!0.1.0 (A) is STUCK: it threw: act on that command, and this one goes on by itself; possible: nothing'],
    ['retry, by a program that cannot go on with it', stuckInEnd, 'retry', UNFIT, `${UNFIT}; possible: abandon`],
    ['skip, by a program that cannot go on with it', stuckInEnd, 'skip', UNFIT, `${UNFIT}; possible: abandon`],
    ['retry, where only a child has failed', stuckInChild, 'retry', null, 'nothing of the step can be tried again: its children have failed for good, and of its tasks nobody can tell whether they ran; possible: skip, resolve, abandon'],
    ['skip of a step that it is parked in', () => Held.steps({}).parks(), 'skip', null, 'it is PARKED in the middle of a step, whose end this program cannot stand in for; possible: retry, abandon'],
    ['abandon, where a task is not over', () => Held.steps({}).started(task('copy')).parks(), 'abandon', null, WAITS],
    ['abandon, where a child is not over', () => Held.steps({}).started(child('A')).parks(), 'abandon', null, 'child c1!0.1.0 is not over; possible: retry'],
  ])('%s', (_, life, action, unfit, expected) => {
    expect(life().refuses(action, unfit)).toBe(expected);
  });

  test('an output can be given only where resolve completes a step', () => {
    const only = 'an output can be given only where resolve completes a step, of a command that is STUCK';
    expect(stuckInEnd().refuses('skip', null, { output: 1 })).toBe(`${only}; without it, skip is possible`);
    expect(incomplete().refuses('resolve', null, { output: 1 })).toBe(`${only}; without it, resolve is possible`);
    expect(stuckInEnd().refuses('resolve', null, { output: 1 })).toBeNull();
  });

  test('an action that was done before is not done again', () => {
    const life = stuckInEnd().acts('retry').throws();
    expect(life.status).toBe('STUCK');
    expect(life.ignores({ type: 'operate', request: { requestId: 'r1', action: 'abandon' }, unfit: null, called: [] })).toBe(true);
  });
});

test('each action is logged with what the command was held as, and its reason if there is one', () => {
  const life = stuckInEnd().acts('retry').throws().acts('skip', { requestId: 'r2', reason: 'done for today' });
  const held = { t: 1_000, status: 'STUCK', index: 0, heldBy: ERROR, historyLength: 0 };
  expect(life.state.operator).toEqual([
    { ...held, requestId: 'r1', action: 'retry' },
    { ...held, requestId: 'r2', action: 'skip', reason: 'done for today' },
  ]);
});

test('the recorded calls of the callback that it is held in are noted, by the callback and the task that they come before', () => {
  const end = { callback: 'endSuccessfully', host: 'h1', verb: 'attach' } as const;
  const clean = { callback: 'beforeRetry', task: 'c1$0.w1.2.0', host: 'h1', verb: 'detach' } as const;
  const life = stuckInEnd().acts('abandon', {}, [end, clean, { ...end, verb: 'grow' }]);
  expect(life.state.exists).toMatchObject([{ index: 0, why: 'unfinished', calls: [clean, end, { ...end, verb: 'grow' }] }]);
});

describe('retry', () => {
  test('of one that is stuck in a callback runs that once more, with all of its attempts', () => {
    const life = stuckInEnd();
    const { fence } = life.state;
    life.acts('retry');
    expect([life.status, life.calls.at(-1), life.state.fence]).toEqual(['RUNNING', 'endSuccessfully 0 #2', fence + 1]);
  });

  test('of one that is stuck in its tasks places those again that failed', () => {
    const life = stuckInTask().acts('retry');
    expect([life.status, life.asked]).toEqual(['RUNNING', ['placeTask c1$0.w1.2.1']]);
  });

  test('of an incomplete rollback gives another turn to all that is not undone, the latest first', () => {
    const life = incomplete();
    expect([life.status, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', ['blocked', 'failed', undefined]]);
    life.acts('retry');
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'compensate 1 #2']);
    expect(life.compensates().compensates().status).toBe('ROLLED_BACK');
  });

  test.each<[string, () => Life, string, string[]]>([
    ['while it waited for its locks', () => new Held([step('one')]), 'SUBMITTED', ['acquireLocks']],
    ['in a callback', () => Held.steps({}), 'RUNNING', ['start 0']],
    ['in the rollback', () => Held.steps({}).throws(), 'ROLLING_BACK', ['endWithFailure 0']],
    ['with nothing more to do than to wait for its root', () => submittedChild(step('one')).on({ type: 'locksGranted' }).passes(), 'COMPLETED', []],
    ['while a child was rolled back', () => Held.steps({}, {}).started(dependent('A')).ended(WELL).ends().throws().cleansUp(), 'ROLLING_BACK', ['rollBackChild c1!0.1.0']],
  ])('of one that was parked %s takes it back there, and so does a program that fits', (_, at, status, asked) => {
    for (const event of [{ type: 'operate', request: { requestId: 'r1', action: 'retry' }, unfit: null, called: [] }, { type: 'unparked' }] as const) {
      const life = at();
      const { phase } = life.state;
      life.on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } }).on(event);
      expect([life.status, life.state.phase, life.asked, life.state.heldBy]).toEqual([status, phase, asked, null]);
    }
  });

  test('of one that was parked in the work of a part that may have crossed asks that, once all is over', () => {
    const life = Held.steps({ pivotPart: 'task', retry: { ...ONCE, attempts: 2 } }).started(task('a'), task('b'), child('C')).parks();
    life.ended(badly(261), 0).ended({ kind: 'aborted', reason: 'zombie' }, 1).acts('retry');
    expect([life.status, life.asked]).toEqual(['RUNNING', []]);
    expect(life.ended(WELL, 2).asked).toEqual(['hasPassed 0']);
  });

  test('of one that was parked in its work: what failed for good meanwhile stops the others', () => {
    const life = Held.steps({}).started(task('a'), task('b'), child('C')).parks().ended(badly(261), 0).acts('retry');
    expect([life.status, life.asked]).toEqual(['RUNNING', ['stopTask c1$0.w1.1.1']]);
  });

  test('of one that was parked in its work counts how that ended meanwhile', () => {
    const life = Held.steps({ retry: { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 } }).started(task('a'), task('b')).parks();
    life.ended(badly(261), 0).ended(WELL, 1).acts('retry');
    expect([life.status, life.asked]).toEqual(['RUNNING', ['retryAt 1001000 c1$0.w1.2.0']]);
  });

  test('goes on by itself only where another program had parked it', () => {
    expect(Held.steps({}).parks('MIGRATION_FAILED').on({ type: 'unparked' }).status).toBe('RUNNING');
    expect(Held.steps({}).parks('NONDETERMINISTIC_CALLBACK').ignores({ type: 'unparked' })).toBe(true);
    expect(stuckInEnd().ignores({ type: 'unparked' })).toBe(true);
    expect(Held.steps({}).ignores({ type: 'unparked' })).toBe(true);
  });
});

describe('retry of an incomplete rollback', () => {
  test('passes over what is undone already', () => {
    const life = Held.steps({ onUndoFailed: 'continue' }, {}, { onUndoFailed: 'continue' }, {}).passes().passes().passes().throws().cleansUp();
    life.throws().compensates().throws();
    expect([life.status, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', ['failed', 'compensated', 'failed', undefined]]);
    life.acts('retry').compensates();
    expect(life.calls.slice(-2)).toEqual(['compensate 2 #2', 'compensate 0 #2']);
    expect(life.compensates().status).toBe('ROLLED_BACK');
  });

  test.each<[what: string, life: () => Held]>([
    ['completed, without compensate', () => Held.steps({ hasCompensate: false }, {}).passes().throws().cleansUp()],
    ['failed half-way, without endWithFailure', () => Held.steps({ hasEndWithFailure: false }).started(task('copy')).ended(badly(261))],
  ])('of a step that has no way back comes to the same place, however often: %s', (_, held) => {
    const life = held();
    const { phase } = life.state;
    expect(life.status).toBe('ROLLBACK_INCOMPLETE');
    for (const requestId of ['r1', 'r2', 'r3']) expect(life.acts('retry', { requestId }).state.phase).toEqual(phase);
  });

  test('of a step that has no way back is in vain: a program that has one is needed', () => {
    const life = Held.steps({ hasCompensate: false }, {}).passes().throws().cleansUp().acts('retry');
    expect([life.status, life.undos, life.calls.at(-1)]).toEqual(['ROLLBACK_INCOMPLETE', ['notUndoable', undefined], 'endWithFailure 1']);
    life.shape = [step('step0'), step('step1')];
    expect(life.acts('retry', { requestId: 'r2' }).compensates()).toMatchObject({ status: 'ROLLED_BACK', undos: ['compensated', undefined] });
  });

  test('whose compensate was not told how its revert tasks ended tells it that, and does not run it again', () => {
    const life = Held.steps({ hasCompensationEnded: true }, {}).passes().throws().cleansUp().compensates(request('remove')).ended(WELL).throws();
    expect([life.status, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', ['failed', undefined]]);
    expect(life.acts('retry').calls.slice(-3)).toEqual(['compensate 0', 'compensationEnded 0', 'compensationEnded 0 #2']);
    expect(life.isTold().status).toBe('ROLLED_BACK');
  });

  test('of a step of which a child stays: its own undo is made good, and the child keeps it incomplete', () => {
    const life = Held.steps({ onUndoFailed: 'continue' }, {}).started(dependent('A')).reports({ is: 'completed', past: true }).ends().throws().cleansUp().throws();
    expect([life.status, life.undos, life.state.heldBy]).toEqual(['ROLLBACK_INCOMPLETE', ['failed', undefined], ERROR]);
    expect(life.acts('retry').compensates()).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', undos: ['compensated', undefined], state: { heldBy: { code: 'CHILD_STAYS' } } });
  });
});

describe('what there is of a step that was reached, and no more', () => {
  const sent = { callback: 'start', host: 'h1', verb: 'attach' } as const;
  test.each<[string, (life: Held) => Held, unknown[]]>([
    ['nothing', (life) => life, []],
    ['its calls, of a run that threw', (life) => life.throws({ ...ERROR, retryable: true }, true), [{ index: 0, why: 'unfinished', calls: [] }]],
    ['its calls, of a run that is open', (life) => life, [{ index: 0, why: 'unfinished', calls: [sent] }]],
  ])('%s', (name, come, exists) => {
    const life = come(Held.steps({ retry: { ...ONCE, attempts: 2 } })).parks();
    expect(life.acts('abandon', {}, name.endsWith('open') ? [sent] : []).state.exists).toMatchObject(exists);
  });
});

test('what there is counts the tasks of a clean-up, and the calls that a forward callback has made', () => {
  const run = { index: 0, attempt: 1 };
  const called = [{ callback: 'start', host: 'h1', verb: 'attach' }] as const;
  const life = Held.steps({ hasBeforeRetry: true, retry: { ...ONCE, attempts: 2 } }).on({ type: 'started', run, work: [task('copy')], called }).ended(badly(261)).due();
  life.on({ type: 'prepared', run: { ...run, task: 'c1$0.w1.2.0' }, work: [request('tidy'), request('trim')], sent: false });
  life.on({ type: 'workEnded', id: 'c1$0.w1.2.0.r1.1.0', outcome: WELL }).parks('STORE_ROLLED_BACK').acts('abandon');
  expect(life.state.exists).toMatchObject([{ calls: called, tasks: [{ verb: 'copy', outcome: badly(261) }, { verb: 'tidy', outcome: WELL }, { verb: 'trim', outcome: { kind: 'unknown' } }] }]);
});

test('what there is does not count a task that was refused, or is known not to have been sent', () => {
  const life = Held.steps({}).started(task('a'), task('b')).ended({ kind: 'refused', code: 261, message: 'no' }, 0).ended({ kind: 'notSent' }, 1).throws();
  expect(life.acts('abandon').state.exists).toMatchObject([{ index: 0, why: 'failed', tasks: [] }]);
});

test('what there is counts a task that waits for its next attempt, as its last one left it', () => {
  const life = Held.steps({ retry: { ...ONCE, attempts: 2 } }).started(task('copy')).ended(badly(261)).parks().acts('abandon');
  expect(life.state.exists).toMatchObject([{ tasks: [{ id: 'c1$0.w1.1.0', outcome: badly(261) }] }]);
});

test('a child of an older store\'s command that has ended keeps its end', () => {
  const life = Held.steps({}).started(dependent('A'), task('copy')).ended(WELL, 0).parks('STORE_ROLLED_BACK').acts('abandon');
  expect(life.stepAt(0).work.map(({ outcome }) => outcome)).toEqual([WELL, { kind: 'unknown' }]);
});

describe('skip and resolve', () => {
  test.each([
    ['skip', 'skipped', 'skipped'],
    ['resolve', 'resolved', 'completed'],
  ] as const)('%s of the step that it is stuck in: it goes on with the next, and ends closed by an operator', (action, closed, why) => {
    const life = stuckInTask().acts(action);
    expect([life.status, life.calls.at(-1), life.stepAt(0)]).toMatchObject(['RUNNING', 'start 1', { completed: true, closed }]);
    expect(life.passes()).toMatchObject({ status: 'CLOSED_BY_OPERATOR', state: { exists: [{ index: 0, why }, { index: 1, why: 'completed' }] } });
  });

  test('resolve gives the step the output that the operator says', () => {
    expect(stuckInEnd().acts('resolve', { output: { disk: 'd2' } }).stepAt(0).output).toEqual({ disk: 'd2' });
    expect('output' in stuckInEnd().acts('resolve').stepAt(0)).toBe(false);
  });

  test('of the step whose undo has failed: the earlier ones, no longer blocked, are undone', () => {
    const life = incomplete().acts('skip');
    expect([life.status, life.calls.at(-1), life.undos]).toEqual(['ROLLING_BACK', 'compensate 0', [undefined, 'skipped', undefined]]);
    expect(life.compensates()).toMatchObject({ status: 'CLOSED_BY_OPERATOR', state: { exists: [{ index: 1, why: 'skipped' }] } });
  });

  test('of all that has failed, where every step has had its turn', () => {
    const life = incomplete({ onUndoFailed: 'continue' }).compensates();
    expect([life.status, life.state.phase]).toEqual(['ROLLBACK_INCOMPLETE', { at: 'held', from: null }]);
    expect(life.acts('resolve')).toMatchObject({ status: 'CLOSED_BY_OPERATOR', undos: ['compensated', 'resolved', undefined], state: { exists: [] } });
  });
});

test('abandon ends it as it is, lists what there is of it, and gives up what was sent', () => {
  const life = incomplete();
  const { fence } = life.state;
  life.acts('abandon');
  expect([life.status, life.asked, life.state.fence]).toEqual(['CLOSED_BY_OPERATOR', ['end'], fence + 1]);
  expect(life.state.exists.map(({ index, why }) => [index, why])).toEqual([[0, 'blocked'], [1, 'failed']]);
});

test('a task of a clean-up may still be under way, and cannot be left behind either', () => {
  const retry = { attempts: 2, backoffMs: 0, maxBackoffMs: 0 };
  const life = Held.steps({ hasBeforeRetry: true, retry }).started(task('copy')).ended(badly(261)).due();
  const preparing: CommandState = life.state;
  expect(life.parks().refuses('abandon')).toBeNull();
  life.state = preparing;
  life.on({ type: 'prepared', run: { index: 0, attempt: 1, task: 'c1$0.w1.2.0' }, work: [request('tidy')], sent: false }).parks();
  expect(life.refuses('abandon')).toBe('task c1$0.w1.2.0.r1.1.0 (tidy) is not over; possible: retry');
});
