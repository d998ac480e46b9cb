import { describe, expect, it } from 'vitest';
import type { SpmStatus, WireReply } from '../../../actors/wire.js';
import { LoneHost, SECOND, TERMS, smallWorld, submitVolume, type LoneHostOptions } from '../lone-host.js';

const POOL = 'pool1';

function roleOf(host: LoneHost): SpmStatus['role'] {
  return (host.ask({ op: 'getSpmStatus', pool: POOL }) as { result: SpmStatus } & WireReply).result.role;
}

const start = (host: LoneHost): number => host.ask({ op: 'startSpm', pool: POOL, prevId: null, prevVersion: -1 }).code;

/** A host that is Free, of a pool whose lease nobody has, or `owner` took at 0. */
function freeHost(owner: string | null, options: LoneHostOptions = {}): LoneHost {
  const storage = smallWorld();
  if (owner !== null) storage.takeLease(POOL, { host: owner, incarnation: 1 }, 0, TERMS.leaseExpiry);
  return new LoneHost({ node: 'host2', storage, ...options });
}

describe('a host that is told to become SPM', () => {
  it('is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later', () => {
    const host = freeHost(null);
    expect([roleOf(host), start(host)]).toEqual(['Free', 0]);
    host.advance(2 * SECOND);
    expect(roleOf(host)).toBe('Contend');
    host.advance(SECOND);
    expect(roleOf(host)).toBe('SPM');
    expect(host.ask({ op: 'getAllTasksStatuses', pool: POOL }).result).toMatchObject({ settled: false, tasks: [] });
    expect(host.ask(submitVolume('v1')).code).toBe(99);
    host.advance(2 * SECOND);
    expect(host.ask({ op: 'getAllTasksStatuses', pool: POOL }).result).toMatchObject({ settled: true });
    expect(host.storage.lease(POOL)).toMatchObject({ owner: 'host2', generation: 1, version: 0 });
  });

  it('refuses that while it is, or is about to be: 656', () => {
    const host = freeHost(null);
    expect([start(host), start(host)]).toEqual([0, 656]);
    host.advance(10 * SECOND);
    expect(start(host)).toBe(656);
  });

  it('waits until the lease of another has expired; its version and generation grow by one', () => {
    const host = freeHost('host1');
    start(host);
    host.advance(139 * SECOND);
    expect([roleOf(host), host.storage.lease(POOL).owner]).toEqual(['Contend', 'host1']);
    host.advance(5 * SECOND);
    expect(roleOf(host)).toBe('SPM');
    expect(host.storage.lease(POOL)).toMatchObject({ owner: 'host2', generation: 2, version: 1 });
  });

  it('gives up after 180 s where the other goes on renewing, and is Free again', () => {
    const host = freeHost('host1');
    const hold = { pool: POOL, generation: 1 };
    start(host);
    for (let s = 20; s <= 180; s += 20) {
      host.advance(20 * SECOND);
      host.storage.renewLease(hold, s * SECOND, TERMS.leaseExpiry);
    }
    host.advance(SECOND);
    expect([roleOf(host), host.storage.lease(POOL).owner]).toEqual(['Free', 'host1']);
  });

  it('has what an earlier incarnation of its own had at once, under the next generation', () => {
    const host = freeHost('host2', { config: { incarnation: 2 } });
    start(host);
    host.advance(3 * SECOND);
    expect(roleOf(host)).toBe('SPM');
    expect(host.storage.lease(POOL)).toMatchObject({ owner: 'host2', ownerIncarnation: 2, generation: 2 });
  });

  it('after a restart, answers 99 first, and then waits for its id on storage', () => {
    const host = freeHost(null, { config: { incarnation: 2, recovering: 10 * SECOND } });
    expect(start(host)).toBe(99);
    host.advance(10 * SECOND);
    expect([roleOf(host), start(host)]).toEqual(['Free', 0]);
    host.advance(24 * SECOND);
    expect(host.storage.lease(POOL).owner).toBeNull();
    host.advance(SECOND);
    expect(host.storage.lease(POOL).owner).toBe('host2');
  });

  it('only mentions that whoever asked took another for the last SPM', () => {
    const host = freeHost(null);
    host.ask({ op: 'startSpm', pool: POOL, prevId: 'host3', prevVersion: 7 });
    expect(host.probes).toContainEqual(expect.objectContaining({ type: 'spmExpectedElsewhere', spmId: 'host3', leaseVersion: 7, owner: null, version: -1 }));
    expect(roleOf(host)).toBe('Contend');
  });
});

