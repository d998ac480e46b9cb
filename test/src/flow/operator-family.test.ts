import { describe, expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import { operatorRefusal } from '../../../src/flow/operator-rules.js';
import { dependent, ERROR, Life, step, WELL } from './life.js';

// What an operator may do with a command that has dependent children.

const OTHER = { code: 'DEFINITION_CHANGED', message: 'another list', retryable: false, causes: [] };
const ABANDON: FlowEvent = { type: 'operate', request: { requestId: 'r', action: 'abandon' }, unfit: 'another list', called: [] };

describe('a command that is parked while its completed child is rolled back', () => {
  const parked = (): Life => Life.of(step('kids'), step('bad')).started(dependent('A')).ended(WELL).ends().throws().cleansUp().on({ type: 'parked', error: OTHER });

  test('cannot be abandoned: its locks would be released under the child', () => {
    const life = parked();
    expect([life.status, life.state.phase]).toEqual(['PARKED', { at: 'held', from: { at: 'children' } }]);
    expect(life.ignores(ABANDON)).toBe(true);
    expect(operatorRefusal(life.state, { requestId: 'r', action: 'abandon' }, 'another list')).toMatch(/^child c1!0.1.0 is to be rolled back, and is not over/);
  });

  test('can be abandoned once that is over', () => {
    const life = parked().reports({ is: 'ended', outcome: { kind: 'childFailed', error: ERROR } });
    expect(life.on(ABANDON).status).toBe('CLOSED_BY_OPERATOR');
  });
});

describe('a child that an operator has closed', () => {
  const held = (): Life => Life.of(step('kids'), step('more')).started(dependent('A')).reports({ is: 'held', status: 'STUCK', error: ERROR });

  test('with all its steps done counts as done: its parent goes on, and is CLOSED_BY_OPERATOR in the end, with all that there is', () => {
    const life = held().reports({ is: 'closed', completed: true, error: ERROR });
    expect([life.status, life.calls.at(-1)]).toEqual(['RUNNING', 'endSuccessfully 0']);
    life.ends().passes();
    expect([life.status, life.asked]).toEqual(['CLOSED_BY_OPERATOR', ['end']]);
    expect(life.state.exists).toMatchObject([{ index: 0, why: 'completed', children: ['c1!0.1.0'] }, { index: 1, why: 'completed' }]);
  });

  test('before that has failed, and so has the step', () => {
    const life = held().reports({ is: 'closed', completed: false, error: ERROR });
    expect(life.calls.at(-1)).toBe('endWithFailure 0');
    expect(life.cleansUp().status).toBe('CLOSED_BY_OPERATOR');
  });
});
