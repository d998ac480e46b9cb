import { describe, expect, test } from 'vitest';
import { cleanUpRefusal } from '../../../src/flow/before-retry.js';
import type { FlowEvent, StagedWork } from '../../../src/flow/event.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import { outstandingWork } from '../../../src/flow/work.js';
import { recover } from '../../../src/flow/transition.js';
import type { ErrorRecord } from '../../../src/model/errors.js';
import type { Outcome } from '../../../src/model/outcome.js';
import type { TaskRequest } from '../../../src/model/task.js';
import { badly, child, dependent, ERROR, Life, request, step, STOPPED, task, UNANSWERED, WELL } from './life.js';

const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };
const CLEANS = { hasBeforeRetry: true, retry: THRICE } as const;
const NEXT = 'c1$0.w1.2.0';

/** A command of one step, and what happens to the clean-ups of its tasks. */
class Cleaning extends Life {
  static in(traits: Partial<HandlerShape> = {}, ...work: readonly StagedWork[]): Cleaning {
    const life = new Cleaning([step('copy', { ...CLEANS, ...traits })]);
    life.on({ type: 'locksGranted' });
    life.started(...(work.length === 0 ? [task('copy')] : work));
    return life;
  }

  /** The task of this ordinal has failed, and its back-off is over. */
  fails(ordinal = 0, outcome: Outcome = badly(261)): this {
    this.on({ type: 'workEnded', id: this.item(ordinal).id, outcome });
    this.now += 1_000_000;
    return this.due(ordinal);
  }

  ref(ordinal = 0) {
    const item = this.item(ordinal);
    const attempt = item.kind === 'task' && item.cleanUp?.at === 'callback' ? item.cleanUp.attempt : 0;
    return { index: 0, attempt, task: item.id };
  }

  prepares(ordinal = 0, ...work: readonly TaskRequest[]): this {
    return this.on({ type: 'prepared', run: this.ref(ordinal), work, sent: false });
  }

  cleaningThrows(error: ErrorRecord = ERROR, ordinal = 0): this {
    return this.on({ type: 'beforeRetryThrew', run: this.ref(ordinal), error, sent: true });
  }

  cleanUpEnds(id: string, outcome: Outcome = WELL): this {
    return this.on({ type: 'workEnded', id, outcome });
  }

  outcomes(): readonly (string | undefined)[] {
    return this.stepAt(0).work.map(({ outcome }) => outcome?.kind);
  }
}

describe('before the next attempt of a task', () => {
  test('its back-off comes first, then beforeRetry, then its tasks, then the placeholder', () => {
    const life = Cleaning.in().fails();
    expect(life.asked).toEqual([`beforeRetry ${NEXT}`]);
    life.prepares(0, request('remove'), request('trim'));
    expect(life.asked).toEqual([`placeTask ${NEXT}.r1.1.0`, `placeTask ${NEXT}.r1.1.1`]);
    life.cleanUpEnds(`${NEXT}.r1.1.1`);
    expect(life.asked).toEqual([`consumeTask ${NEXT}.r1.1.1`]);
    life.cleanUpEnds(`${NEXT}.r1.1.0`);
    expect(life.asked).toEqual([`consumeTask ${NEXT}.r1.1.0`, `placeTask ${NEXT}`]);
    life.on({ type: 'workEnded', id: NEXT, outcome: WELL });
    expect([life.asked, life.stepAt(0).work.map((item) => (item.kind === 'task' ? item.cleanedUp?.map(({ verb }) => verb) : null))]).toEqual([[`consumeTask ${NEXT}`, 'endSuccessfully 0'], [['remove', 'trim']]]);
  });

  test('without clean-up tasks it is placed at once', () => {
    expect(Cleaning.in().fails().prepares().asked).toEqual([`placeTask ${NEXT}`]);
  });

  test('a handler that has none has its task placed at once', () => {
    expect(Cleaning.in({ hasBeforeRetry: false }).fails().asked).toEqual([`placeTask ${NEXT}`]);
  });

  test('a completion for the attempt that is not placed yet changes nothing', () => {
    expect(Cleaning.in().fails().ignores({ type: 'workEnded', id: NEXT, outcome: WELL })).toBe(true);
  });

  test('each further attempt has a clean-up of its own', () => {
    const life = Cleaning.in().fails().prepares(0).fails();
    expect([life.asked, life.ref()]).toEqual([['beforeRetry c1$0.w1.3.0'], { index: 0, attempt: 1, task: 'c1$0.w1.3.0' }]);
  });

  test('siblings, and children of either kind, run on beside it, and it beside theirs', () => {
    const life = Cleaning.in({}, task('a'), task('b'), child('C'), dependent('D')).fails(0).fails(1);
    life.on({ type: 'childReported', id: life.item(2).id, report: { is: 'ended', outcome: WELL } }).on({ type: 'childReported', id: life.item(3).id, report: { is: 'held', status: 'STUCK', error: ERROR } });
    expect(life.status).toBe('STUCK');
    // The child holds the parent, and not its other work.
    life.prepares(1, request('remove')).prepares(0).cleanUpEnds('c1$0.w1.2.1.r1.1.0');
    expect(outstandingWork(life.state).items.map((item) => item.kind === 'task' && item.cleanUp)).toEqual([undefined, undefined, false, false]);
  });
});

