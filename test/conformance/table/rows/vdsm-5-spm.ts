import type { Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';

export const vdsm5Spm: Section = {
  title: 'Pinning tests: SPM',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-5.spwd',
      source: 'spwd_test.py: lost lease or wrong disk',
      given: 'an SPM',
      when: 'it has lost its lease',
      then: 'it panics at its next renewal',
      proof: [{ file: ROLE, test: 'that is lost ends the host: at its next renewal' }],
      differs: 'There is one lease of a pool, so it cannot be on the wrong disk.',
    },
    {
      id: 'vdsm-5.spwd-temporary',
      source: 'spwd_test.py: 3 temporary errors tolerated, 4th panics',
      fact: 'the watchdog cannot tell for a while whether the lease is held, and bears that three times',
      doesNotApply: 'Storage always knows who holds a lease; a host that cannot ask is one that hangs.',
    },
    {
      id: 'vdsm-5.clusterlock-generation',
      source: 'clusterlock_test.py: generation mismatch → lease free',
      given: 'a lease whose owner has restarted since',
      when: 'that host wants it',
      then: 'it counts as free for the host, and is taken at once with the next generation',
      proof: [{ file: ROLE, test: 'has what an earlier incarnation of its own had at once, under the next generation' }],
      differs: 'To others it is free only when it has expired: they have no way to see that the host has restarted.',
    },
    {
      id: 'vdsm-5.clusterlock-fd',
      source: 'clusterlock_test.py: fd closed holding lease → panic, holding none → recover',
      fact: 'vdsm talks to sanlock through a socket, which can be closed under it',
      doesNotApply: 'A host reaches storage or it hangs; there is nothing in between that could close.',
    },
    {
      id: 'vdsm-5.clusterlock-host-id',
      source: 'clusterlock_test.py: host-id wait timeout',
      given: 'a host that has restarted',
      when: 'it is told to become SPM',
      then: 'it waits until storage knows it by its id, `spm.hostId` after it has recovered, and only then takes the lease',
      proof: [{ file: ROLE, test: 'after a restart, answers 99 first, and then waits for its id on storage' }],
      differs: 'The wait always ends.',
    },
    {
      id: 'vdsm-5.lifecycle',
      source: 'blocksd_test.py::test_spm_lifecycle: start/stop',
      given: 'a Free host',
      when: 'it is told to become SPM, and later to stop',
      then: 'it is SPM, and then Free with the lease given up',
      proof: [
        { file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' },
        { file: ROLE, test: 'answers when the lease is given up; meanwhile it refuses tasks with 654, and another stop is answered with the first' },
      ],
    },
    {
      id: 'vdsm-5.double-stop',
      source: 'blocksd_test.py: stop with tasks, double stop (no test there)',
      given: 'an SPM with a running job',
      when: 'it is told to stop twice',
      then: 'both are answered when it has; the job is neither waited for nor in the way',
      proof: [
        { file: ROLE, test: 'answers when the lease is given up; meanwhile it refuses tasks with 654, and another stop is answered with the first' },
        { file: ROLE, test: 'and to start again while a job runs, never takes the time of that job for one of the new term' },
      ],
    },
  ],
};
