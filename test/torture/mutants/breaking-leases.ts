import type { Mutant } from './mutant.js';

const RECORDS = 'sim/world/spm-records.ts';
const STORAGE = 'sim/world/shared-storage.ts';

/** Storage and hosts that let two be the SPM of a pool. */
export const BREAKING_LEASES: readonly Mutant[] = [
  {
    name: 'a lease is given to another before it has expired',
    breaks: 'spm-lease',
    file: RECORDS,
    find: 'if (lease.owner !== null && !isOwn && now < lease.expiresAt) return null;',
    replace: '',
  },
  {
    name: 'an SPM that has lost its lease can still write',
    breaks: 'spm-lease',
    file: STORAGE,
    find: 'return this.#pool(hold.pool).lease.generation === hold.generation;',
    replace: 'return hold.generation > 0;',
  },
];