test('two tasks are cleaned up beside each other, each by its own tasks', () => {
  const life = Cleaning.in({}, task('a'), task('b')).fails(0).fails(1).prepares(0, request('tidy')).prepares(1, request('trim'));
  expect(life.cleanUpEnds('c1$0.w1.2.1.r1.1.0').asked).toEqual(['consumeTask c1$0.w1.2.1.r1.1.0', 'placeTask c1$0.w1.2.1']);
  expect(life.cleanUpEnds(`${NEXT}.r1.1.0`).asked).toEqual([`consumeTask ${NEXT}.r1.1.0`, `placeTask ${NEXT}`]);
});

describe('what it throws', () => {
  test('is tried again under the policy of the step, in a new run, and then the task has failed for good', () => {
    const life = Cleaning.in().fails();
    const fence = life.state.fence;
    for (const attempt of [2, 3]) {
      life.cleaningThrows();
      expect([life.ref().attempt, life.state.fence]).toEqual([attempt, fence + attempt - 1]);
    }
    life.cleaningThrows();
    const { state } = life;
    expect([state.status, state.error?.code, life.outcomes(), life.calls.at(-1)]).toEqual(['ROLLING_BACK', 'TASK_FAILED', ['failed'], 'endWithFailure 0']);
    expect(state.error?.causes).toEqual(['the clean-up before its next attempt failed: it threw']);
  });

  test('what the policy does not try again fails the task at once', () => {
    expect(Cleaning.in({ retry: { ...THRICE, retryIf: { except: { codes: ['CALLBACK_THREW'] } } } }).fails().cleaningThrows().outcomes()).toEqual(['failed']);
  });

  test('stops the siblings when it has failed for good', () => {
    const life = Cleaning.in({ retry: { ...THRICE, attempts: 2 } }, task('a'), task('b')).fails(0).cleaningThrows().cleaningThrows();
    expect(life.asked).toEqual(['stopTask c1$0.w1.1.1']);
  });

  test('its calls may have had effects, of which a step without endWithFailure says so', () => {
    const life = Cleaning.in({ hasEndWithFailure: false, retry: { ...THRICE, attempts: 2 } });
    life.on({ type: 'workEnded', id: life.item().id, outcome: { kind: 'refused', code: 261, message: 'no' } });
    life.now += 1_000_000;
    expect(life.due().cleaningThrows().cleaningThrows().status).toBe('ROLLBACK_INCOMPLETE');
  });
});

