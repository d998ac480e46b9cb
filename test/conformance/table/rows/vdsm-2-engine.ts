import { expect } from 'vitest';
import { nextStep, type Word } from '../../../../actors/pool/election.js';
import { GENERAL_FAILURE, RECOVERING, UNKNOWN_POOL, type SpmStatus } from '../../../../actors/wire.js';
import type { Section } from '../row.js';

const ELECTION = 'test/actors/pool/election.test.ts';
const FINDER = 'test/actors/pool/spm-finder.test.ts';
const POOL = 'test/actors/pool.test.ts';
const FAIL_OVER = 'test/sim/embed/spm-fail-over.test.ts';

/** What is done for a pool with a host that is free, and one that storage names and that says this. */
function stepFor(word: Word, canFence = true): string {
  const status: SpmStatus = { role: 'Free', spmId: 'named', ownerIncarnation: 1, leaseGeneration: 4, leaseVersion: 2 };
  return nextStep({ words: new Map([['free', { kind: 'told', status }], ['named', word]]), failed: new Set(), graceUs: 80_000_000, canFence, patience: 3 }).step;
}

export const vdsm2Engine: Section = {
  title: 'The engine and the SPM',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-2.engine-stop-with-tasks',
      source: 'SpmStopVDSCommand aborts if any uncleared task exists, even a finished one',
      given: 'an SPM with a task, and an engine that is to stop it',
      when: 'it does',
      then: 'nobody looks whether it has tasks: it stops, and the next SPM takes them over',
      proof: [{ file: FAIL_OVER, test: 'stops, and then the other starts; nobody dies, and the task that ran is rolled back and given again' }],
      differs: 'oVirt refuses to stop an SPM that lists any task, and so finished tasks that nobody clears pin it; here tasks outlive their SPM',
    },
    {
      id: 'vdsm-2.engine-stop-654',
      source: 'SpmStopVDSCommand: 654 counts as already stopped',
      fact: 'A host that is not SPM can answer a stop with 654, which the engine takes for success.',
      doesNotApply: 'A host that is not SPM answers a stop with success (vdsm-2.stop).',
    },
    {
      id: 'vdsm-2.engine-stop-skips',
      source: 'SpmStopVDSCommand skips NonResponsive and Connecting hosts',
      given: 'a host that storage names, and that is silent, or is recovering',
      when: 'the engine looks for an SPM',
      then: 'it is not asked to stop: it is waited for, or fenced when its grace is over',
      proof: () => {
        const silent = (seconds: number): Word => ({ kind: 'silent', forUs: seconds * 1_000_000, fenced: 0 });
        expect([silent(0), silent(79), silent(80), { kind: 'refused', code: RECOVERING, times: 99 } as const].map((word) => stepFor(word))).toEqual(['wait', 'wait', 'fence', 'wait']);
      },
    },
    {
      id: 'vdsm-2.engine-start-clears',
      source: 'SpmStartVDSCommand re-reads the status, and clears the task of the start',
      fact: 'The start of an SPM is a task, which is cleared when it is over, whatever comes of that.',
      doesNotApply: 'The start has no task here (vdsm-2.start): its end is the role, which is read.',
    },
    {
      id: 'vdsm-2.engine-start-poll',
      source: 'SpmStartVDSCommand polls every 1 s, unbounded',
      given: 'a host that was told to become SPM',
      when: 'it is on the way',
      then: 'it is asked every second, without limit; when it falls silent or says that it is free, it is decided anew and the next candidate comes',
      proof: [
        { file: FINDER, test: 'asks its candidate every second how far it is, without limit, and starts nobody else meanwhile' },
        { file: FINDER, test: 'whose candidate dies on the way, has the next' },
        { file: FINDER, test: 'whose candidate says after a while that it is free, has the next' },
      ],
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
      id: 'vdsm-2.engine-unreadable',
      source: 'Engine adds Unknown_Pool (from 309) and SPM_ERROR; selection: unreadable: stop it first',
      given: 'a host that storage names, and that answers 309 or any other error in the place of its status',
      when: 'it has done so spmFailOverAttempts times',
      then: 'it is asked to stop before anybody else is started, and is waited for until then',
      proof: () => {
        const said = [UNKNOWN_POOL, GENERAL_FAILURE].map((code) => [1, 2, 3].map((times) => stepFor({ kind: 'refused', code, times })));
        expect(said).toEqual([['wait', 'wait', 'stop'], ['wait', 'wait', 'stop']]);
      },
      differs: 'oVirt stops it at its first error, and takes one that does not know the pool for one that is not its SPM. Which pool a host belongs to never changes here, so 309 is an error like any other.',
    },
    {
      id: 'vdsm-2.engine-status-errors',
      source: 'Every 10 s: non-network status failure with unfinished tasks tolerates SPMFailOverAttempts = 3',
      given: 'an SPM that is worked with, and asked every ten seconds whether it still is',
      when: 'it answers an error in the place of its status, twice; three times in a row',
      then: 'it stays what it is; it is stopped and replaced',
      proof: [{ file: FINDER, test: 'that answers errors in the place of its status while it is worked with, is stopped at the third in a row, and replaced; two change nothing' }],
      differs: 'oVirt is as patient only while there are unfinished tasks, and else replaces it at the first; ours always is, and does not ask at all while nobody works with the pool',
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
      id: 'vdsm-2.engine-fence-soft',
      source: 'Fence grace: doubled after SSH soft fence',
      fact: 'Before it cuts the power, the engine restarts vdsm through SSH, and then waits as long again.',
      doesNotApply: 'A fence agent here cuts the power, and knows nothing gentler.',
    },
    {
      id: 'vdsm-2.engine-master-domain',
      source: 'StorageDomainMasterError and 304/307/310/324 take the no-master path',
      fact: 'When the master storage domain is broken, another domain is made the master',
      doesNotApply: 'there is no master domain: the task table of a pool is on shared storage that does not fail',
    },
  ],
};
