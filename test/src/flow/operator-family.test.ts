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
