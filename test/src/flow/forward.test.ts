import { describe, expect, test } from 'vitest';
import { child, Life, step, task, WELL } from './life.js';

describe('admission', () => {
  test('begins with the locks, and then with step 0', () => {
    const life = new Life([step('one')]);
    expect([life.status, life.state.fence]).toEqual(['SUBMITTED', 1]);
    life.now = 77;
    life.on({ type: 'locksGranted' });
    expect([life.status, life.state.executionIndex, life.stepAt(0).reachedAt]).toEqual(['RUNNING', 0, 77]);
    expect(life.calls).toEqual(['start 0']);
  });

  test('without the locks nothing has happened', () => {
    const error = { code: 'LOCK_CONFLICT', message: 'taken', retryable: true, causes: [] };
    const life = new Life([step('one')]).on({ type: 'locksRefused', error });
    expect([life.status, life.state.error, life.state.steps, life.asked]).toEqual(['REJECTED', error, [], ['end']]);
  });

  test('is over once', () => {
    const life = Life.of(step('one'));
    expect(life.ignores({ type: 'locksGranted' })).toBe(true);
    expect(life.ignores({ type: 'locksRefused', error: { code: 'LOCK_CONFLICT', message: '', retryable: true, causes: [] } })).toBe(true);
  });
});

describe('forward', () => {
  test('a step without work ends at once', () => {
    const life = Life.of(step('one')).started();
    expect(life.calls).toEqual(['start 0', 'endSuccessfully 0']);
  });

  test('a task is about no entity, has no codes that end it well and may not run twice, unless its handler says so', () => {
    const life = Life.of(step('one')).started({ kind: 'task', request: { verb: 'copy', args: {}, pool: 'pool1' } });
    expect(life.item()).toMatchObject({ entity: null, doneCodes: [], repeatable: false });
  });

  test('a step with a task waits for it, and the task is placed in the commit of its callback', () => {
    const life = Life.of(step('one'), step('two')).started(task('copy'));
    expect(life.asked).toEqual(['placeTask c1$0.w1.1.0']);
    life.ended(WELL);
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.0', 'endSuccessfully 0']);
    life.ends();
    expect([life.state.executionIndex, life.asked]).toEqual([1, ['start 1']]);
  });

  test('a step with several tasks waits for all, in whatever order they end', () => {
    const life = Life.of(step('one')).started(task('a'), child('Child'), task('b'));
    expect(life.asked).toEqual(['placeTask c1$0.w1.1.0', 'startChild c1!0.1.1', 'placeTask c1$0.w1.1.2']);
    life.ended(WELL, 2).ended(WELL, 1);
    expect(life.state.phase).toEqual({ at: 'work', of: 'step' });
    life.ended(WELL, 0);
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.0', 'endSuccessfully 0']);
  });

  test('after the last step the command has succeeded, and asks for nothing but its end', () => {
    const life = Life.of(step('one'), step('two')).passes().passes();
    expect([life.status, life.state.executionIndex, life.state.phase, life.asked]).toEqual(['SUCCEEDED', 2, { at: 'ended' }, ['end']]);
    expect(life.state.error).toBeNull();
  });

  test('keeps what beforeTask and endSuccessfully gave, and no key where they gave nothing', () => {
    const life = Life.of(step('one'), step('two'));
    life.on({ type: 'started', run: life.run, before: { snapshot: 's' }, work: [] }).ends({ size: 3 }).passes();
    expect(life.stepAt(0)).toMatchObject({ before: { snapshot: 's' }, output: { size: 3 }, completed: true });
    expect(Object.keys(life.stepAt(1))).not.toContain('before');
    expect(Object.keys(life.stepAt(1))).not.toContain('output');
  });

  test('the fence does not grow while nothing is given up', () => {
    const life = Life.of(step('one'), step('two')).started(task('a'), task('b')).ended(WELL, 0).ended(WELL, 1).ends().passes();
    expect(life.state.fence).toBe(1);
  });
});
