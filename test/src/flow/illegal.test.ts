import { describe, expect, test } from 'vitest';
import { placedTask, withoutNextAttempt } from '../../../src/flow/items.js';
import { answered } from '../../../src/flow/pivot.js';
import { IllegalTransition, shapeAt, stepAt } from '../../../src/flow/step.js';
import { failStep } from '../../../src/flow/undo.js';
import { ownFailure } from '../../../src/flow/work-failure.js';
import type { Phase } from '../../../src/flow/state.js';
import { ERROR, Life, request, step, task } from './life.js';

// What no life leads to. Whoever meets it has found a defect of the engine, or a store that somebody else wrote: it is refused, and nothing is committed.

const AT = { now: 1_000, jitter: 0 };

describe('a state that no life leads to is refused', () => {
  const begun = (): Life => Life.of(step('one')).started(task('copy'));

  test.each<[string, () => unknown]>([
    ['a step that was never reached', () => stepAt(begun().state, 1)],
    ['a step that the definition does not have', () => shapeAt(begun().shape, 1)],
    ['a first attempt of a task that waits as if another had gone before', () => withoutNextAttempt(placedTask(begun().state, 'step', 1, request('copy'), 0))],
    ['work that counts as over, and has not ended', () => ownFailure(begun().stepAt(0).work)],
    [
      'a rollback past the point of no return',
      () => {
        const past = Life.of(step('one', { pivotPart: 'beforeTask' })).crosses().started();
        return failStep(past.shape, past.state, ERROR);
      },
    ],
    [
      'an answer for which nobody asked',
      () => {
        const { shape, state } = Life.of(step('one', { pivotPart: 'beforeTask' }));
        return answered(shape, state, { at: 'callback', callback: 'hasPassed', attempt: 1, failures: 0, notBefore: null }, 'passed', AT);
      },
    ],
  ])('%s', (_, meet) => {
    expect(meet).toThrow(IllegalTransition);
  });

  test.each<[string, Phase | null]>([
    ['nowhere', null],
    ['in being held', { at: 'held', from: null }],
    ['at its end', { at: 'ended' }],
  ])('a command that was parked %s', (_, from) => {
    const life = begun().on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } });
    life.state = { ...life.state, phase: { at: 'held', from } };
    expect(() => life.on({ type: 'unparked' })).toThrow(IllegalTransition);
  });
});
