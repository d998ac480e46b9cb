import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import type { SpmLease } from '../../../actors/storage-port.js';
import { spmLease } from '../../../sim/invariants/spm-lease.js';
import { POOL, Watched } from './watched.js';

/** As it is in the rig. */
const GIVEN: SpmLease = { owner: 'host1', ownerIncarnation: 1, generation: 1, version: 0, expiresAt: 140_000_000 };
const EXPIRED: SpmLease = { ...GIVEN, expiresAt: 0 };
const TAKEN: SpmLease = { owner: 'host2', ownerIncarnation: 1, generation: 2, version: 1, expiresAt: 140_000_000 };
const NOBODYS: SpmLease = { owner: null, ownerIncarnation: 0, generation: 2, version: 0, expiresAt: 0 };

function after(next: SpmLease, before = EXPIRED): readonly string[] {
  const run = new Watched([], [spmLease]);
  run.monitor.lease(run.tick(), POOL, before, next);
  return run.broken;
}

const role = (host: string, is: 'Free' | 'Contend' | 'SPM'): Probe => ({ type: 'spmRoleChanged', pool: POOL, host, role: is });

describe('a take-over', () => {
  it('makes generation and version one higher', () => {
    expect(after(TAKEN)).toEqual([]);
  });

  it.each<[what: string, next: SpmLease, seen: string]>([
    ['keeps its generation', { ...TAKEN, generation: 1 }, 'host2 has generation 1 of the SPM lease, and host1 had 1'],
    ['leaves one out', { ...TAKEN, generation: 3 }, 'host2 has generation 3 of the SPM lease, and host1 had 1'],
    ['keeps its version', { ...TAKEN, version: 0 }, 'host2 has taken the SPM lease over with version 0, and host1 had 0'],
  ])('that %s is a breach', (_, next, seen) => {
    expect(after(next)).toEqual([`spm-lease pool pool1: ${seen}`]);
  });
});

describe('a lease that has not expired', () => {
  it('is not taken by another host', () => {
    expect(after(TAKEN, GIVEN)).toEqual(["spm-lease pool pool1: host2 has taken the SPM lease, which was host1's for 139999999 µs more"]);
  });

  it('nor by an earlier incarnation of its host', () => {
    expect(after({ ...TAKEN, owner: 'host1', ownerIncarnation: 1 }, { ...GIVEN, ownerIncarnation: 2 })).toHaveLength(1);
  });

  it('but by a later one, and when it was given up or taken away', () => {
    expect(after({ ...TAKEN, owner: 'host1', ownerIncarnation: 2 }, GIVEN)).toEqual([]);
    expect(after(NOBODYS, GIVEN)).toEqual([]);
    expect(after({ ...TAKEN, generation: 3 }, NOBODYS)).toEqual([]);
  });

  it('is renewed; one that has, is not', () => {
    expect(after({ ...GIVEN, expiresAt: GIVEN.expiresAt + 5 }, GIVEN)).toEqual([]);
    expect(after(GIVEN, EXPIRED)).toEqual(['spm-lease pool pool1: host1 has renewed the SPM lease 1 µs after it had expired']);
  });
});

describe('an earlier generation', () => {
  it('does not write', () => {
    const run = new Watched([], [spmLease]);
    run.monitor.spmWrites(run.tick(), POOL, 1);
    expect(run.broken).toEqual([]);
    run.storage.revokeLease(POOL);
    run.monitor.spmWrites(run.tick(), POOL, 1);
    expect(run.broken).toEqual(['spm-lease pool pool1: who has generation 1 of the SPM lease has written to storage, and nobody has 2']);
  });
});

describe('the role of SPM', () => {
  it('is told by who was given the lease, and then by another who was', () => {
    const run = new Watched([], [spmLease]);
    run.probe(role('host1', 'SPM'));
    run.storage.revokeLease(POOL);
    const nobodys = run.storage.lease(POOL);
    run.monitor.lease(run.tick(), POOL, GIVEN, nobodys);
    run.storage.takeLease(POOL, { host: 'host2', incarnation: 1 }, run.now, 140_000_000);
    run.monitor.lease(run.tick(), POOL, nobodys, run.storage.lease(POOL));
    // The first one has not noticed yet.
    run.probe(role('host2', 'SPM'));
    expect(run.broken).toEqual([]);
  });

  it('is not told by who was not, or has died since', () => {
    const run = new Watched([], [spmLease]);
    run.probe(role('host2', 'SPM'));
    run.probe({ type: 'hostCrashed', host: 'host1', cause: 'a test' });
    run.probe(role('host1', 'SPM'));
    expect(run.broken).toEqual(['spm-lease pool pool1: host2 is SPM, and was not given the lease', 'spm-lease pool pool1: host1 is SPM, and was not given the lease']);
  });

  it('is not told by two at a time with a valid lease', () => {
    const run = new Watched([], [spmLease]);
    run.probe(role('host1', 'SPM'));
    run.monitor.lease(run.tick(), POOL, EXPIRED, { ...TAKEN, generation: 1 });
    run.probe(role('host2', 'SPM'));
    expect(run.broken.slice(1)).toEqual(['spm-lease pool pool1: host2 is SPM, and so is host1: both have generation 1 of the lease, which is valid']);
  });
});
