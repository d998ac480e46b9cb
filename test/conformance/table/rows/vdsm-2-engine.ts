import type { Section } from '../row.js';

const ELECTION = 'test/actors/pool/election.test.ts';
const FINDER = 'test/actors/pool/spm-finder.test.ts';
const POOL = 'test/actors/pool.test.ts';

export const vdsm2Engine: Section = {
  title: 'The engine and the SPM',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-2.engine-stop-with-tasks',
      source: 'SpmStopVDSCommand aborts if any uncleared task exists; 654 counts as stopped',
      given: 'an SPM with tasks that answers errors in the place of its status',
      when: 'it has done so spmFailOverAttempts times',
      then: 'it is stopped, whatever tasks it lists: the next SPM takes them over',
      proof: [{ file: ELECTION, test: 'the SPM of a pool' }],
      differs: 'oVirt refuses to stop an SPM that lists any task, and so finished tasks that nobody clears pin it; here tasks outlive their SPM',
    },
    {
      id: 'vdsm-2.engine-start-poll',
      source: 'SpmStartVDSCommand polls every 1 s, unbounded',
      given: 'a host that was told to become SPM',
      when: 'it is on the way',
      then: 'it is asked every second, without limit; when it falls silent or says that it is free, it is decided anew and the next candidate comes',
      proof: [{ file: FINDER, test: 'whose candidate dies on the way, has the next' }],
    },
    {
      id: 'vdsm-2.engine-selection',
      source: 'Selection: if storage names another id, query that host; unreadable: stop it first; NonResponsive: abort selection',
      given: 'a pool whose hosts all say that they are not the SPM, and storage that names one of them',
      when: 'the engine looks for an SPM',
      then: 'nobody is started while the one that storage names may be alive: it is Free by its own word, stopped, fenced, or silent for the whole grace',
      proof: [
        { file: ELECTION, test: 'whatever hosts say, a second SPM is started only where the first is free by its own word, was fenced, or has been silent for the whole grace' },
        { file: FINDER, test: 'whatever befalls the hosts, nobody but storage makes a second SPM, and when all is well again there is one, and everybody is answered' },
      ],
    },
    {
      id: 'vdsm-2.engine-silent-unfenced',
      source: 'Selection: NonResponsive: the pool stays without SPM until fenced or confirmed rebooted',
      given: 'a dead SPM, and no fence agent',
      when: 'its grace is over',
      then: 'another is told to start, to which storage gives the lease when it has expired, and not before',
      proof: [{ file: FINDER, test: 'whose SPM is dead, and without a fence agent, has another when its lease has expired' }],
      differs: 'oVirt waits for an administrator to confirm that the host was rebooted; here storage stands for the dead host, whose lease nobody gets before it expires',
    },
    {
      id: 'vdsm-2.engine-network-errors',
      source: 'Every 10 s: network errors never fail over',
      given: 'an SPM that answers when it is asked for its role',
      when: 'another request goes unanswered, however long',
      then: 'it stays the SPM, and is offered the same again',
      proof: [
        { file: FINDER, test: 'that answers what it is asked for its role is not replaced, however long a request goes unanswered' },
        { file: POOL, test: 'that never comes unseats nobody who says that it is the SPM: it is offered the same' },
      ],
    },
    {
      id: 'vdsm-2.engine-654',
      source: '654 clears the cached SPM',
      given: 'an SPM as the engine knows it',
      when: 'it answers 654',
      then: 'it is forgotten at once, and the very same request goes to whoever is',
      proof: [{ file: POOL, test: '654: looks for the SPM again, and offers the very same to it' }],
    },
    {
      id: 'vdsm-2.engine-command-retries',
      source: 'SpmCommandFailOverRetries=3; some codes raise no failover',
      given: 'a submission that no SPM has taken',
      when: 'it was not refused, only not answered, or not accepted',
      then: 'it is offered until the time limit of its step or a cancel, not three times',
      proof: [{ file: POOL, test: '%d: offers the same to the same host, after a while' }],
      differs: 'with task ids of the engine a repetition does no harm, so there is nothing to give up for; any code but those that say nothing about the task is a refusal',
    },
    {
      id: 'vdsm-2.engine-fence-grace',
      source: 'Fence grace 60 + 20 (SPM) + 0.5 for each VM s',
      given: 'an SPM that has died',
      when: 'nothing was heard of it for 80 s',
      then: 'it is fenced, and not before',
      proof: [{ file: FINDER, test: 'whose SPM is dead, has it fenced when its grace is over, and another when its lease has expired' }],
      differs: 'the engine keeps no list of the VMs that run on a host, and adds nothing for them',
    },
    {
      id: 'vdsm-2.engine-master-domain',
      source: 'StorageDomainMasterError and 304/307/310/324 take the no-master path',
      fact: 'When the master storage domain is broken, another domain is made the master',
      doesNotApply: 'there is no master domain: the task table of a pool is on shared storage that does not fail',
    },
  ],
};
