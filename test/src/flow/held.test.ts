import { describe, expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import { inEpoch } from '../../../src/flow/older-store.js';
import { ERROR, Life, LOST, request, step, task, WELL } from './life.js';

const OTHER = { code: 'DEFINITION_CHANGED', message: 'another list', retryable: false, causes: [] };
const ONCE = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };

describe('a parked command', () => {
  test('keeps its place and says why', () => {
    const life = Life.of(step('one')).started(task('copy'));
    const { phase } = life.state;
    life.on({ type: 'parked', error: OTHER });
    expect([life.status, life.state.phase, life.state.heldBy, life.state.error, life.asked]).toEqual(['PARKED', { at: 'held', from: phase }, OTHER, null, []]);
  });

  test('can be parked while it waits for its locks, in a callback, and during a rollback', () => {
    for (const life of [new Life([step('one')]), Life.of(step('one')), Life.of(step('one')).throws()]) {
      expect(life.on({ type: 'parked', error: OTHER }).status).toBe('PARKED');
    }
  });

  test('still hears how its tasks end, and does not go on', () => {
    const life = Life.of(step('one')).started(task('a'), task('b')).on({ type: 'parked', error: OTHER });
    life.on({ type: 'workEnded', id: 'c1$0.w1.1.0', outcome: LOST });
    expect([life.status, life.asked]).toEqual(['PARKED', ['consumeTask c1$0.w1.1.0']]);
    expect(life.stepAt(0).work.map(({ outcome }) => outcome)).toEqual([LOST, null]);
    life.on({ type: 'workEnded', id: 'c1$0.w1.1.1', outcome: WELL });
    expect([life.status, life.calls]).toEqual(['PARKED', ['start 0']]);
  });

  test('hears how its revert tasks end, too', () => {
    const life = Life.of(step('one')).throws().cleansUp(request('remove')).on({ type: 'parked', error: OTHER });
    life.on({ type: 'workEnded', id: 'c1$0.f1.1.0', outcome: WELL });
    expect([life.status, life.stepAt(0).revertWork[0]?.outcome]).toEqual(['PARKED', WELL]);
  });

  test.each<[string, FlowEvent]>([
    ['its callback ends', { type: 'started', run: { index: 0, attempt: 1 }, work: [] }],
    ['its callback throws', { type: 'threw', callback: 'start', run: { index: 0, attempt: 1 }, error: ERROR, sent: false }],
    ['its locks are granted', { type: 'locksGranted' }],
    ['it is parked again', { type: 'parked', error: OTHER }],
    ['a back-off is over', { type: 'retryDue', id: 'c1$0.w1.1.0' }],
    ['a verb of it is about to leave', { type: 'crossing' }],
  ])('does nothing when %s', (_, event) => {
    expect(Life.of(step('one')).on({ type: 'parked', error: OTHER }).ignores(event)).toBe(true);
  });
});

describe('a command that is held for another reason', () => {
  test('is not parked: it keeps the reason that it has', () => {
    const life = Life.of(step('one', { undoRetry: ONCE })).throws().throws();
    expect(life.status).toBe('ROLLBACK_INCOMPLETE');
    expect(life.ignores({ type: 'parked', error: OTHER })).toBe(true);
  });

  test('and a finished one are not parked', () => {
    expect(Life.of(step('one')).passes().ignores({ type: 'parked', error: OTHER })).toBe(true);
  });
});