describe('a clean-up task that fails', () => {
  test('is tried again without a clean-up of its own, and then the task has failed for good', () => {
    const life = Cleaning.in().fails().prepares(0, request('remove'));
    for (const attempt of [1, 2]) {
      life.cleanUpEnds(`${NEXT}.r1.${attempt}.0`, badly(300));
      expect(life.asked.at(-1)).toMatch(`${NEXT}.r1.${attempt + 1}.0`);
      life.on({ type: 'retryDue', id: `${NEXT}.r1.${attempt + 1}.0` });
      expect(life.asked).toEqual([`placeTask ${NEXT}.r1.${attempt + 1}.0`]);
    }
    life.cleanUpEnds(`${NEXT}.r1.3.0`, badly(300));
    expect([life.status, life.outcomes(), life.state.error?.hostCode, life.state.error?.causes]).toEqual([
      'ROLLING_BACK',
      ['failed'],
      261,
      [`the clean-up before its next attempt failed: task ${NEXT}.r1.3.0 (remove) failed with 300: it failed`],
    ]);
  });

  test('has the others stopped, and awaited', () => {
    const life = Cleaning.in({ retry: { ...THRICE, attempts: 2 } }).fails().prepares(0, request('a'), request('b'));
    life.cleanUpEnds(`${NEXT}.r1.1.0`, { kind: 'aborted', reason: 'zombie' });
    expect([life.status, life.asked]).toEqual(['RUNNING', [`consumeTask ${NEXT}.r1.1.0`, `stopTask ${NEXT}.r1.1.1`]]);
    expect(life.cleanUpEnds(`${NEXT}.r1.1.1`, STOPPED).status).toBe('ROLLING_BACK');
  });

  test('leaves the others alone where the step is to be brought to its end in any case, or may have to be', () => {
    const crossing = { pivotPart: 'task', hasCreateTask: false, retry: { ...THRICE, attempts: 2 }, undoRetry: { ...THRICE, attempts: 1 } } as const;
    for (const answer of ['passed', 'notPassed'] as const) {
      const life = Cleaning.in(crossing);
      life.on({ type: 'workEnded', id: life.item().id, outcome: badly(261) }).answers(answer).now += 1_000_000;
      life.due().prepares(0, request('a'), request('b')).cleanUpEnds(`${NEXT}.r1.1.0`, { kind: 'aborted', reason: 'zombie' });
      expect(life.asked).toEqual([`consumeTask ${NEXT}.r1.1.0`]);
    }
  });

  test('is put off while the others run on', () => {
    const life = Cleaning.in().fails().prepares(0, request('a'), request('b')).cleanUpEnds(`${NEXT}.r1.1.0`, badly(300));
    life.on({ type: 'retryDue', id: `${NEXT}.r1.2.0` }).cleanUpEnds(`${NEXT}.r1.1.1`);
    expect(life.cleanUpEnds(`${NEXT}.r1.2.0`).asked).toEqual([`consumeTask ${NEXT}.r1.2.0`, `placeTask ${NEXT}`]);
  });

  test('has a declared code for what is so already', () => {
    expect(Cleaning.in().fails().prepares(0, request('remove', [268])).cleanUpEnds(`${NEXT}.r1.1.0`, badly(268)).asked).toEqual([`consumeTask ${NEXT}.r1.1.0`, `placeTask ${NEXT}`]);
  });
});

describe.each([
  ['a cancel', { type: 'cancel' }, 'CANCELLED', 'cancelled'],
  ['the time limit', { type: 'stepTimedOut', index: 0 }, 'STEP_TIMEOUT', 'timeout'],
] as const)('%s', (_name, stop, code, reason) => {
  const limited = { timeoutMs: 60_000 };

  test('refuses the commit of a run under way, and then there is no next attempt', () => {
    const life = Cleaning.in(limited).fails().on(stop);
    expect([life.status, life.ignores({ type: 'prepared', run: life.ref(), work: [], sent: false })]).toEqual(['RUNNING', true]);
    life.cleaningThrows();
    expect([life.status, life.state.error?.code, life.outcomes()]).toEqual(['ROLLING_BACK', code, ['failed']]);
  });

  test('is why that commit is refused', () => {
    const life = Cleaning.in(limited).fails();
    const { shape } = life;
    expect(cleanUpRefusal(shape, life.state, life.ref())).toBeNull();
    life.on(stop);
    expect(cleanUpRefusal(shape, life.state, life.ref())).toMatchObject({ code });
    expect(cleanUpRefusal(shape, life.state, { ...life.ref(), attempt: 7 })).toBeNull();
  });

  test('in the back-off of a run, there is nothing to wait for', () => {
    expect(Cleaning.in(limited).fails().cleaningThrows().on(stop).status).toBe('ROLLING_BACK');
  });

  test('stops clean-up tasks that run, and there is no next attempt though they end well', () => {
    const life = Cleaning.in(limited).fails().prepares(0, request('a'), request('b')).on(stop);
    expect(life.effects).toEqual([0, 1].map((n) => ({ do: 'stopTask', id: `${NEXT}.r1.1.${n}`, reason })));
    life.cleanUpEnds(`${NEXT}.r1.1.0`).cleanUpEnds(`${NEXT}.r1.1.1`, { kind: 'aborted', reason });
    expect([life.status, life.state.error?.code]).toEqual(['ROLLING_BACK', code]);
  });
});

