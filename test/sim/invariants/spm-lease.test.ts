import { expect, it } from 'vitest';
import type { SpmLease } from '../../../actors/storage-port.js';
import { spmLease } from '../../../sim/invariants/spm-lease.js';
import { Watched } from './watched.js';

const FIRST: SpmLease = { owner: 'host1', ownerIncarnation: 1, generation: 1, version: 0, expiresAt: 0 };

function after(next: SpmLease): readonly string[] {
  const run = new Watched([], [spmLease]);
  run.monitor.lease(run.tick(), 'pool1', FIRST, next);
  return run.broken;
}

it('a take-over makes generation and version one higher', () => {
  expect(after({ owner: 'host2', ownerIncarnation: 1, generation: 2, version: 1, expiresAt: 0 })).toEqual([]);
});

it.each<[what: string, next: SpmLease, seen: string]>([
  ['keeps its generation', { owner: 'host2', ownerIncarnation: 1, generation: 1, version: 1, expiresAt: 0 }, 'host2 has generation 1 of the SPM lease, and host1 had 1'],
  ['leaves one out', { owner: 'host2', ownerIncarnation: 1, generation: 3, version: 1, expiresAt: 0 }, 'host2 has generation 3 of the SPM lease, and host1 had 1'],
  ['keeps its version', { owner: 'host2', ownerIncarnation: 1, generation: 2, version: 0, expiresAt: 0 }, 'host2 has taken the SPM lease over with version 0, and host1 had 0'],
])('a take-over that %s is a breach', (_, next, seen) => {
  expect(after(next)).toEqual([`spm-lease pool pool1: ${seen}`]);
});
