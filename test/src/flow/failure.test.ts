import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.js';
import { badly, ERROR, Life, LOST, refusedWith, request, step, STOPPED, task, UNANSWERED, WELL } from './life.js';

/** At step 2 of three, the two before it completed. */
const atThird = (...traits: Parameters<typeof step>[1][]): Life =>
  Life.of(step('zero', traits[0]), step('one', traits[1]), step('two', traits[2])).passes().passes();

describe('what is called when step 2 fails', () => {
  test.each<[what: string, fails: (life: Life) => Life]>([
    ['a task fails', (life) => life.started(task('copy')).ended(badly(261))],
    ['a task is lost', (life) => life.started(task('copy')).ended(LOST)],
    ['a task is refused', (life) => life.started(task('copy')).ended(refusedWith(1000))],
    ['a task is aborted', (life) => life.started(task('copy')).ended(STOPPED)],
    ['a task was never sent', (life) => life.started(task('copy')).ended({ kind: 'notSent' })],
    ['nobody knows what became of a task', (life) => life.started(task('copy')).ended({ kind: 'unknown' })],
    ['beforeTask or createTask throws', (life) => life.throws()],
    ['a call of beforeTask is not answered', (life) => life.throws(UNANSWERED, true)],
  ])('%s: endWithFailure of the step, then compensate of the earlier ones in reverse', (_, fails) => {
    const life = fails(atThird());
    expect([life.status, life.state.executionReason]).toEqual(['ROLLING_BACK', 'ROLLBACK_FLOW']);
    life.cleansUp().compensates().compensates();
    expect(life.calls.slice(-3)).toEqual(['endWithFailure 2', 'compensate 1', 'compensate 0']);
    expect([life.status, life.state.executionIndex, life.asked]).toEqual(['ROLLED_BACK', -1, ['end']]);
    expect(life.undos).toEqual(['compensated', 'compensated', undefined]);
  });

  test('endSuccessfully throws: the step is completed, and is the first to be compensated', () => {
    const life = atThird().started(task('copy')).ended(WELL).throws();
    expect(life.stepAt(2).completed).toBe(true);
    expect(life.stepAt(2)).not.toHaveProperty('output');
    life.compensates().compensates().compensates();
    expect(life.calls.slice(-3)).toEqual(['compensate 2', 'compensate 1', 'compensate 0']);
    expect([life.status, life.undos]).toEqual(['ROLLED_BACK', ['compensated', 'compensated', 'compensated']]);
  });

  test('the error is the first one, whatever the undo meets later', () => {
    const life = atThird().throws(ERROR);
    life.throws({ ...ERROR, message: 'while cleaning up' });
    expect([life.state.error, life.stepAt(2).failure]).toEqual([ERROR, ERROR]);
  });

  test.each<[Outcome, string, number | undefined]>([
    [badly(261), 'task c1$0.w1.1.0 (copy) failed with 261: it failed', 261],
    [refusedWith(1000), 'task c1$0.w1.1.0 (copy) was refused with 1000: no', 1000],
    [LOST, 'task c1$0.w1.1.0 (copy) was lost by its host', undefined],
    [STOPPED, 'task c1$0.w1.1.0 (copy) was aborted (sibling)', undefined],
    [{ kind: 'unknown' }, 'task c1$0.w1.1.0 (copy) has an unknown outcome', undefined],
  ])('the error names the task and how it ended: %j', (outcome, message, hostCode) => {
    const { error } = Life.of(step('one')).started(task('copy')).ended(outcome).state;
    expect(error).toMatchObject({ code: 'TASK_FAILED', message });
    expect(error?.hostCode).toBe(hostCode);
  });

  test('a step keeps what it began when its work fails, and has not begun when its first callback threw', () => {
    expect(atThird().started(task('copy')).ended(LOST).stepAt(2).begun).toBe(true);
    expect(atThird().throws().stepAt(2).begun).toBe(false);
  });

  test('giving up grows the fence before the first undo leaves', () => {
    const life = atThird();
    const before = life.state.fence;
    expect(life.throws().state.fence).toBeGreaterThan(before);
  });
});

