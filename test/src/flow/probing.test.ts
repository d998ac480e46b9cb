import { describe, expect, it } from 'vitest';
import type { FlowEvent } from '../../../src/flow/event.js';
import { beingProbed, isAskedAbout } from '../../../src/flow/probing.js';
import type { HandlerShape } from '../../../src/flow/shape.js';
import { recover } from '../../../src/flow/transition.js';
import type { ProbeAnswer } from '../../../src/model/handler.js';
import { badly, child, ERROR, Life, request, step, task, UNANSWERED } from './life.js';

const ID = 'c1$0.w1.1.0';
const NEXT = 'c1$0.w1.2.0';

/** A command of one step, of whose tasks hosts cannot tell what became. */
class Asking extends Life {
  static in(traits: Partial<HandlerShape> = {}, ...more: readonly ReturnType<typeof task>[]): Asking {
    const life = new Asking([step('copy', { hasProbe: true, ...traits })]);
    life.on({ type: 'locksGranted' });
    life.started(task('copy'), ...more);
    return life;
  }

  unresolved(id = ID, of: 'unanswered' | 'lost' = 'unanswered'): this {
    return this.on({ type: 'workUnresolved', id, of });
  }

  tells(answer: ProbeAnswer, task = ID, attempt = 1): this {
    return this.on({ type: 'probed', run: { index: 0, task, attempt }, answer });
  }

  probeThrows(error = ERROR, attempt = 1): this {
    return this.on({ type: 'probeThrew', run: { index: 0, task: ID, attempt }, error });
  }

  outcome(): string | undefined {
    return this.stepAt(0).work[0]?.outcome?.kind;
  }
}

describe('a task of which no host can tell', () => {
  it('is asked about, and so it is again after a crash', () => {
    const life = Asking.in().unresolved();
    expect(life.asked).toEqual([`probe ${ID}`]);
    expect(recover(life.state).map((effect) => effect.do)).toEqual(['runProbe']);
    expect([isAskedAbout(life.state, ID), isAskedAbout(life.state, NEXT)]).toEqual([true, false]);
  });

  it.each([
    ['unanswered', 'unknown'],
    ['lost', 'lost'],
  ] as const)('and its handler has no probe: %s, it ends as %s', (of, outcome) => {
    expect(Asking.in({ hasProbe: false }).unresolved(ID, of).outcome()).toBe(outcome);
  });

  it.each([
    ['unanswered', 'done', 'succeeded'],
    ['unanswered', 'cannotTell', 'unknown'],
    ['lost', 'done', 'succeeded'],
    ['lost', 'cannotTell', 'lost'],
  ] as const)('%s, and the answer is %s: it ends as %s', (of, answer, outcome) => {
    const life = Asking.in().unresolved(ID, of).tells(answer);
    expect([life.outcome(), life.asked[0]]).toEqual([outcome, `consumeTask ${ID}`]);
  });

  it('is submitted anew, under another id and as no failure, if nothing of it is there', () => {
    const life = Asking.in().unresolved().tells('notDone');
    expect(life.asked).toEqual([`consumeTask ${ID}`, `placeTask ${NEXT}`]);
    expect(life.stepAt(0).work[0]).toMatchObject({ id: NEXT, attempt: 2, failures: 0, outcome: null, past: [{ id: ID, outcome: { kind: 'notSent' } }] });
    expect(life.stepAt(0).work[0]).not.toHaveProperty('probing');
  });

  it.each([
    ['unanswered', 'notSent'],
    ['lost', 'lost'],
  ] as const)('is not submitted anew if nobody wants it any more: %s, it ends as %s', (of, outcome) => {
    const life = Asking.in().unresolved(ID, of).on({ type: 'cancel' });
    expect(life.outcome()).toBeUndefined();
    expect(life.tells('notDone').outcome()).toBe(outcome);
  });

  it('is asked about again if the probe throws, and could not be told of when that is exhausted', () => {
    const life = Asking.in({ undoRetry: { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 } }).unresolved().probeThrows();
    expect(beingProbed(life.state)[0]?.probing).toMatchObject({ attempt: 2, failures: 1 });
    expect(life.probeThrows(ERROR, 2).outcome()).toBe('unknown');
  });

  it('is asked about without limit while hosts do not answer', () => {
    const life = Asking.in({ undoRetry: { attempts: 1, backoffMs: 1_000, maxBackoffMs: 1_000 } }).unresolved();
    for (let attempt = 1; attempt < 9; attempt += 1) life.probeThrows(UNANSWERED, attempt);
    expect(beingProbed(life.state)[0]?.probing).toMatchObject({ attempt: 9, failures: 0 });
  });

  it.each<[string, FlowEvent]>([
    ['the same again', { type: 'workUnresolved', id: ID, of: 'lost' }],
    ['an answer of another run', { type: 'probed', run: { index: 0, task: ID, attempt: 2 }, answer: 'done' }],
    ['an error of another run', { type: 'probeThrew', run: { index: 0, task: ID, attempt: 2 }, error: ERROR }],
    ['a task that nobody waits for', { type: 'workUnresolved', id: NEXT, of: 'lost' }],
  ])('%s changes nothing', (_what, event) => {
    expect(Asking.in().unresolved().ignores(event)).toBe(true);
  });

  it('does not hold up the others', () => {
    const life = Asking.in({}, task('grow'));
    life.unresolved().on({ type: 'workEnded', id: 'c1$0.w1.1.1', outcome: { kind: 'succeeded' } });
    expect(life.tells('done').asked).toEqual([`consumeTask ${ID}`, 'endSuccessfully 0']);
  });
});

it('a held command asks when it goes on', () => {
  const life = Asking.in().on({ type: 'parked', error: { ...ERROR, code: 'DEFINITION_CHANGED' } });
  expect(life.unresolved().asked).toEqual([]);
  expect(beingProbed(life.state)).toEqual([]);
  expect(life.on({ type: 'unparked' }).asked).toEqual([`probe ${ID}`]);
});

it('a task that cleans up before a retry is asked about in the same way', () => {
  const life = Asking.in({ hasBeforeRetry: true, retry: { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 } }).on({ type: 'workEnded', id: ID, outcome: badly(261) });
  life.now += 1_000_000;
  life.due();
  life.on({ type: 'prepared', run: { index: 0, attempt: 1, task: NEXT }, work: [request('remove'), request('tidy')], sent: false });
  const cleanUp = `${NEXT}.r1.1.0`;
  expect(life.unresolved(cleanUp).asked).toEqual([`probe ${cleanUp}`]);
  expect(recover(life.state).map((effect) => effect.do)).toEqual(['runProbe']);
  expect(life.tells('notDone', cleanUp).asked).toEqual([`consumeTask ${cleanUp}`, `placeTask ${NEXT}.r1.2.0`]);
  life.on({ type: 'workEnded', id: `${NEXT}.r1.1.1`, outcome: { kind: 'succeeded' } });
  expect(life.unresolved(`${NEXT}.r1.2.0`).tells('done', `${NEXT}.r1.2.0`).asked).toEqual([`consumeTask ${NEXT}.r1.2.0`, `placeTask ${NEXT}`]);
});

it('what undoes is asked about in the same way, beside children that stay', () => {
  const life = Asking.in({}, child('Sub') as ReturnType<typeof task>);
  expect(life.unresolved().asked).toEqual([`probe ${ID}`]);
  expect(life.tells('notDone').asked).toEqual([`consumeTask ${ID}`, `placeTask ${NEXT}`]);
});
