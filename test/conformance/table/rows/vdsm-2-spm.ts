import { expect } from 'vitest';
import { LoneHost, SECOND, submitVolume, TERMS } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';
const FAIL_OVER = 'test/sim/embed/spm-fail-over.test.ts';
const TAKE_OVER = 'test/actors/spm-take-over.test.ts';

const stop = (host: LoneHost): string => host.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });

export const vdsm2Spm: Section = {
  title: 'SPM lifecycle',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-2.status',
      source: 'getSpmStatus',
      given: 'any host of the pool',
      when: 'it is asked for its status',
      then: 'it tells its own role, and the owner, generation and version of the lease as storage has them; without an owner and after a lease was taken away, the version is -1',
      proof: [{ file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' }, { file: ROLE, test: 'that was taken away from it: the version begins anew, the generation never does' }],
      differs: 'vdsm also has -1 for the version of any lease that nobody has. Here one that was given up in good order keeps its number, from which the next counts on.',
    },
    {
      id: 'vdsm-2.start-twice',
      source: 'spmStart: already SPM/Contend',
      given: 'a host that is SPM, or about to be',
      when: 'it is told to become SPM',
      then: 'it refuses: 656',
      proof: [{ file: ROLE, test: 'refuses that while it is, or is about to be: 656' }],
    },
    {
      id: 'vdsm-2.start',
      source: 'spmStart: steps',
      given: 'a Free host, and a lease that nobody has',
      when: 'it is told to become SPM',
      then: 'it is Contend, takes the lease, with a version one higher, loads the tasks, and is SPM; the request is answered at once, and whoever asked looks how far it is',
      proof: [{ file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' }],
      differs: 'vdsm answers with the id of a task, which the engine polls and clears. Here the role itself is polled. There is no upgrade and no master domain to mount.',
    },
    {
      id: 'vdsm-2.no-lease',
      source: 'spmStart: cluster lock, 651 → Free',
      given: 'a lease that another goes on renewing',
      when: 'a host has waited for it for 180 s',
      then: 'it is Free again; the engine, which sees that, decides anew',
      proof: [{ file: ROLE, test: 'gives up after 180 s where the other goes on renewing, and is Free again' }],
      differs: 'There is no task whose code could say 651.',
    },
    {
      id: 'vdsm-2.start-fails',
      source: 'spmStart: any later failure → stopSpm by force',
      given: 'a host that has the lease and is on its way to be SPM',
      when: 'the lease is taken away from it',
      then: 'it panics, has touched no task, and another can be the SPM',
      proof: [{ file: TAKE_OVER, test: 'and loses the lease meanwhile, touches nothing, and panics' }],
      differs: 'There, whatever fails on the way makes the host Free again. Here nothing else can fail on the way: there is no upgrade, nothing to mount and no watchdog to start.',
    },
    {
      id: 'vdsm-2.expected',
      source: 'prevID/prevLVER mismatch is only logged',
      given: 'a request that takes another host for the last SPM',
      when: 'a host is told to become SPM',
      then: 'it only mentions that',
      proof: [{ file: ROLE, test: 'only mentions that whoever asked took another for the last SPM' }],
    },
    {
      id: 'vdsm-2.stop',
      source: 'spmStop: synchronous; already Free → success',
      given: 'an SPM, or a host that is Free',
      when: 'it is told to stop being SPM',
      then: 'it answers when the lease is given up; a Free one at once, with success',
      proof: [{ file: ROLE, test: 'has done so if it is Free' }, { file: ROLE, test: 'answers when the lease is given up; meanwhile it refuses tasks with 654, and another stop is answered with the first' }],
    },
    {
      id: 'vdsm-2.stop-late',
      source: 'spmStop',
      given: 'a request to stop that comes when the host has a later term',
      when: 'it is handled',
      then: 'that term goes on',
      proof: [{ file: ROLE, test: 'does not stop a later term: what names another generation is done already' }],
      differs: 'In vdsm the request does not say which term it means.',
    },
    {
      id: 'vdsm-2.stop-steps',
      source: 'spmStop: insecure, unmount, mail monitor, id -1, release: a failure is a panic',
      given: 'an SPM that is told to stop, and has lost its lease without noticing',
      when: 'it would give the lease up',
      then: 'it panics, and nobody is answered',
      proof: [{ file: ROLE, test: 'and has lost its lease when it would give that up, panics, and answers nobody' }],
      differs: 'There, a master domain that cannot be unmounted and a mail monitor that does not end are panics too, and the id is written before the lock is released. Here a stop is one wait, and then one write, of which only this can go wrong.',
    },
    {
      id: 'vdsm-2.stop-with-jobs',
      source: 'spmStop: neither waits for tasks nor refuses',
      given: 'an SPM with a job of one second, and a stop that takes a tenth of one',
      when: 'it is told to stop',
      then: 'it is Free after a tenth, and the task stands on storage as running',
      proof: () => {
        const host = new LoneHost({ config: { spm: { ...TERMS, takes: () => SECOND / 10 } } });
        host.submitVolume('v');
        const asked = stop(host);
        host.advance(SECOND / 10);
        expect([host.replyTo(asked)?.code, host.storage.lease('pool1').owner, host.storage.tasks('pool1').map(({ state }) => state)]).toEqual([0, null, ['running']]);
      },
    },
    {
      id: 'vdsm-2.stop-queued',
      source: 'spmStop: queued jobs fail at dequeue, code 100',
      given: 'an SPM with one worker, that runs a job, and a task that waits for it',
      when: 'it is told to stop, and the worker is free before it has',
      then: 'the one that waits is not begun: it has failed with 100, and the next SPM shows it as rolled back, without a code; the one that ran has ended well',
      proof: () => {
        const host = new LoneHost({ config: { workers: 1 } });
        for (const id of ['v', 'w']) host.submitVolume(id);
        stop(host);
        host.advance(4 * SECOND);
        const ends = host.probes.flatMap((probe) => (probe.type === 'hostTaskEnded' ? [[probe.taskId, probe.result, probe.code]] : []));
        expect(ends).toEqual([['v', 'success', 0], ['w', 'cleanSuccess', 100]]);
        expect(host.storage.ledger.entries.map(({ key, part }) => `${key} ${part}`)).toEqual(['v begin', 'v end']);
        const next = new LoneHost({ storage: host.storage, config: { incarnation: 2 } });
        expect(['v', 'w'].map((id) => next.status(id))).toMatchObject([{ taskResult: 'success' }, { taskResult: 'cleanSuccess', code: 0 }]);
      },
    },
    {
      id: 'vdsm-2.stop-running',
      source: 'Running jobs continue without the lease',
      given: 'an SPM with a running job',
      when: 'it stops being SPM, and becomes it again before that job would be done',
      then: 'the job comes to nothing, for storage refuses what is written under the earlier lease; its task has been rolled back',
      proof: [{ file: ROLE, test: 'and to start again while a job runs, never takes the time of that job for one of the new term' }, { file: FAIL_OVER, test: 'and moves back while its job still runs: the time of that job is of a term that is over, and the task is done once' }],
      differs: 'vdsm\'s storage knows no generation, so what its job writes is there.',
    },
    {
      id: 'vdsm-2.not-spm',
      source: 'Not SPM: async verbs → 654',
      given: 'a host that is not SPM, or stops being it',
      when: 'it is asked for a task, or about tasks',
      then: '654',
      proof: () => {
        const codes = (host: LoneHost): readonly number[] => [host.ask(submitVolume('v')).code, host.stop('v'), host.clear('v'), host.ask({ op: 'getAllTasksStatuses', pool: 'pool1' }).code];
        const stopping = new LoneHost();
        stop(stopping);
        expect([new LoneHost({ node: 'host2' }), stopping].map(codes)).toEqual([[654, 654, 654, 654], [654, 654, 654, 654]]);
      },
    },
    {
      id: 'vdsm-2.not-spm-sync',
      source: 'Not SPM: secured synchronous verbs raise SecureError → 654',
      fact: 'setVolumeDescription, setVolumeLegality and others are answered by the SPM at once, and by another host with 654.',
      doesNotApply: 'No flow of ours uses a verb that the SPM answers at once (vdsm-3.spm-sync-verbs).',
    },
    {
      id: 'vdsm-2.sanlock-live',
      source: 'sanlock: live until 80 s since renewal, fail until 140 s',
      fact: 'Before a lease is dead, storage says of its owner that it may have failed, from 80 s after its last renewal on.',
      doesNotApply: 'A lease of ours is either to be had or not, which is what sanlock decides by the 140 s alone. That its owner is silent the engine sees for itself (vdsm-2.engine-fence-grace).',
    },
    {
      id: 'vdsm-2.sanlock',
      source: 'sanlock: dead > 140 s; host id 20–30 s',
      given: 'an SPM that renews its lease every 20 s, and a host that has restarted',
      when: 'the SPM dies; the host is told to become SPM',
      then: 'nobody else has the lease before 140 s from its last renewal; and storage knows the host by its id only after 20 to 30 s',
      proof: [{ file: ROLE, test: 'waits until the lease of another has expired; its version and generation grow by one' }, { file: ROLE, test: 'after a restart, answers 99 first, and then waits for its id on storage' }, { file: ROLE, test: 'is renewed every 20 s, and lasts 140 s from then on' }],
    },
    {
      id: 'vdsm-2.own-lease',
      source: 'sanlock: host id',
      given: 'a host that died as SPM and is back',
      when: 'it is told to become SPM',
      then: 'it has its own lease at once, under the next generation',
      proof: [{ file: ROLE, test: 'has what an earlier incarnation of its own had at once, under the next generation' }],
    },
    {
      id: 'vdsm-2.safelease',
      source: 'safelease: 60 s lease, 5 s renewal',
      given: 'a scenario with these numbers',
      when: 'the SPM dies',
      then: 'another is SPM that much earlier',
      proof: [{ file: FAIL_OVER, test: 'sooner where the lease is safelease\'s' }],
      differs: 'Only the numbers: what fences a safelease host that has lost its lease, step by step, is here one sudden death.',
    },
    {
      id: 'vdsm-2.watchdog',
      source: 'Watchdog: 20 s checks; panic',
      given: 'an SPM that has lost its lease',
      when: 'it next renews it, or writes',
      then: 'it is gone at once, and its service manager starts it again',
      proof: [{ file: ROLE, test: 'that is lost ends the host: at its next renewal' }, { file: ROLE, test: 'or when it is next asked to write' }],
      differs: 'vdsm\'s watchdog bears three temporary errors before the fourth kills it; renewals here have no such errors.',
    },
    {
      id: 'vdsm-2.fence-storage',
      source: 'fenceSpmStorage',
      given: 'an SPM',
      when: 'storage takes its lease away (`loseLease`)',
      then: 'there is no owner, the version is -1, the generation grows; the SPM panics, and another is elected',
      proof: [{ file: ROLE, test: 'that was taken away from it: the version begins anew, the generation never does' }, { file: FAIL_OVER, test: 'an SPM whose lease storage takes away panics before it does another thing, and is up again as a Free host' }],
      differs: 'In vdsm it also makes the host Free that was asked. Here the host that has lost its lease is never Free in that life.',
    },
  ],
};
