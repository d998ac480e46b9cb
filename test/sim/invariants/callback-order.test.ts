import { describe, expect, it } from 'vitest';
import { callbackOrder } from '../../../sim/invariants/callback-order.js';
import { OneWay, ThreeSteps, Told } from './definitions.js';
import { ERROR, LEAF, Life } from './life.js';
import { Watched } from './watched.js';

function begin(definition = ThreeSteps): Life {
  return new Life(new Watched([ThreeSteps, OneWay, Told], [callbackOrder]), definition).admitted();
}

const FAILED = { kind: 'failed', code: 261, message: 'no', takeOver: false } as const;

/** The undo of both steps has failed, each with its revert task, and both handlers have been told; an operator lets them be tried again. */
function undoneAgain(): Life {
  const life = begin(Told).returns().returns().throws().returns({ work: [LEAF] }).ends(FAILED).returns().returns({ work: [LEAF] }).ends(FAILED).returns();
  return life.happens({ type: 'operate', request: { requestId: 'r1', action: 'retry' }, unfit: null, called: [] });
}

describe('callback order: lawful lives', () => {
  const lives: Record<string, () => Life> = {
    'straight through': () => begin().returns().returns().returns({ work: [LEAF] }).ends().returns().returns().returns(),
    'a step that fails, and is undone with the ones before it': () =>
      begin().returns().returns().returns({ work: [] }).returns().returns({ work: [LEAF] }).ends(FAILED).returns({ work: [LEAF] }).ends().returns().returns(),
    'a callback that throws, and is tried again': () => begin().returns().returns().throws().returns().returns().returns().returns(),
    'a completed step that is undone first': () => begin().returns().throws().throws().returns(),
    'a callback that runs again after a crash': () => begin().runs('beforeTask').runs('createTask').runs('beforeTask').runs('createTask').returns().runs('endSuccessfully').returns(),
    'an undo that fails for good': () => [1, 2, 3, 4, 5].reduce((life) => life.throws(), begin().throws()),
    'a task that has crossed the point of no return': () => begin(OneWay).returns({ work: [LEAF] }).ends(FAILED).returns({ answer: 'cannotTell' }).returns({ answer: 'passed' }).returns({ work: [LEAF] }).ends().returns().returns().returns(),
    'a task that has not': () => begin(OneWay).returns({ work: [LEAF] }).ends(FAILED).returns({ answer: 'notPassed' }).returns(),
    'undo work that is done again, of which each handler is told again': () => undoneAgain().ends().returns().ends().returns(),
    'an end that cannot be reached any more': () => [1, 2, 3, 4, 5].reduce((life) => life.throws(), begin(OneWay).returns({ work: [LEAF] }).ends()),
  };

  it.each(Object.entries(lives))('%s', (_, live) => {
    const { run, state } = live();
    expect(run.broken).toEqual([]);
    expect(state.historyLength).toBeGreaterThan(0);
  });

  it('reaches the ends that the lives above are about', () => {
    expect(Object.values(lives).map((live) => live().state.status)).toEqual([
      'SUCCEEDED', 'ROLLED_BACK', 'SUCCEEDED', 'ROLLED_BACK', 'RUNNING', 'ROLLBACK_INCOMPLETE', 'SUCCEEDED', 'ROLLED_BACK', 'ROLLED_BACK', 'STUCK',
    ]);
  });
});