describe('a host that is told to stop being SPM', () => {
  const stop = (host: LoneHost, generation = 1): string => host.send({ op: 'stopSpm', pool: POOL, generation });

  it('has done so if it is Free', () => {
    const host = freeHost(null);
    expect(host.replyTo(stop(host))?.code).toBe(0);
  });

  it('answers when the lease is given up; meanwhile it refuses tasks with 654, and another stop is answered with the first', () => {
    const host = new LoneHost();
    const asked = [stop(host), stop(host)];
    expect([host.ask(submitVolume('v1')).code, ...asked.map((one) => host.replyTo(one))]).toEqual([654, undefined, undefined]);
    host.advance(4 * SECOND);
    expect(asked.map((one) => host.replyTo(one)?.code)).toEqual([0, 0]);
    expect([roleOf(host), host.storage.lease(POOL)]).toMatchObject(['Free', { owner: null, generation: 2, version: 0 }]);
  });

  it('and has lost its lease when it would give that up, panics, and answers nobody', () => {
    const host = new LoneHost();
    const asked = stop(host);
    host.storage.revokeLease(POOL);
    host.advance(4 * SECOND);
    expect([host.replyTo(asked), host.panics]).toEqual([undefined, ['the SPM lease is lost']]);
  });

  it('does not stop a later term: what names another generation is done already', () => {
    const host = new LoneHost();
    expect(host.replyTo(stop(host, 7))?.code).toBe(0);
    host.advance(10 * SECOND);
    expect(roleOf(host)).toBe('SPM');
  });

  it('while it waits for the lease, stops waiting', () => {
    const host = freeHost('host1');
    start(host);
    expect(host.replyTo(stop(host, 0))?.code).toBe(0);
    host.advance(200 * SECOND);
    expect(roleOf(host)).toBe('Free');
  });

  it('and to start again while a job runs, never takes the time of that job for one of the new term', () => {
    const quick = { ...TERMS, takes: () => SECOND / 10 };
    const host = new LoneHost({ config: { spm: quick } });
    host.submitVolume('v1');
    stop(host);
    host.advance(SECOND / 10);
    start(host);
    host.advance((SECOND * 3) / 10);
    expect(roleOf(host)).toBe('SPM');
    host.advance(60 * SECOND);
    expect(host.status('v1')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 0 });
    expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'undone']);
  });
});

it('a job of an earlier term whose time is up while its task is rolled back in the next one does not end that roll-back', () => {
  // Both are the first job of their term, and of one task: only the term tells them apart.
  const host = new LoneHost({ config: { spm: { ...TERMS, takes: () => SECOND / 10 } } });
  host.submitVolume('v1');
  host.advance(SECOND / 2);
  host.send({ op: 'stopSpm', pool: POOL, generation: 1 });
  host.advance(SECOND / 10);
  start(host);
  // It has the lease at once, is SPM at 0.7 s, and has loaded the task at 0.8 s: the roll-back is to end at 1.3 s, and the job would have ended at 1 s.
  host.advance((SECOND * 6) / 10);
  expect(host.status('v1')).toMatchObject({ taskState: 'cleaning' });
  expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin']);
  host.advance(SECOND / 10);
  expect(host.status('v1')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 0 });
  expect(host.storage.ledger.entries.map(({ part }) => part)).toEqual(['begin', 'undone']);
});

describe('the lease of an SPM', () => {
  it('is renewed every 20 s, and lasts 140 s from then on', () => {
    const host = new LoneHost();
    host.advance(65 * SECOND);
    expect(host.storage.lease(POOL).expiresAt).toBe(200 * SECOND);
    expect(host.panics).toEqual([]);
  });

  it('that is lost ends the host: at its next renewal', () => {
    const host = new LoneHost();
    host.storage.revokeLease(POOL);
    host.advance(19 * SECOND);
    expect(host.panics).toEqual([]);
    host.advance(SECOND);
    expect(host.panics).toEqual(['the SPM lease is lost']);
  });

  it('or when it is next asked to write', () => {
    const host = new LoneHost();
    host.storage.revokeLease(POOL);
    expect(host.ask(submitVolume('v1')).code).toBe(654);
    expect(host.panics).toEqual(['the SPM lease is lost']);
    expect(host.storage.ledger.entries).toEqual([]);
  });

  it('that was taken away from it: the version begins anew, the generation never does', () => {
    const host = new LoneHost();
    host.storage.takeLease(POOL, { host: 'host1', incarnation: 2 }, 0, TERMS.leaseExpiry);
    expect(host.storage.lease(POOL)).toMatchObject({ owner: 'host1', generation: 2, version: 1 });
    host.storage.revokeLease(POOL);
    expect(host.storage.lease(POOL)).toMatchObject({ owner: null, generation: 3, version: -1 });
    const next = new LoneHost({ node: 'host2', storage: host.storage });
    start(next);
    next.advance(3 * SECOND);
    expect(next.storage.lease(POOL)).toMatchObject({ owner: 'host2', generation: 4, version: 0 });
  });

  it('that nobody has taken since it expired still lets its holder write', () => {
    const host = new LoneHost({ config: { spm: { ...TERMS, leaseRenewal: 1000 * SECOND } } });
    host.advance(200 * SECOND);
    expect(host.ask(submitVolume('v1')).code).toBe(0);
  });
});
