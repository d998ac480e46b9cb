import { expect } from 'vitest';
import type { SpmStatus } from '../../../../actors/wire.js';
import { changedRecoveries } from '../../../../sim/world/verbs/recovery-list.js';
import { GIB, grantSpm, LoneHost, SECOND, smallWorld, submitVolume } from '../../../actors/lone-host.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';
const HOSTS = 'test/sim/embed/host-faults.test.ts';

const LIST = { op: 'getAllTasksStatuses', pool: 'pool1' } as const;

/** The SPM after `host`, on another machine. */
function nextAfter(host: LoneHost): LoneHost {
  grantSpm(host.storage, 'host2');
  return new LoneHost({ node: 'host2', storage: host.storage, config: { incarnation: 2, beginsAsSpm: true } });
}

function none(id: string, source: string, fact: string, doesNotApply: string): RowWithoutEqual {
  return { id: `vdsm-6.${id}`, source: `Real bugs: ${source}`, fact, doesNotApply };
}

function fixed(id: string, source: string, given: string, when: string, then: string, proof: Row['proof']): Row {
  return { id: `vdsm-6.${id}`, source: `Real bugs: ${source}`, given, when, then, proof };
}

export const vdsm6: Section = {
  title: 'Real bugs',
  page: 'vdsm-facts.md',
  rows: [
    fixed('45306d0a3', '45306d0a3: tasks on the disk of one host are lost when the SPM moves', 'a task that waits, runs, or is over', 'another host becomes SPM', 'it has all of them', () => {
      const host = new LoneHost({ config: { workers: 1 } });
      host.submitVolume('over');
      host.advance(SECOND);
      for (const id of ['runs', 'waits']) host.submitVolume(id);
      const next = nextAfter(host);
      expect(['over', 'runs', 'waits'].map((id) => next.status(id)?.taskId)).toEqual(['over', 'runs', 'waits']);
    }),
    fixed('ddd811a02', 'ddd811a02: a part of a task that replaces its recoveries wipes those of the whole', 'recoveries before a sentinel, and behind it', 'those behind it are replaced', 'those before it stay', () =>
      expect(changedRecoveries(['whole', 'sentinel', 'part', 'part'], [{ do: 'replaceAfter', sentinel: 'sentinel', name: 'one' }])).toEqual(['whole', 'sentinel', 'one'])),
    none('7faecf8eb', '7faecf8eb: a list while another thread clears', 'A list that is made while a task is cleared fails, or says that the task is not known.', 'A host does one thing at a time.'),
    none('b91be9dcf', 'b91be9dcf: a task that hangs keeps its host from shutting down', 'A host waits for its threads before it ends.', 'A host that dies is gone at once, and one that stops being SPM does not wait for its jobs (vdsm-2.stop-with-jobs).'),
    fixed('0e45b0455', '0e45b0455: a cached id says that the host itself is SPM', 'a host that was SPM, and another that has taken its lease', 'the first is asked for its status', 'it says whom storage names', () => {
      const host = new LoneHost();
      nextAfter(host);
      expect((host.ask({ op: 'getSpmStatus', pool: 'pool1' }).result as SpmStatus).spmId).toBe('host2');
    }),
    fixed('dbe60bed2', 'dbe60bed2: a stop leaves its host behind as the owner', 'an SPM', 'it has stopped', 'storage names nobody', () => {
      const host = new LoneHost();
      host.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });
      expect(host.storage.lease('pool1').owner).toBe('host1');
      host.advance(4 * SECOND);
      expect(host.storage.lease('pool1').owner).toBeNull();
    }),
    fixed('9f3754c33', '9f3754c33, 7ac5552d8: a host that is not SPM breaks at a verb of the SPM, or lists nothing', 'a host that is not SPM', 'it is asked for a task, and for all of them', '654, and no list', () => {
      const host = new LoneHost({ node: 'host2' });
      expect([host.ask(submitVolume('v')).code, host.ask(LIST)]).toMatchObject([654, { code: 654, result: null }]);
    }),
    fixed('97db188e0', '97db188e0: what has a `=` in it is not loaded again', 'a task whose id and arguments have `=`, quotes and line ends', 'another SPM has loaded it', 'it has it, and what it had begun is taken back', () => {
      const host = new LoneHost();
      const odd = 'a=b "c"\n%41';
      expect(host.submit(odd, 'createVolume', { domain: 'domain1', disk: 'd=1', volume: 'v=1', parent: null, format: 'raw', sizeBytes: GIB }).code).toBe(0);
      const next = nextAfter(host);
      next.advance(SECOND);
      expect([next.status(odd)?.taskResult, next.storage.content.images.find('domain1', 'd=1')]).toEqual(['cleanSuccess', undefined]);
    }),
    none('5e5c74891', '5e5c74891: a domain that cannot be reached keeps an SPM from starting', 'An SPM looks at each domain of its pool before it starts.', 'A domain of ours can always be reached.'),
    fixed('d9907aa19', 'd9907aa19: an image is on two domains during a live migration, and is locked as one', 'an image that is on two domains', 'it is deleted on one', 'it stays on the other', () => {
      const storage = smallWorld();
      storage.addDisk({ disk: 'disk1', vm: null, domain: 'domain2', volumes: [{ id: 'base', parent: null, format: 'raw' }], sizeBytes: GIB });
      const host = new LoneHost({ storage });
      host.submit('t', 'deleteImage', { domain: 'domain2', disk: 'disk1' });
      host.advance(2 * SECOND);
      expect(['domain1', 'domain2'].map((domain) => storage.content.images.find(domain, 'disk1') !== undefined)).toEqual([true, false]);
    }),
    fixed('3239e74d1', '3239e74d1: a deletion that is done before it is answered takes longer than its engine waits', 'deleteImage', 'it is submitted', 'it is answered while its purge is still to be done', () => {
      const host = new LoneHost();
      expect([host.submit('t', 'deleteImage', { domain: 'domain1', disk: 'disk1' }).code, host.status('t')?.taskState]).toEqual([0, 'running']);
    }),
    none('7d2d8444d', '7d2d8444d, e59c6e9a0: what fences a host that has lost its lease kills its VMs', 'A script kills vdsm, and reboots the host if that takes too long.', 'A host that has lost its lease is gone at once (vdsm-2.watchdog).'),
    none('e587f1cbd', 'e587f1cbd: a module is renamed, and no roll-back finds its function', 'Recoveries stand on storage with the names of modules and functions.', 'A recovery stands there by a name that belongs to its verb, and a run is gone on with by the program that began it.'),
    fixed('4a4f7299a', '4a4f7299a: a lease is owned for ever when its owner has restarted', 'a lease whose owner has restarted since', 'that host wants it', 'it has it at once, under the next generation', [
      { file: ROLE, test: 'has what an earlier incarnation of its own had at once, under the next generation' },
    ]),
    fixed('a1adaa65a', 'a1adaa65a: vdsm dies, and the process that copies goes on, into what is another\'s by then', 'a host that dies with a job running', 'the rest of the job would be done', 'nothing of it is done', [
      { file: HOSTS, test: 'is not heard of again before it is back, wherever in its task it died' },
    ]),
    fixed('1c912a211', '1c912a211: two SPMs', 'an SPM that hangs for longer than its lease', 'another has taken over, and it wakes', 'what it does comes to nothing, and no run has two SPMs with a valid lease', [
      { file: HOSTS, test: 'for longer: another takes its lease when that has expired, and what it does when it wakes comes to nothing' },
      { file: 'test/sim/invariants/spm-lease.test.ts', test: 'is not told by two at a time with a valid lease' },
    ]),
    none('10d078d00', '10d078d00: the lease is given up while the mailer still extends volumes', 'Hosts ask the SPM by mail to extend volumes.', 'No volume of ours is extended, and there is no mail.'),
    fixed('42cb94e3c96', '42cb94e3c96: the engine keeps an SPM that says 654', 'an SPM as the engine knows it', 'it answers 654', 'it is looked for anew', [
      { file: 'test/actors/pool.test.ts', test: '654: looks for the SPM again, and offers the very same to it' },
    ]),
    none('52b1659c9cc', '52b1659c9cc: 654 in answer to a stop is a failure', 'A host that is not SPM answers a stop with 654.', 'It answers with success (vdsm-2.stop).'),
    fixed('bdfee2b19c7', 'bdfee2b19c7: tasks that are over and not cleared keep the SPM from moving', 'an SPM with a task that is over, and that nobody clears', 'it is told to stop, and another to start', 'both do, and the task is there with its result', () => {
      const host = new LoneHost();
      host.submitVolume('v');
      host.advance(SECOND);
      host.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });
      host.advance(4 * SECOND);
      const next = new LoneHost({ node: 'host2', storage: host.storage });
      expect(next.ask({ op: 'startSpm', pool: 'pool1', prevId: null, prevVersion: 0 }).code).toBe(0);
      next.advance(5 * SECOND);
      expect(next.status('v')).toMatchObject({ taskState: 'finished', taskResult: 'success' });
    }),
  ],
};
