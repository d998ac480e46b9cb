import { expect } from 'vitest';
import type { Args } from '../../../../actors/wire.js';
import { VERBS } from '../../../../sim/world/verbs/catalogue.js';
import { GIB, LoneHost, SECOND, smallWorld, STEP } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const TASKS = 'test/actors/spm-host-tasks.test.ts';
const CALLS = 'test/actors/spm-host-calls.test.ts';
const BY_VERB = 'test/sim/world/verbs.test.ts';

/** What is asked of each verb that is a task. */
const SPM_VERBS: readonly (readonly [verb: string, args: Args])[] = [
  ['createVolume', { domain: 'domain1', disk: 'new', volume: 'v', parent: null, format: 'raw', sizeBytes: GIB }],
  ['deleteVolume', { domain: 'domain1', disk: 'd', volume: 'leaf' }],
  ['deleteImage', { domain: 'domain1', disk: 'd' }],
  ['copyImage', { disk: 'd', source: 'domain1', copy: 'd', target: 'domain2' }],
  ['mergeSnapshots', { domain: 'domain1', disk: 'd', ancestor: 'base', successor: 'leaf' }],
  ['cloneImageStructure', { disk: 'd', source: 'domain1', target: 'domain2' }],
  ['syncImageData', { disk: 'half', source: 'domain1', target: 'domain2' }],
  ['downloadImage', { repository: 'glance', image: 'i', domain: 'domain1', disk: 'empty', volume: 'base' }],
];

/** Where each of these can be done. */
function aPool(): { readonly spm: LoneHost; readonly other: LoneHost } {
  const storage = smallWorld();
  const base = { id: 'base', parent: null, format: 'raw' } as const;
  storage.addDisk({ disk: 'd', vm: null, domain: 'domain1', volumes: [base, { id: 'leaf', parent: 'base', format: 'cow' }], sizeBytes: GIB });
  for (const domain of ['domain1', 'domain2']) storage.addDisk({ disk: 'half', vm: null, domain, volumes: [base], sizeBytes: GIB });
  storage.addRepoImage('glance', 'i', GIB);
  storage.content.images.put('domain1', 'empty', { filled: false, volumes: new Map([['base', { ...base, legal: true, sizeBytes: GIB, data: [] }]]) });
  return { spm: new LoneHost({ storage }), other: new LoneHost({ node: 'host2', storage }) };
}

