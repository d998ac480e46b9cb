import { describe, expect, test } from 'vitest';
import { existsOfFamily } from '../../../src/flow/family-exists.js';
import type { CommandState } from '../../../src/flow/state.js';
import { dependent, ERROR, Life, step, submittedChild, WELL } from './life.js';

const ABANDON = { type: 'operate', request: { requestId: 'r', action: 'abandon' }, unfit: null, called: [] } as const;
const PARKED = { type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } } as const;

/** Two completed children, and held behind them. */
const held = (): Life => Life.of(step('kids'), step('more')).started(dependent('A'), dependent('B')).ended(WELL, 0).ended(WELL, 1).ends().on(PARKED);
const done = (): CommandState => submittedChild(step('only')).on({ type: 'locksGranted' }).passes().state;
const undone = (): CommandState => submittedChild(step('only')).on({ type: 'locksGranted' }).passes().on({ type: 'rollBack', error: ERROR }).compensates().state;
const rejected = (): CommandState => submittedChild(step('only')).on({ type: 'locksRefused', error: ERROR }).state;
const closed = (): CommandState => submittedChild(step('only'), step('next')).on({ type: 'locksGranted' }).passes().on(PARKED).on(ABANDON).state;

/** Ids of the commands that something is told of, with the steps. */
const told = (life: Life, children: { readonly [id: string]: CommandState }): readonly string[] =>
  existsOfFamily(life.state, (id) => (children[id] === undefined ? undefined : { ...children[id], id })).map(({ commandId, handler, why }) => `${commandId} ${handler} ${why}`);

describe('what there is of a family', () => {
  test.each<[string, CommandState | undefined, readonly string[]]>([
    ['a completed child: all that it did', done(), ['c1!0.1.0 only completed']],
    ['one that is rolled back: nothing', undone(), []],
    ['one that was never begun: nothing', rejected(), []],
    ['one that an operator has closed: what that listed', closed(), ['c1!0.1.0 only completed']],
    ['one of which there is no record any more: nothing', undefined, []],
  ])('counts %s', (_, child, expected) => {
    const children = child === undefined ? {} : { 'c1!0.1.0': child };
    expect(told(held(), children)).toEqual(['c1 kids completed', ...expected]);
    expect(told(held().on(ABANDON), children)).toEqual(['c1 kids completed', ...expected]);
  });

  test('is told of held and closed commands alone', () => {
    expect(told(Life.of(step('kids')).started(dependent('A')), { 'c1!0.1.0': done() })).toEqual([]);
  });
});
