import { DEFAULT_ENGINE_SETTINGS } from '../../../actors/settings.js';
import { limitsOf } from '../../../sim/invariants/patience.js';
import { describe, expect, it } from 'vitest';
import { INVARIANTS, Monitor } from '../../../sim/invariants/monitor.js';
import type { Violation } from '../../../sim/invariants/invariant.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { commandKey, HEAD_KEY, historyKey, lockRecordKey } from '../../../src/store/keys.js';
import { encodeRecord, FIRST_HEAD } from '../../../src/store/records.js';
import { ThreeSteps } from './definitions.js';
import { LEAF, Life } from './life.js';
import { headOp, HOST, Watched } from './watched.js';
import { performWhole } from '../world/whole-verb.js';

describe('the monitor', () => {
  it('tells of each invariant whether it held, by its name and in the order of their numbers', () => {
    const run = new Watched([ThreeSteps]);
    expect(run.monitor.results()).toEqual(INVARIANTS.map(({ name }) => ({ name, held: true })));
    expect(INVARIANTS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(run.monitor.broken).toBe(false);
  });

  it('reports each breach when it is seen, and sums them up: the first one, and how many followed', () => {
    const run = new Watched([ThreeSteps]);
    run.write([headOp(5)]);
    run.write([headOp(9)]);
    expect(run.violations).toEqual([
      { invariant: 'exactly-once', t: 1, where: 'meta/head', detail: 'commit 5 follows commit 0' },
      { invariant: 'exactly-once', t: 2, where: 'meta/head', detail: 'commit 9 follows commit 5' },
    ]);
    expect(run.monitor.results()).toContainEqual({ name: 'exactly-once', held: false, detail: 'meta/head at 1 µs: commit 5 follows commit 0 (and 1 more)' });
    expect(run.monitor.results().filter(({ held }) => !held)).toHaveLength(1);
    expect(run.monitor.broken).toBe(true);
  });

  it('finds nothing wrong with a whole life in which everything is done as it is told', () => {
    const run = new Watched([ThreeSteps]);
    const life = new Life(run, ThreeSteps).admitted().runs('beforeTask').runs('createTask').returns({ work: [LEAF] });
    const args = { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 };
    run.perform('c1$0.w1.1.0', 'createVolume', args, { commandId: 'c1', executionIndex: 0 });
    life.ends().returns().throws().throws();
    const gone = { domain: 'hdd', disk: 'd1', volume: 'leaf' };
    life.returns({ work: [{ kind: 'task', request: { verb: 'deleteVolume', args: gone, pool: 'pool1' } }] });
    run.perform('c1$0.c1.1.0', 'deleteVolume', gone, { commandId: 'c1', executionIndex: 0 });
    life.ends().cleared();
    run.rest();
    expect(run.broken).toEqual([]);
    expect(life.state.status).toBe('ROLLED_BACK');
  });

  it('takes up what hosts have done before whatever it is told next', () => {
    const run = new Watched([ThreeSteps]);
    const life = new Life(run, ThreeSteps).admitted().returns({ work: [LEAF] });
    const args = { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 };
    performWhole(run.storage, { key: 'c1$0.w1.1.0', verb: 'createVolume', args, step: { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 }, host: HOST, hold: null });
    life.ends();
    expect(run.broken).toEqual([]);
  });

  it('goes on with a store that has a past', () => {
    const past = new Life(new Watched([ThreeSteps]), ThreeSteps).admitted().returns();
    const { state } = past;
    const violations: Violation[] = [];
    const monitor = new Monitor({
      definitions: new Map([[ThreeSteps.type, ThreeSteps]]),
      pools: ['pool1'],
      storage: new SharedStorage([]),
      store: [
        { key: commandKey('c1'), value: encodeRecord('command', state as never) },
        ...past.run.monitor.store.historyOf('c1').map((entry, i) => ({ key: historyKey('c1', i), value: encodeRecord('history', entry) })),
        { key: lockRecordKey('disk/d1', 'c1'), value: encodeRecord('lock', { key: 'disk/d1', mode: 'exclusive', owner: 'c1' }) },
        { key: HEAD_KEY, value: encodeRecord('head', { ...FIRST_HEAD, commitSeq: 3, incarnation: 1 }) },
      ],
      limits: limitsOf(DEFAULT_ENGINE_SETTINGS),
      lost: null,
      now: 0,
      report: (violation) => violations.push(violation),
    });
    monitor.batch(1, [headOp(4, 2)]);
    monitor.probe(2, { type: 'callbackRuns', commandId: 'c1', index: 0, handler: 'first', callback: 'endSuccessfully', attempt: 1 });
    expect(violations).toEqual([]);
    monitor.probe(3, { type: 'callbackRuns', commandId: 'c1', index: 0, handler: 'first', callback: 'beforeTask', attempt: 1 });
    expect(violations).toMatchObject([{ invariant: 'callback-order', t: 3, where: 'c1' }]);
  });
});
