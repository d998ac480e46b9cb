import { describe, expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import { isStillSettled, settledAt } from '../../../src/flow/settled.js';
import type { SettledAt } from '../../../src/flow/state.js';
import { ERROR, Life, step } from './life.js';

// What was asked of hosts about calls that nobody has answered is worth something as long as nothing else has left since.

const parked = (): Life => Life.of(step('one')).on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } });
const retry = (requestId: string, settled: SettledAt | null): FlowEvent => ({ type: 'operate', request: { requestId, action: 'retry' }, unfit: null, called: [], settled });

describe('calls that nobody has answered', () => {
  test('are given up under a new fence number, unless the command is over', () => {
    const life = Life.of(step('one'));
    const { fence } = life.state;
    expect(life.on({ type: 'callsGivenUp' }).state.fence).toBe(fence + 1);
    expect(life.passes().ignores({ type: 'callsGivenUp' })).toBe(true);
  });

  test('are settled for the fence number, and the operator\'s actions, that they were asked about under', () => {
    const life = parked();
    const settled = settledAt(life.state);
    expect([isStillSettled(life.state, settled), life.ignores({ type: 'callsSettled', settled })]).toEqual([true, false]);
    life.on(retry('r1', settled));
    expect([isStillSettled(life.state, settled), life.ignores({ type: 'callsSettled', settled })]).toEqual([false, true]);
  });

  test('let an operator act only as long as that holds', () => {
    const life = parked();
    const settled = settledAt(life.state);
    expect(life.ignores(retry('r1', { ...settled, fence: settled.fence - 1 }))).toBe(true);
    expect(life.ignores(retry('r1', { ...settled, actions: settled.actions + 1 }))).toBe(true);
    expect(life.on(retry('r1', settled)).status).toBe('RUNNING');
  });
});