describe('what comes late or twice', () => {
  const life = (): Life => Life.of(step('one'), step('two')).started(task('a'), task('b')).ended(WELL, 0);

  test.each<[string, FlowEvent]>([
    ['the end of a task that has ended', { type: 'workEnded', id: 'c1$0.w1.1.0', outcome: LOST }],
    ['the end of a task that nobody knows', { type: 'workEnded', id: 'c1$0.w1.7.0', outcome: WELL }],
    ['a back-off of a task that runs', { type: 'retryDue', id: 'c1$0.w1.1.1' }],
    ['a back-off of nobody', { type: 'retryDue', id: 'x' }],
    ['the callback that placed them', { type: 'started', run: { index: 0, attempt: 1 }, work: [] }],
    ['the end of another step', { type: 'endedSuccessfully', run: { index: 1, attempt: 1 } }],
  ])('%s changes nothing', (_, event) => {
    expect(life().ignores(event)).toBe(true);
  });

  test('the end of a task of the step before changes nothing', () => {
    const next = life().ended(WELL, 1).ends();
    expect(next.ignores({ type: 'workEnded', id: 'c1$0.w1.1.1', outcome: LOST })).toBe(true);
  });

  test('the end of a forward task changes nothing in the rollback', () => {
    const back = Life.of(step('one')).started(task('a')).ended(LOST).cleansUp(request('remove'));
    expect(back.ignores({ type: 'workEnded', id: 'c1$0.w1.1.0', outcome: WELL })).toBe(true);
  });

  test('a callback of another step or attempt changes nothing', () => {
    const at = Life.of(step('one'), step('two')).passes();
    for (const run of [{ index: 0, attempt: 1 }, { index: 1, attempt: 2 }]) {
      expect(at.ignores({ type: 'started', run, work: [] })).toBe(true);
      expect(at.ignores({ type: 'threw', callback: 'start', run, error: ERROR, sent: false })).toBe(true);
    }
  });

  test('a finished command hears of nothing', () => {
    const over = Life.of(step('one')).passes();
    for (const event of [
      { type: 'workEnded', id: 'c1$0.w1.1.0', outcome: WELL },
      { type: 'retryDue', id: 'c1$0.w1.1.0' },
      { type: 'endedSuccessfully', run: { index: 0, attempt: 1 } },
      { type: 'compensated', run: { index: 0, attempt: 1 }, revert: [], residue: [] },
      { type: 'crossing' },
    ] satisfies FlowEvent[]) {
      expect(over.ignores(event)).toBe(true);
    }
  });
});

describe('a command whose store is an older copy', () => {
  const OLDER = { code: 'STORE_ROLLED_BACK', message: 'an older copy', retryable: false, causes: [] };
  const operate = (action: 'abandon' | 'skip'): FlowEvent => ({ type: 'operate', request: { requestId: 'r1', action }, unfit: null, called: [] });

  test('is parked for that, whatever it was parked for before, and then no program lets it go on by itself', () => {
    const life = Life.of(step('one')).on({ type: 'parked', error: OTHER }).on({ type: 'parked', error: OLDER });
    expect([life.status, life.state.heldBy, life.ignores({ type: 'unparked' })]).toEqual(['PARKED', { ...OLDER, causes: ['another list'] }, true]);
  });

  test('is taken up in an epoch of its own: its fence is above all that were used in the commits that are lost', () => {
    expect(inEpoch(Life.of(step('one')).state, 40)).toMatchObject({ epoch: 40, inDoubt: true, fence: 41 });
  });

  test('keeps a reason that waits for an operator anyway', () => {
    const life = Life.of(step('one', { undoRetry: ONCE })).throws().throws();
    expect([life.status, life.ignores({ type: 'parked', error: OLDER })]).toEqual(['ROLLBACK_INCOMPLETE', true]);
  });

  test('can be abandoned while its tasks are not over: nobody may ever tell how they end', () => {
    const life = Life.of(step('one')).started(task('a'), task('b')).on({ type: 'parked', error: OLDER });
    life.on({ type: 'workEnded', id: 'c1$0.w1.1.0', outcome: WELL });
    const { fence } = life.state;
    expect(life.ignores(operate('skip'))).toBe(true);
    life.on(operate('abandon'));
    expect([life.status, life.state.fence, life.asked]).toEqual(['CLOSED_BY_OPERATOR', fence + 1, ['consumeTask c1$0.w1.1.1', 'end']]);
    expect(life.state.exists.flatMap(({ tasks }) => tasks.map(({ outcome }) => outcome))).toEqual([WELL, { kind: 'unknown' }]);
  });

  test('parked for anything else, it cannot', () => {
    expect(Life.of(step('one')).started(task('a')).on({ type: 'parked', error: OTHER }).ignores(operate('abandon'))).toBe(true);
  });
});
