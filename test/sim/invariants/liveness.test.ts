import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import type { WireMessage } from '../../../actors/wire.js';
import type { Nodes } from '../../../sim/invariants/faults-in-force.js';
import { liveness } from '../../../sim/invariants/liveness.js';
import type { Limits } from '../../../sim/invariants/patience.js';
import type { CallRecord } from '../../../src/store/call-record.js';
import type { CommandState } from '../../../src/flow/state.js';
import type { Outcome } from '../../../src/model/outcome.js';
import { ThreeSteps } from './definitions.js';
import { ERROR, LEAF, Life } from './life.js';
import { HOST, POOL, Watched } from './watched.js';

const LIMITS = { unknownGrace: 1_000, leaseExpiry: 2_000, pollingRate: 10, requestTimeout: 500, fenceGrace: 300 };

/** One command that has placed a task. */
function begun(limits: Partial<Limits> = LIMITS, nodes?: Nodes): Life {
  return new Life(new Watched([ThreeSteps], [liveness], null, limits, nodes), ThreeSteps).admitted().returns({ work: [LEAF] });
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
  /** Failing waits for its back-off. */
  const PATIENT = { unknownGrace: 86_400_000_000 };
  const FAILED: Outcome = { kind: 'failed', code: 261, message: 'no', takeOver: false };

  it('when it failed', () => {
    const told = begun(PATIENT);
    told.run.monitor.message(told.run.tick(), reply(ended('cleanSuccess', 261)));
    expect(told.ends(FAILED).run.broken).toEqual([]);
    const untold = begun(PATIENT);
    untold.run.monitor.message(untold.run.tick(), reply(ended('cleanSuccess', 5)));
    expect(untold.ends(FAILED).run.broken).toEqual([`liveness c1: it counts task ${TASK} (createVolume) as failed, and nobody has told the engine that it failed with 261`]);
  });

  it('when it was refused; and nobody may be refused for what says nothing about the task', () => {
    const life = begun(PATIENT);
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
    expect(end(late).run.broken.join()).toContain(`faults had stopped and it had its locks; it may take ${BOUND} µs (formula 6200, lost 800, network 0, backOffs 0, locks 0, polls 0, unresolved 0, others 0)`);
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

describe('a fault that is in force', () => {
  const POOL_OF_TWO: Nodes = { hosts: new Map([[POOL, [HOST, 'host2']]]), canFence: false, cuts: [] };
  const LONG = 100 * 60_000_000;
  const lost = (why: 'nobody' | 'partition' | 'loss', to: string): Probe => ({ type: 'messageLost', from: 'engine', to, op: 'getSpmStatus', why });
  const toHost: CallRecord = {
    commandId: 'c1',
    index: 0,
    callback: 'endSuccessfully',
    attempt: 1,
    reads: [],
    calls: [{ host: 'host2', verb: 'snapshot', args: {}, key: 'k', hostIncarnation: 1, reply: null, reads: 0 }],
  };
  const asks = (run: Watched): void => run.commit({ type: 'call', commandId: 'c1', slot: 'slot', record: toHost });

  /** After these probes, time goes by, and messages are lost on the way to who is out of service. */
  function stalls(probes: readonly Probe[], nodes = POOL_OF_TWO, before: (run: Watched) => void = () => undefined): readonly string[] {
    const { run } = begun(LIMITS, nodes);
    before(run);
    for (const probe of probes) run.probe(probe);
    for (let passed = 0; passed < LONG; passed += LONG / 100) {
      run.advance(LONG / 100);
      run.probe(lost('nobody', 'host2'));
    }
    return run.broken;
  }

  const crashed = (host: string): Probe => ({ type: 'hostCrashed', host, cause: 'a test' });
  const cut = (from: string, to: string | null, oneWay = false): Probe => ({ type: 'partitionBegan', from, to, oneWay });
  const LATE = [expect.stringMatching(/^liveness c1: c1 is RUNNING at step 0 \(first\): task .* is on no host of pool1; that is so \d+ µs after faults had stopped/)];

  it.each<[string, readonly Probe[]]>([
    ['a host is down that is not needed', [crashed('host2')]],
    ['the SPM is down, for another could be it', [crashed(HOST)]],
    ['the SPM hangs, for its lease expires', [{ type: 'hostHung', host: HOST, us: LONG * 2 }]],
    ['a host is cut off that is not needed', [cut('host2', null)]],
    ['hosts are cut off from one another', [cut(HOST, 'host2')]],
    ['a host hung that goes on again', [{ type: 'hostHung', host: HOST, us: 1 }, { type: 'hostHung', host: 'host2', us: 1 }]],
    ['the engine stood still, and goes on again', [{ type: 'enginePaused', us: 1 }]],
    ['a host was on its way to be the SPM, and has given up', [{ type: 'spmRoleChanged', pool: POOL, host: 'host2', role: 'Contend' }, { type: 'spmRoleChanged', pool: POOL, host: 'host2', role: 'Free' }]],
    ['a host was on its way to be the SPM, and has died', [{ type: 'spmRoleChanged', pool: POOL, host: 'host2', role: 'Contend' }, crashed('host2')]],
    ['a partition is over', [cut('engine', null), { type: 'partitionEnded', from: 'engine', to: null }]],
  ])('excuses nobody: %s', (_, probes) => {
    expect(stalls(probes)).toEqual(LATE);
  });

  it.each<[string, readonly Probe[]]>([
    ['the engine is down', [{ type: 'engineCrashed', cause: 'a test' }]],
    ['the engine stands still', [{ type: 'enginePaused', us: LONG * 2 }]],
    ['all hosts of the pool are down', [crashed(HOST), crashed('host2')]],
    ['the engine is cut off from all', [cut('engine', null)]],
    ['the SPM is cut off, alive, and nobody can fence it', [cut(HOST, 'engine', true)]],
    ['a host is on its way to be the SPM', [crashed(HOST), { type: 'spmRoleChanged', pool: POOL, host: 'host2', role: 'Contend' }]],
  ])('stops the time of who needs what it has taken away: %s', (_, probes) => {
    expect(stalls(probes)).toEqual([]);
  });

  it('that a fence agent could end excuses nobody', () => {
    expect(stalls([cut(HOST, 'engine')], { ...POOL_OF_TWO, canFence: true })).toEqual(LATE);
    expect(stalls([cut(HOST, 'engine'), cut('engine', 'fence-agent')], { ...POOL_OF_TWO, canFence: true })).toEqual([]);
  });

  it('on whose host a task was is time that nobody works on it', () => {
    const accepted: Probe = { type: 'hostTaskAccepted', host: HOST, taskId: TASK, verb: 'createVolume' };
    expect(stalls([accepted])).toEqual([]);
    expect(stalls([accepted, crashed(HOST)])).toEqual(LATE);
    expect(stalls([accepted, { type: 'hostHung', host: HOST, us: LONG * 2 }])).toEqual(LATE);
  });

  it('and was when a run goes on is known', () => {
    expect(stalls([], { ...POOL_OF_TWO, cuts: [{ from: 'engine', to: null, oneWay: false }] })).toEqual([]);
  });

  it('stops the time of who has asked its host for something, until that is there again', () => {
    expect(stalls([crashed('host2')], POOL_OF_TWO, asks)).toEqual([]);
    expect(stalls([{ type: 'callAwaited', commandId: 'c1', host: 'host2', verb: 'snapshot' }, crashed('host2')])).toEqual([]);
    expect(stalls([crashed('host2'), { type: 'hostStarted', host: 'host2', incarnation: 2 }], POOL_OF_TWO, asks)).toHaveLength(1);
  });

  it('ends when all faults do', () => {
    const { run } = begun(LIMITS, POOL_OF_TWO);
    run.probe(cut('engine', null));
    run.advance(LONG);
    run.monitor.healed(run.tick());
    expect(run.broken).toEqual([]);
    run.advance(LONG);
    run.probe(lost('nobody', 'host2'));
    expect(run.broken).toEqual(LATE);
  });
});

describe('a message that is lost by chance', () => {
  const lostOnce = (life: Life, probe: Partial<Probe> = {}): void => life.run.probe({ type: 'messageLost', from: 'engine', to: HOST, op: 'call', why: 'loss', ...probe } as Probe);
  const BOUND = 2 * (1_000 + 2_000 + 100) + 500 + 300;
  const finish = (life: Life): Life => life.forge({ status: 'SUCCEEDED', phase: { at: 'ended' }, endedAt: life.run.now });
  const boundOf = (life: Life): object | undefined => finish(life).run.monitor.longest?.boundUs;

  it('gives one time-out to whose it was', () => {
    const life = begun();
    lostOnce(life, { commandId: 'c1!0.1.0', correlation: 'x' } as Partial<Probe>);
    expect(boundOf(life)).toMatchObject({ total: BOUND + 500, lost: 1_300, network: 0 });
  });

  it('and to all, with a poll, if it was nobody\'s in particular', () => {
    const life = begun();
    lostOnce(life);
    expect(boundOf(life)).toMatchObject({ total: BOUND + 510, lost: 800, network: 510 });
  });

  it('and does not let the time of all begin anew', () => {
    const life = begun();
    for (let i = 0; i < 10; i += 1) {
      life.run.advance(BOUND);
      lostOnce(life, { commandId: 'other' } as Partial<Probe>);
    }
    expect(finish(life).run.broken.join()).toContain('it was SUCCEEDED');
  });

  it('while one that was delayed on purpose gives that much', () => {
    const life = begun();
    life.run.probe({ type: 'messageDelayed', from: 'engine', to: HOST, op: 'call', byUs: 77, commandId: 'c1' });
    expect(boundOf(life)).toMatchObject({ network: 77 });
  });
});

it('a command is overdue before it ends, and that is told once', () => {
  const life = begun();
  life.run.advance(61_000_000);
  life.run.probe({ type: 'hostTaskCleared', host: HOST, taskId: 'any' });
  expect(life.run.broken).toEqual([expect.stringMatching(/^liveness c1: c1 is RUNNING at step 0 .* that is so 61000002 µs after faults/)]);
  life.forge({ status: 'SUCCEEDED', phase: { at: 'ended' }, endedAt: life.run.now });
  expect(life.run.broken).toHaveLength(1);
});

it('a run that rests leaves nobody waiting for nothing', () => {
  const life = begun();
  life.run.rest();
  expect(life.run.broken).toEqual([`liveness c1: nothing goes on any more, and c1 is RUNNING at step 0 (first): task ${TASK} (createVolume, Placeholder) is on no host of pool1`]);
});
