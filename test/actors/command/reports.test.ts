import { describe, expect, test } from 'vitest';
import { failureOf } from '../../../actors/command/reports.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, child, ERROR, Life, LOST, refusedWith, step, task, WELL } from '../../src/flow/life.js';

const TWICE = { attempts: 2, backoffMs: 0, maxBackoffMs: 0 };
const ID = 'c1$0.w1.1.0';

const told = (life: Life, index = 0) => failureOf(life.state, life.stepAt(index));

describe('endWithFailure is told', () => {
  test.each<Outcome>([
    badly(261),
    badly(0, true),
    { kind: 'aborted', reason: 'cancelled' },
    { kind: 'aborted', reason: 'timeout' },
    { kind: 'aborted', reason: 'zombie' },
    { kind: 'aborted', reason: 'sibling' },
    LOST,
    refusedWith(1000),
    { kind: 'notSent' },
    { kind: 'unknown' },
  ])('of a task that it ended as %j', (outcome) => {
    const life = Life.of(step('one')).started(task('copy')).ended(outcome);
    expect(told(life)).toMatchObject({ beforeCommitted: true, error: { code: 'TASK_FAILED' }, work: [{ id: ID, kind: 'task', name: 'copy', outcome, earlier: [] }] });
  });

  test('of each task and child, in the order in which they were started, those that ended well too', () => {
    const failed: Outcome = { kind: 'childFailed', error: ERROR };
    const life = Life.of(step('one')).started(task('a'), child('B'), child('C'), task('d')).ended(LOST, 3).ended(failed, 2).ended(WELL, 1).ended(WELL, 0);
    expect(told(life).work).toMatchObject([
      { kind: 'task', name: 'a', outcome: WELL },
      { kind: 'child', name: 'B', outcome: WELL },
      { kind: 'child', name: 'C', outcome: failed },
      { kind: 'task', name: 'd', outcome: LOST },
    ]);
  });

  test('how the earlier attempts of a task ended, the first one first', () => {
    const life = Life.of(step('one', { retry: TWICE })).started(task('copy')).ended(badly(261)).due().ended(LOST);
    expect(told(life).work).toMatchObject([{ id: 'c1$0.w1.2.0', outcome: LOST, earlier: [badly(261)] }]);
  });

  test('that nothing of beforeTask was committed, where that or createTask threw', () => {
    expect(told(Life.of(step('one')).throws())).toEqual({ beforeCommitted: false, error: ERROR, work: [] });
  });

  test('why its own step failed', () => {
    const life = Life.of(step('zero'), step('one')).passes().throws();
    expect(told(life, 1).error).toEqual(ERROR);
  });
});
