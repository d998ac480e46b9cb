import type { Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';
const LEASE = 'test/sim/invariants/spm-lease.test.ts';
const CLEARING = 'test/actors/task-manager/clearing.test.ts';

export const vdsm7Invariants: Section = {
  title: 'What holds whatever fails',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-7.invariant-lease',
      source: 'Invariants: at most one valid lease; lver = old + 1 per spmStart; old is -1 after fenceSpmStorage',
      given: 'any run',
      when: 'a lease is taken',
      then: 'it has the next generation and the next version, and nobody else has one that is valid, or the run ends with a breach of `spm-lease`; after it was taken away, versions begin anew',
      proof: [
        { file: LEASE, test: 'that %s is a breach' },
        { file: LEASE, test: 'is not taken by another host' },
        { file: LEASE, test: 'is not told by two at a time with a valid lease' },
        { file: ROLE, test: 'waits until the lease of another has expired; its version and generation grow by one' },
        { file: ROLE, test: 'that was taken away from it: the version begins anew, the generation never does' },
      ],
    },
    {
      id: 'vdsm-7.invariant-status',
      source: 'Invariants: terminal status immutable except by revert, or code and message loss at failover',
      given: 'any run',
      when: 'the status of a task that is over changes otherwise, on storage or on the wire',
      then: 'the run ends with a breach of `task-status`',
      proof: [{ file: 'test/sim/invariants/task-status.test.ts', test: 'a task that %s is a breach' }, { file: 'test/sim/invariants/task-status.test.ts', test: 'a task that %s is nothing to complain of' }],
    },
    {
      id: 'vdsm-7.invariant-cleared',
      source: 'Invariants: every submitted task is eventually cleared or reported',
      given: 'a run that has come to rest',
      when: 'a host holds a task that the engine has finished with',
      then: 'that is a breach of `at-rest`; what nobody knows is reported, and cleared when it is over',
      proof: [{ file: 'test/sim/invariants/at-rest.test.ts', test: 'at rest: what is caught' }, { file: CLEARING, test: 'is reported, and cleared when it is over' }],
    },
    {
      id: 'vdsm-7.invariant-absent',
      source: 'Invariants: absent is never treated as success',
      given: 'an acknowledged task that no list has any more',
      when: 'it counts as lost at last',
      then: 'the command is undone, wherever the engine crashes',
      proof: [{ file: 'test/sim/embed/lost-tasks.test.ts', test: '(%s) counts as that, or as unknown if the engine has died before it knew that a host had it: the command is undone, wherever the engine crashes' }],
    },
    {
      id: 'vdsm-7.invariant-undo',
      source: 'Invariants: compensation must be idempotent and tolerate "already gone" (201/268)',
      given: 'an undo that deletes what is gone: by a host\'s roll-back, or by the undo itself, which was not heard of',
      when: 'its task ends with 201 or 268, which it names as `doneCodes`',
      then: 'it has ended well',
      proof: [
        { file: 'test/src/flow/failure.test.ts', test: '%j with doneCodes [268]: %s' },
        { file: 'test/sim/world/shared-storage.test.ts', test: 'takes back what was registered, and what is gone already is no failure' },
      ],
    },
  ],
};