test('a sibling that has failed for good ends it too', () => {
  const life = Cleaning.in({ retry: { ...THRICE, attempts: 2 } }, task('a'), task('b')).fails(0).prepares(0, request('remove'));
  life.fails(1).prepares(1).on({ type: 'workEnded', id: 'c1$0.w1.2.1', outcome: badly(300) });
  expect(life.asked).toEqual(['consumeTask c1$0.w1.2.1', `stopTask ${NEXT}.r1.1.0`]);
  expect(life.cleanUpEnds(`${NEXT}.r1.1.0`).status).toBe('ROLLING_BACK');
});

test('a sibling that has failed for good refuses the commit of a run under way', () => {
  const life = Cleaning.in({ retry: { ...THRICE, attempts: 2 } }, task('a'), task('b')).fails(0);
  life.on({ type: 'workEnded', id: 'c1$0.w1.1.1', outcome: { kind: 'aborted', reason: 'zombie' } });
  expect(cleanUpRefusal(life.shape, life.state, life.ref())).toMatchObject({ code: 'TASK_FAILED', message: `the clean-up before task ${NEXT} was aborted (sibling)` });
});

describe('a run of beforeRetry that is over', () => {
  const late = (life: Cleaning, over: Partial<ReturnType<Cleaning['ref']>>): readonly FlowEvent[] => {
    const run = { ...life.ref(), ...over };
    return [
      { type: 'prepared', run, work: [], sent: false },
      { type: 'beforeRetryThrew', run, error: ERROR, sent: false },
    ];
  };
  test.each<[string, (life: Cleaning) => readonly FlowEvent[]]>([
    ['of an earlier attempt', (life) => late(life, { attempt: 0 })],
    ['of another task', (life) => late(life, { task: 'c1$0.w1.7.0' })],
    ['of a command that has been parked since', (life) => late(life.on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } }), {})],
  ])('%s changes nothing', (_, events) => {
    const life = Cleaning.in().fails();
    for (const event of events(life)) expect(life.ignores(event)).toBe(true);
  });
});

describe('past the point of no return', () => {
  const crossing = { pivotPart: 'task', hasCreateTask: false, retry: { ...THRICE, attempts: 1 }, undoRetry: { ...THRICE, attempts: 2 } } as const;
  const passed = (): Cleaning => {
    const life = Cleaning.in(crossing);
    life.on({ type: 'workEnded', id: life.item().id, outcome: badly(261) });
    life.answers('passed').now += 1_000_000;
    return life.due();
  };

  test('an unanswered call is asked without limit', () => {
    const life = passed();
    for (let n = 0; n < 10; n += 1) life.cleaningThrows(UNANSWERED);
    expect([life.status, life.ref().attempt]).toEqual(['RUNNING', 11]);
  });

  test('one that has failed for good is STUCK; an operator has it run again, with keys that were never used', () => {
    const life = passed().cleaningThrows().cleaningThrows();
    expect([life.status, life.state.heldBy?.causes]).toEqual(['STUCK', ['the clean-up before its next attempt failed: it threw']]);
    life.on({ type: 'operate', request: { action: 'retry', requestId: 'r1' }, unfit: null, called: [] });
    expect([life.status, life.asked, life.ref()]).toEqual(['RUNNING', [`beforeRetry ${NEXT}`], { index: 0, attempt: 3, task: NEXT }]);
  });
});