describe('several tasks', () => {
  const failed = (): Life => Life.of(step('one')).started(task('a'), task('b'), task('c')).ended(badly(261), 1);

  test('when one has failed for good, the running ones are stopped, and are awaited', () => {
    const life = failed();
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.1', 'stopTask c1$0.w1.1.0', 'stopTask c1$0.w1.1.2']);
    life.ended(STOPPED, 0);
    expect([life.status, life.calls]).toEqual(['RUNNING', ['start 0']]);
    life.ended(WELL, 2);
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'endWithFailure 0']);
  });

  test('the error is of what failed by itself, not of what was stopped for it', () => {
    const life = failed().ended(STOPPED, 0).ended(STOPPED, 2);
    expect(life.state.error?.message).toContain('task c1$0.w1.1.1 (b) failed with 261');
  });

  test('each is stopped once', () => {
    const life = failed().ended(badly(100), 2);
    expect(life.asked).toEqual(['consumeTask c1$0.w1.1.2']);
  });

  test('one that ended well stays as it is', () => {
    const life = Life.of(step('one')).started(task('a'), task('b')).ended(WELL, 0).ended(LOST, 1);
    expect(life.stepAt(0).work.map(({ outcome }) => outcome?.kind)).toEqual(['succeeded', 'lost']);
  });
});

describe('codes that mean "it is so already"', () => {
  test.each<[Outcome, ends: string]>([
    [badly(268), 'endSuccessfully 0'],
    [refusedWith(268), 'endSuccessfully 0'],
    [badly(201), 'endWithFailure 0'],
    [LOST, 'endWithFailure 0'],
  ])('%j with doneCodes [268]: %s', (outcome, call) => {
    expect(Life.of(step('one')).started(task('deleteImage', [268])).ended(outcome).calls.at(-1)).toBe(call);
  });

  test('hold for revert tasks too', () => {
    const life = Life.of(step('one')).started(task('copy')).ended(LOST).cleansUp(request('deleteImage', [268])).ended(badly(268));
    expect(life.status).toBe('ROLLED_BACK');
  });
});

describe('a step that cannot undo itself', () => {
  test.each<[what: string, fails: (life: Life) => Life]>([
    ['its task may have run', (life) => life.started(task('copy')).ended(LOST)],
    ['a verb of its callback had left', (life) => life.throws(ERROR, true)],
    ['a verb of its committed callback was done, though its task was refused', (life) =>
      life.on({ type: 'started', run: life.run, work: [task('copy')], called: [{ callback: 'start', host: 'host1', verb: 'make' }] }).ended(refusedWith(1000))],
  ])('without endWithFailure, when %s: the rollback stops there', (_, fails) => {
    const life = fails(atThird({}, {}, { hasEndWithFailure: false }));
    expect([life.status, life.state.heldBy?.code, life.undos]).toEqual(['ROLLBACK_INCOMPLETE', 'NOT_UNDOABLE', ['blocked', 'blocked', 'notUndoable']]);
    expect(life.state.error?.code).not.toBe('NOT_UNDOABLE');
  });

  test.each<[what: string, fails: (life: Life) => Life]>([
    ['its task was refused', (life) => life.started(task('copy')).ended(refusedWith(1000))],
    ['its task was never sent', (life) => life.started(task('copy')).ended({ kind: 'notSent' })],
    ['its callback threw before any verb left', (life) => life.throws()],
  ])('without endWithFailure, when %s: there is nothing to undo', (_, fails) => {
    const life = fails(atThird({}, {}, { hasEndWithFailure: false }));
    expect([life.status, life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'compensate 1']);
  });

  test('is passed over if it changes nothing outside', () => {
    const life = atThird({}, {}, { hasEndWithFailure: false, effectFree: true }).started(task('look')).ended(LOST);
    expect(life.calls.at(-1)).toBe('compensate 1');
  });

  test('an earlier attempt that ran counts, though the last was refused', () => {
    const retry = { attempts: 2, backoffMs: 0, maxBackoffMs: 0 };
    const life = Life.of(step('one', { hasEndWithFailure: false, retry })).started(task('copy')).ended(badly(261)).due().ended(refusedWith(1000));
    expect(life.status).toBe('ROLLBACK_INCOMPLETE');
  });
});
