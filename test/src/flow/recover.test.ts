import { describe, expect, test } from 'vitest';
import { IllegalTransition } from '../../../src/flow/step.js';
import { recover } from '../../../src/flow/transition.js';
import { badly, child, Life, LOST, request, step, task, WELL } from './life.js';

const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

describe('a recovered engine', () => {
  test('asks for the locks of a command that has none yet', () => {
    expect(recover(new Life([step('one')]).state)).toEqual([{ do: 'acquireLocks' }]);
  });

  test.each<[string, Life]>([
    ['the first callback', Life.of(step('one'))],
    ['one in back-off', Life.of(step('one', { retry: THRICE })).throws()],
    ['endSuccessfully', Life.of(step('one')).started(task('a')).ended(WELL)],
    ['endWithFailure', Life.of(step('one')).throws()],
    ['compensate', Life.of(step('one'), step('two', { hasEndWithFailure: false })).passes().throws()],
    ['hasPassed', Life.of(step('one', { pivotPart: 'beforeTask' })).crosses().throws()],
  ])('runs the callback that was due, with the same attempt and due time: %s', (_, life) => {
    expect(recover(life.state)).toEqual(life.effects.filter((effect) => effect.do === 'runCallback'));
    expect(recover(life.state)).toHaveLength(1);
  });

  test('owes nothing for tasks and children that are under way: they have records of their own', () => {
    expect(recover(Life.of(step('one')).started(task('a'), child('A')).state)).toEqual([]);
  });

  test('places a task in back-off when it is due, and not before', () => {
    const life = Life.of(step('one', { retry: THRICE })).started(task('a'), task('b')).ended(LOST, 0);
    expect(recover(life.state)).toEqual(life.effects.filter((effect) => effect.do === 'retryAt'));
    life.due(0);
    expect(recover(life.state)).toEqual([]);
  });

  test('stops what it was asked to stop, also for a held command', () => {
    const life = Life.of(step('one')).started(task('a'), task('b')).ended(badly(261), 0);
    const stops = [{ do: 'stopTask', id: 'c1$0.w1.1.1', reason: 'sibling' }];
    expect(recover(life.state)).toEqual(stops);
    life.on({ type: 'parked', error: { code: 'DEFINITION_CHANGED', message: '', retryable: false, causes: [] } });
    expect(recover(life.state)).toEqual(stops);
  });

  test('places a revert task in back-off', () => {
    const life = Life.of(step('one')).throws().cleansUp(request('remove')).ended(LOST);
    expect(recover(life.state)).toEqual(life.effects.filter((effect) => effect.do === 'retryAt'));
  });

  test('owes nothing to what is over', () => {
    expect(recover(Life.of(step('one')).passes().state)).toEqual([]);
  });

  test('refuses a state that no command can be in', () => {
    expect(() => recover({ ...Life.of(step('one')).passes().state, status: 'RUNNING' })).toThrow(IllegalTransition);
  });
});
