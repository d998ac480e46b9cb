import { describe, expect, it } from 'vitest';
import type { WireMessage } from '../../../actors/wire.js';
import { liveness } from '../../../sim/invariants/liveness.js';
import type { CommandState } from '../../../src/flow/state.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { ThreeSteps } from './definitions.js';
import { ERROR, LEAF, Life } from './life.js';
import { HOST, Watched } from './watched.js';

const LIMITS = { unknownGrace: 1_000, leaseExpiry: 2_000, pollingRate: 10, requestTimeout: 500, fenceGrace: 300 };

/** One command that has placed a task. */
function begun(): Life {
  return new Life(new Watched([ThreeSteps], [liveness], null, LIMITS), ThreeSteps).admitted().returns({ work: [LEAF] });
}

const TASK = 'c1$0.w1.1.0';

function reply(result: object, code = 0): WireMessage {
  return { kind: 'reply', correlation: 'x', from: HOST, incarnation: 1, code, message: '', result: result as never };
}

const ended = (taskResult: string, code: number): object => ({ generation: 1, settled: true, tasks: [{ taskId: TASK, taskState: 'finished', taskResult, code, message: '' }] });

describe('a command may not be held for', () => {
  const held = (change: Partial<CommandState>): readonly string[] => begun().forge({ status: 'STUCK', phase: { at: 'held', from: null }, heldBy: ERROR, error: ERROR, ...change }).run.broken;
  const lost = (outcome: Outcome, repeatable = false): Partial<CommandState> => {
    const { state } = begun();
    const steps = state.steps.map((step) => ({ ...step, work: step.work.map((item) => (item.kind === 'task' ? { ...item, outcome, repeatable } : item)) }));
    return { steps, phase: { at: 'held', from: { at: 'work', of: 'step' } } };
  };

  it.each<[string, Partial<CommandState>, string]>([
    ['a host that is not SPM', { heldBy: { ...ERROR, hostCode: 654 } }, 'a host that answers with 654 says nothing about what it was asked for'],
    ['a host that recovers', { heldBy: { ...ERROR, hostCode: 99 } }, 'a host that answers with 99 says nothing about what it was asked for'],
    ['a full queue', { heldBy: { ...ERROR, hostCode: 9003 } }, 'a host that answers with 9003 says nothing about what it was asked for'],
    ['a call without an answer', { heldBy: { ...ERROR, callUnknown: true } }, 'a call that was not answered is made again until it is'],
    ['a task whose host died', lost({ kind: 'failed', code: 0, message: '', takeOver: true }), 'its host died, and task c1$0.w1.1.0 (createVolume) is done again'],
    ['a task that its host lost', lost({ kind: 'lost' }), 'its host lost it, and task'],
    ['a task that may be repeated', lost({ kind: 'unknown' }, true), 'it may be repeated, and task'],
  ])('%s', (_, change, seen) => {
    expect(held(change).join()).toContain(seen);
  });

  it('while it may be for what healing does not remove', () => {
    expect(held({ heldBy: { ...ERROR, hostCode: 261 } })).toEqual([]);
    expect(held(lost({ kind: 'failed', code: 261, message: '', takeOver: false }))).toEqual([]);
    expect(held(lost({ kind: 'unknown' }))).toEqual([]);
  });

  it('while it may be for a child that is held, which has a cause of its own, whatever failed beside it', () => {
    expect(held({ ...lost({ kind: 'failed', code: 0, message: '', takeOver: true }), heldBy: { ...ERROR, code: 'CHILD_HELD' } })).toEqual([]);
  });
});

describe('a task has ended only as a host has told', () => {
  const FAILED: Outcome = { kind: 'failed', code: 261, message: 'no', takeOver: false };

  it('when it failed', () => {
    const told = begun();
    told.run.monitor.message(told.run.tick(), reply(ended('cleanSuccess', 261)));
    expect(told.ends(FAILED).run.broken).toEqual([]);
    const untold = begun();
    untold.run.monitor.message(untold.run.tick(), reply(ended('cleanSuccess', 5)));
    expect(untold.ends(FAILED).run.broken).toEqual([`liveness c1: it counts task ${TASK} (createVolume) as failed, and nobody has told the engine that it failed with 261`]);
  });

  it('when it was refused; and nobody may be refused for what says nothing about the task', () => {
    const life = begun();
    const { run } = life;
    const step = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } as const;
    run.monitor.message(run.tick(), { kind: 'request', correlation: 'x', from: 'engine', stamp: null, body: { op: 'submitTask', pool: 'pool1', taskId: TASK, verb: 'createVolume', args: {}, step } });
    run.monitor.message(run.tick(), reply({}, 654));
    expect(life.ends({ kind: 'refused', code: 654, message: '' }).run.broken).toEqual([
      `liveness c1: it rolls back because task ${TASK} (createVolume) was refused with 654, which says nothing about the task`,
    ]);
  });
});

describe('how long a command may take', () => {
  const BOUND = 2 * (1_000 + 2_000 + 100) + 500 + 300;
  const end = (life: Life): Life => life.forge({ status: 'SUCCEEDED', phase: { at: 'ended' }, endedAt: life.run.now });

  it('is bounded, and it is said by what', () => {
    const inTime = begun();
    inTime.run.advance(BOUND - 100);
    expect(end(inTime).run.broken).toEqual([]);
    expect(inTime.run.monitor.longest).toMatchObject({ commandId: 'c1', boundUs: { total: BOUND } });
    const late = begun();
    late.run.advance(BOUND + 100);
    expect(end(late).run.broken.join()).toContain(`faults had stopped and it had its locks; it may take ${BOUND} µs (formula 6200, lost 800, backOffs 0, locks 0, polls 0, unresolved 0, others 0)`);
  });

  it('is twice what hosts take for it, and a poll more', () => {
    const life = begun();
    life.run.probe({ type: 'hostTaskAccepted', host: HOST, taskId: TASK, verb: 'createVolume' });
    life.run.advance(50_000);
    life.run.probe({ type: 'hostTaskEnded', host: HOST, taskId: TASK, result: 'success', code: 0 });
    expect(end(life).run.broken).toEqual([]);
    expect(life.run.monitor.longest?.boundUs).toMatchObject({ formula: 6_200 + 2 * 50_001, polls: 10 });
  });

  it('counts from when nothing is down any more, or faults have ended', () => {
    const life = begun();
    life.run.advance(100_000);
    life.run.monitor.healed(life.run.tick());
    life.run.advance(BOUND - 100);
    expect(end(life).run.broken).toEqual([]);
  });
});

it('a run that rests leaves nobody waiting for nothing', () => {
  const life = begun();
  life.run.rest();
  expect(life.run.broken).toEqual([`liveness c1: nothing goes on any more, and c1 is RUNNING at step 0 (first): task ${TASK} (createVolume, Placeholder) is on no host of pool1`]);
});