describe('held', () => {
  const parked = (life: Cleaning, code: 'DEFINITION_CHANGED' | 'NONDETERMINISTIC_CALLBACK' = 'DEFINITION_CHANGED'): Cleaning => life.on({ type: 'parked', error: { ...ERROR, code } });
  const retry = { type: 'operate', request: { action: 'retry', requestId: 'r1' }, unfit: null, called: [] } as const;

  test('a clean-up task that ends meanwhile is noted, and counts later', () => {
    const life = parked(Cleaning.in().fails().prepares(0, request('remove'))).cleanUpEnds(`${NEXT}.r1.1.0`);
    expect([life.status, life.asked]).toEqual(['PARKED', [`consumeTask ${NEXT}.r1.1.0`]]);
    expect(life.on({ type: 'unparked' }).asked).toEqual([`placeTask ${NEXT}`]);
  });

  test('a clean-up task that has failed meanwhile is tried again, under a new fence number', () => {
    const life = parked(Cleaning.in().fails().prepares(0, request('a'), request('b'))).cleanUpEnds(`${NEXT}.r1.1.0`, badly(300));
    const { fence } = life.state;
    life.on({ type: 'unparked' });
    expect([life.status, life.asked, life.state.fence]).toEqual(['RUNNING', [`retryAt ${life.now + 1_000_000} ${NEXT}.r1.2.0`], fence + 1]);
  });

  test('a task whose clean-up has failed for good is not tried again', () => {
    const life = Cleaning.in({}, task('a'), task('b')).fails(0).cleaningThrows().cleaningThrows().cleaningThrows();
    expect([life.outcomes(), life.asked]).toEqual([['failed', undefined], ['stopTask c1$0.w1.1.1']]);
    parked(life).on({ type: 'unparked' });
    expect([life.status, life.outcomes(), life.asked]).toEqual(['RUNNING', ['failed', undefined], ['stopTask c1$0.w1.1.1']]);
  });

  test('what is abandoned of an older store: a run that is due adds nothing to what its task has done, a task that runs may have done anything', () => {
    const OLDER = { ...ERROR, code: 'STORE_ROLLED_BACK' };
    const abandon = { ...retry, request: { action: 'abandon', requestId: 'r1' } } as const;
    const left = (life: Cleaning): unknown => life.on({ type: 'parked', error: OLDER }).on(abandon).state.exists[0]?.tasks.map(({ id, outcome }) => [id, outcome.kind]);
    const due = Cleaning.in().fails();
    expect([left(due), due.asked]).toEqual([[['c1$0.w1.1.0', 'failed']], ['end']]);
    const beside = Cleaning.in({}, task('a'), task('b')).fails(0);
    expect(left(beside)).toEqual([['c1$0.w1.1.0', 'failed'], ['c1$0.w1.1.1', 'unknown']]);
    const tidying = Cleaning.in().fails().prepares(0, request('tidy'), request('trim')).cleanUpEnds(`${NEXT}.r1.1.0`);
    expect([left(tidying), tidying.asked]).toEqual([[['c1$0.w1.1.0', 'failed'], [`${NEXT}.r1.1.0`, 'succeeded'], [`${NEXT}.r1.1.1`, 'unknown']], [`consumeTask ${NEXT}.r1.1.1`, 'end']]);
  });

  test('and let go on, a clean-up whose tasks run, or have ended well, gives nothing up: the fence does not grow', () => {
    const life = Cleaning.in().fails().prepares(0, request('a'), request('b'));
    const { fence } = life.state;
    parked(life).on({ type: 'unparked' });
    parked(life).cleanUpEnds(`${NEXT}.r1.1.0`).cleanUpEnds(`${NEXT}.r1.1.1`).on({ type: 'unparked' });
    expect([life.asked, life.state.fence]).toEqual([[`placeTask ${NEXT}`], fence]);
  });

  test('one that runs stands in the way of an abandon', () => {
    const life = parked(Cleaning.in().fails().prepares(0, request('remove')));
    expect(life.ignores({ ...retry, request: { action: 'abandon', requestId: 'r1' } })).toBe(true);
  });

  test('a run is the same one afterwards, on its own record, even one that did not repeat itself', () => {
    expect(parked(Cleaning.in().fails()).on(retry).ref().attempt).toBe(1);
    expect(parked(Cleaning.in().fails(), 'NONDETERMINISTIC_CALLBACK').on(retry).ref().attempt).toBe(1);
  });
});

test.each([
  ['a run that is due', (life: Cleaning) => life.fails(), [{ do: 'runBeforeRetry' }]],
  ['a clean-up task that runs', (life: Cleaning) => life.fails().prepares(0, request('remove')), []],
  ['one that was asked to stop', (life: Cleaning) => life.fails().prepares(0, request('remove')).on({ type: 'cancel' }), [{ do: 'stopTask' }]],
  ['one in back-off', (life: Cleaning) => life.fails().prepares(0, request('remove')).cleanUpEnds(`${NEXT}.r1.1.0`, badly(300)), [{ do: 'retryAt' }]],
] as const)('a recovered engine goes on with %s', (_name, come, owed) => {
  expect(recover(come(Cleaning.in()).state)).toEqual(owed.map((effect) => expect.objectContaining(effect)));
});