export const vdsm3: Section = {
  title: 'Concurrency and verbs',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-3.ten-workers',
      source: 'thread_pool_size = 10; one FIFO pool; no priority or preemption',
      given: 'an SPM with more tasks than workers',
      when: 'they are submitted one after another',
      then: 'ten run at once, and the others in the order of their arrival, whatever they are',
      proof: [{ file: TASKS, test: 'runs ten tasks at once, the rest in the order of their arrival' }],
    },
    {
      id: 'vdsm-3.queue-full',
      source: 'max_tasks = 500; a full queue hangs submission',
      given: 'an SPM whose workers are busy and whose queue is full',
      when: 'another task is submitted',
      then: 'it is refused with 9003, nothing is remembered, and the same id is taken later',
      proof: [{ file: TASKS, test: 'that is full refuses with 9003, keeps nothing, and takes the same id later' }],
      differs: 'There, the submission hangs without an error until there is room. A refusal tells the engine what a silence would leave open: that nothing has come of it.',
    },
    {
      id: 'vdsm-3.spm-verbs',
      source: 'Class: SPM async',
      given: 'createVolume, deleteVolume, deleteImage, copyImage, mergeSnapshots, cloneImageStructure, syncImageData or downloadImage',
      when: 'it is asked for',
      then: 'it is a task of the SPM, which is listed and ends well; another host answers 654; and no host takes it as a call',
      proof: () => {
        expect(SPM_VERBS.map(([verb]) => verb).toSorted()).toEqual(VERBS.flatMap(({ name, kind }) => (kind === 'spm' ? [name] : [])).toSorted());
        for (const [verb, args] of SPM_VERBS) {
          const { spm, other } = aPool();
          const call = spm.ask({ op: 'call', key: 'k', verb, args, step: STEP, hostIncarnation: null });
          expect([verb, other.submit('t', verb, args).code, call.code, spm.submit('t', verb, args).code, spm.status('t')?.taskState]).toEqual([verb, 654, 1000, 0, 'running']);
          spm.advance(10 * SECOND);
          expect([verb, spm.status('t')]).toMatchObject([verb, { taskState: 'finished', taskResult: 'success', code: 0 }]);
        }
      },
    },
    {
      id: 'vdsm-3.recoveries-in-pool',
      source: 'One FIFO pool for spm, hsm, sdm and recoveries',
      given: 'an SPM with one worker, tasks that wait, and one that is to be rolled back',
      when: 'its job has returned',
      then: 'its roll-back waits behind them, and is then run by the worker; it counts where the queue is full',
      proof: [{ file: TASKS, test: 'holds roll-backs too: one that waits there is in the way of what is submitted, and one that runs has a worker' }],
    },
    {
      id: 'vdsm-3.delete-image-parts',
      source: 'Class: SPM async: deleteImage (sync rename, async purge)',
      given: 'deleteImage, and workers that are busy',
      when: 'it is accepted; it starts; it is done',
      then: 'the image is there until it starts, gone from then on, and the worker is busy until the purge is done',
      proof: () => {
        const host = new LoneHost({ config: { workers: 1 } });
        const isThere = () => host.storage.content.images.find('domain1', 'disk1') !== undefined;
        host.submitVolume('first');
        host.submit('t', 'deleteImage', { domain: 'domain1', disk: 'disk1' });
        const seen = [0, SECOND, SECOND].map((us) => {
          host.advance(us);
          return [isThere(), host.status('t')?.taskState];
        });
        expect(seen).toEqual([[true, 'running'], [false, 'running'], [false, 'finished']]);
      },
      differs: 'There, it is renamed before its submission is answered, so whoever is answered knows that it is out of the way.',
    },
    {
      id: 'vdsm-3.other-spm-verbs',
      source: 'Class: SPM async: moveImage, moveMultipleImages, extendVolumeSize, uploadImage, prepareMerge, finalizeMerge, reduceVolume, leases',
      fact: 'The SPM has more verbs that are tasks.',
      doesNotApply: 'None of the flows here asks for them. MoveDisk is a copy and a deletion (vdsm-1.move-image); a scenario can declare verbs of its own.',
    },
    {
      id: 'vdsm-3.vm-host-verbs',
      source: 'Class: sync on VM host',
      given: 'snapshot, diskReplicateStart, diskReplicateFinish or hibernate, of a running VM; or createVm, of one that does not run',
      when: 'a host is called',
      then: 'it is no task: the host itself answers when it is done, SPM or not; the VM has to run on it, or runs on it from then on',
      proof: [
        { file: CALLS, test: 'is answered after its time, with its effect' },
        { file: CALLS, test: 'needs no SPM role, but the host on which the VM runs' },
      ],
    },
    {
      id: 'vdsm-3.any-host-verbs',
      source: 'Class: sync any host',
      given: 'getVolumesList, which any host of a pool can answer',
      when: 'it is asked for',
      then: 'the answer comes after its time, and tells what is so then',
      proof: [{ file: 'test/actors/spm-host.test.ts', test: 'is answered after its time, with what is so then' }],
    },
    {
      id: 'vdsm-3.other-host-verbs',
      source: 'Class: sync on VM host: hotplugDisk, merge start; any host: prepare, teardown, refresh',
      fact: 'Hosts plug disks into running VMs, merge their snapshots, and make volumes ready to be read.',
      doesNotApply: 'None of the flows here asks for them: snapshots are merged while the VM is down, and whatever is on storage can be read.',
    },
    {
      id: 'vdsm-3.replicate-finish-codes',
      source: 'diskReplicateFinish: 40 = not converged, 55 = no replication, 41 = pivot failed; dst = src cancels',
      given: 'a disk that is being replicated, or is not',
      when: 'diskReplicateFinish is called with a domain',
      then: 'it is refused with 40 while the target does not hold all of the disk, and with 55 if the disk is not being replicated, or to another domain; the domain that the guest runs on ends the replication without a pivot',
      proof: [
        { file: BY_VERB, test: 'does not pivot before the data is there' },
        { file: BY_VERB, test: 'is finished only to where it goes or comes from' },
      ],
      differs: 'No pivot fails by itself with 41; a scenario lets one fail so, by `failCall`.',
    },
    {
      id: 'vdsm-3.live-migration',
      source: 'Live migration: cloneImageStructure, replicateStart, syncImageData of the internal volumes, replicateFinish',
      given: 'the disk of a running VM',
      when: 'it is migrated by these verbs, in this order',
      then: 'there is a complete copy at every moment, and at the end one, on the target',
      proof: [{ file: BY_VERB, test: 'keeps a complete copy at every moment, and ends with one, on the target' }],
    },
    {
      id: 'vdsm-3.image-locks',
      source: 'Submission locks: 851 after 120 s; image locks in jobs have no time-out and hold a worker',
      fact: 'A verb that meets another on its image waits for its lock: at submission up to 120 s, inside a job for ever, and its worker with it.',
      doesNotApply: 'Simulated hosts have no locks of images: the engine locks disks before it submits anything, and what meets on an image all the same is a fault that the world is to show, not to prevent.',
    },
    {
      id: 'vdsm-3.spm-sync-verbs',
      source: 'Class: SPM sync',
      fact: 'extendVolume, setVolumeLegality, attaching and activating domains, and updateVM are answered by the SPM at once, without a task.',
      doesNotApply: 'No flow of ours uses them.',
    },
    {
      id: 'vdsm-3.host-jobs',
      source: 'Class: HSM async',
      fact: 'Host jobs of any host, such as sdm_*, are kept in memory alone and forgotten after an hour.',
      doesNotApply: 'All long storage operations are tasks of the SPM here, as they are where there are no host jobs.',
    },
    {
      id: 'vdsm-3.task-types',
      source: "Engine's AsyncTaskType; extendVolumeSize is found as `unknown`",
      fact: 'The engine knows tasks by an enumeration of types, and one of the verbs that hosts report has a name that is in none.',
      doesNotApply: 'The engine has no types of its own beside the names of verbs: a task is known by its id and the step that has submitted it, and the verb is said to handlers as the host says it.',
    },
  ],
};