describe('callback order: what is caught', () => {
  const rollingBack = { status: 'ROLLING_BACK', executionReason: 'ROLLBACK_FLOW', error: ERROR } as const;
  /** Steps 0 and 1 are completed, and step 2 has failed and been undone. */
  const undoing = (): Life => begin().returns().returns().returns().returns().throws().returns();

  const unlawful: readonly [string, () => Life, RegExp][] = [
    [
      'a step whose end was left out',
      () => begin().returns().forge({ executionIndex: 1 }).forge({}, [{ index: 1, callback: 'beforeTask' }, { index: 1, callback: 'createTask' }]),
      /beforeTask\(1\) was committed \(ok\) after createTask\(0\) \(ok\); the rules allow endSuccessfully\(0\)/,
    ],
    [
      'an end while work is outstanding',
      () => begin().returns({ work: [LEAF] }).forge({}, [{ index: 0, callback: 'endSuccessfully' }]),
      /endSuccessfully\(0\) was committed .* the rules allow nothing, for work is outstanding/,
    ],
    [
      'a good end of a step whose task failed',
      () => begin().returns({ work: [LEAF] }).ends(FAILED).forge({ status: 'RUNNING' }).forge({}, [{ index: 0, callback: 'endSuccessfully' }]),
      /endSuccessfully\(0\) was committed .* the rules allow endWithFailure\(0\)/,
    ],
    [
      'a callback that is committed twice',
      () => begin().returns().returns().forge({ executionIndex: 0 }).forge({}, [{ index: 0, callback: 'endSuccessfully' }]),
      /endSuccessfully\(0\) was committed \(ok\) after endSuccessfully\(0\) \(ok\); the rules allow beforeTask\(1\)/,
    ],
    [
      'beforeTask without createTask',
      () => begin().forge({}, [{ index: 0, callback: 'beforeTask' }]),
      /beforeTask\(0\) \(ok\) was committed without createTask/,
    ],
    [
      'one attempt more than the policy has',
      () => begin().returns().returns().throws().throws().forge({ status: 'RUNNING', executionIndex: 1 }).forge({}, [{ index: 1, callback: 'beforeTask', attempt: 3, outcome: 'X' }]),
      /beforeTask\(1\) attempt 3 was committed \(X\) after beforeTask\(1\) attempt 2 .* the rules allow compensate\(0\)/,
    ],
    [
      'giving up before the last attempt',
      () => begin().returns().returns().throws().forge(rollingBack),
      /the command is ROLLING_BACK after beforeTask\(1\) \(CALLBACK_THREW\); the rules allow beforeTask\(1\) attempt 2/,
    ],
    [
      'undoing in the wrong order',
      () => undoing().forge({ executionIndex: 0 }).forge({}, [{ index: 0, callback: 'compensate' }]),
      /compensate\(0\) was committed \(ok\) after endWithFailure\(2\) \(ok\); the rules allow compensate\(1\)/,
    ],
    [
      'undoing a step that was never reached',
      () => begin().returns().forge({ ...rollingBack, executionIndex: 2 }).forge({}, [{ index: 2, callback: 'compensate' }]),
      /compensate\(2\) was committed/,
    ],
    [
      'an undo done again of which nobody is told',
      () => undoneAgain().ends().forge({ executionIndex: 0 }).forge({}, [{ index: 0, callback: 'compensationEnded', attempt: 2 }]),
      /compensationEnded\(0\) attempt 2 was committed \(ok\) after compensationEnded\(0\) \(ok\); the rules allow compensationEnded\(1\) attempt 2/,
    ],
    [
      'leaving a completed step as it is',
      () => undoing().returns().forge({ status: 'ROLLED_BACK', executionIndex: -1, phase: { at: 'ended' } }),
      /the command is ROLLED_BACK after compensate\(1\) \(ok\); the rules allow compensate\(0\)/,
    ],
    [
      'success before the last step',
      () => begin().returns().returns().forge({ status: 'SUCCEEDED', phase: { at: 'ended' } }),
      /the command is SUCCEEDED after endSuccessfully\(0\) \(ok\); the rules allow beforeTask\(1\)/,
    ],
    [
      'no end after the last undo',
      () => begin().throws().forge({}, [{ index: 0, callback: 'endWithFailure' }]),
      /after endWithFailure\(0\) \(ok\) the command is still ROLLING_BACK, and should be ROLLED_BACK/,
    ],
    [
      'a callback after the end',
      () => begin().throws().returns().forge({}, [{ index: 0, callback: 'compensate' }]),
      /compensate\(0\) was committed \(ok\) while the command is ROLLED_BACK/,
    ],
    [
      'a rollback behind the point of no return',
      () => begin(OneWay).returns({ work: [LEAF] }).ends().throws().forge({ ...rollingBack, phase: { at: 'held', from: null } }),
      /the command is ROLLING_BACK after endSuccessfully\(0\) .*; the rules allow endSuccessfully\(0\) attempt 2 or STUCK/,
    ],
    [
      'a rollback that nobody has asked about where it may have been crossed',
      () => begin(OneWay).returns({ work: [LEAF] }).ends(FAILED).forge(rollingBack),
      /the command is ROLLING_BACK after createTask\(0\) \(ok\); the rules allow hasPassed\(0\)/,
    ],
    [
      'a run of another than the next callback',
      () => begin().returns().runs('createTask'),
      /createTask\(0\) runs after createTask\(0\) \(ok\); the rules allow endSuccessfully\(0\)/,
    ],
    [
      'a run at another step than the durable one',
      () => begin().returns().returns().runs('endSuccessfully', 0),
      /endSuccessfully\(0\) runs while the command is at step 1/,
    ],
    [
      'a commit that is told and is not on disk',
      () => {
        const life = begin();
        life.run.probe({ type: 'callbackCommitted', commandId: 'c1', index: 0, handler: 'first', callback: 'beforeTask', attempt: 1, threw: null });
        return life;
      },
      /beforeTask\(0\) is told to be committed, and is not on disk/,
    ],
    [
      'a failure that is told as a return',
      () => {
        const life = begin().throws();
        life.run.probe({ type: 'callbackCommitted', commandId: 'c1', index: 0, handler: 'first', callback: 'beforeTask', attempt: 1, threw: null });
        return life;
      },
      /beforeTask\(0\) is told to have returned, and is on disk as CALLBACK_THREW/,
    ],
  ];

  it.each(unlawful)('%s', (_, live, message) => {
    expect(live().run.broken).toContainEqual(expect.stringMatching(message));
  });
});
