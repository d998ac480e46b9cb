import { expect } from 'vitest';
import type { SpmStatus } from '../../../../actors/wire.js';
import { GIB, grantSpm, LoneHost, SECOND, smallWorld } from '../../../actors/lone-host.js';
import { withSubmitted } from '../../../actors/task-manager/a-task-manager.js';
import { runOf, spmOf } from '../../../sim/embed/spm-scenario.js';
import type { Section } from '../row.js';

const HOSTS = 'test/sim/embed/host-faults.test.ts';
const FAULTS = 'test/sim/embed/task-faults.test.ts';
const MISSING = 'test/actors/task-manager/missing.test.ts';
const LIFE = 'test/actors/task-manager/life.test.ts';
const ROLE = 'test/actors/host/spm-role.test.ts';
const TASKS = 'test/actors/spm-host-tasks.test.ts';
const NETWORK = 'test/sim/embed/network-faults.test.ts';
const OWN_IDS = 'test/sim/embed/own-ids-of-flows.test.ts';

const VOLUME = { domain: 'domain1', disk: 'd', volume: 'v', parent: null, format: 'raw', sizeBytes: GIB } as const;
const COPY = { disk: 'disk1', source: 'domain1', target: 'domain2' };

/** On hosts that make their own ids, the same is submitted twice, one right after the other: how both end. */
function twice(verb: 'createVolume' | 'deleteImage'): { readonly host: LoneHost; readonly ends: readonly unknown[] } {
  const host = new LoneHost({ config: { clientTaskIds: false } });
  const args = verb === 'createVolume' ? VOLUME : { domain: 'domain1', disk: 'disk1' };
  const uuids = [1, 2].map(() => (host.submit(null, verb, args).result as { readonly uuid: string }).uuid);
  host.advance(10 * SECOND);
  return { host, ends: uuids.map((uuid) => [host.status(uuid)?.taskResult, host.status(uuid)?.code]) };
}

const roleOf = (host: LoneHost): string => (host.ask({ op: 'getSpmStatus', pool: 'pool1' }).result as SpmStatus).role;

export const vdsm7Faults: Section = {
  title: 'Faults and what must be seen',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-7.crash',
      source: 'Fault: crash: no replies; children killed; back as 99, then Free',
      given: 'a host that crashes, wherever in its task',
      when: 'it is down; it is back',
      then: 'nothing is heard of it, and nothing of its job is done any more; it answers 99 first, and is Free',
      proof: [
        { file: HOSTS, test: 'is not heard of again before it is back, wherever in its task it died' },
        { file: HOSTS, test: 'named %s: it is gone at once, and comes back as another incarnation that is Free' },
        { file: ROLE, test: 'after a restart, answers 99 first, and then waits for its id on storage' },
        { file: 'test/sim/world/life-storage.test.ts', test: 'a host that dies in the middle of a turn writes nothing in the rest of it' },
      ],
    },
    {
      id: 'vdsm-7.crash-recovery',
      source: 'Fault: crash: recovery only at next spmStart',
      given: 'an SPM that died with a task running, and is back',
      when: 'a minute passes; it is told to become SPM',
      then: 'the task is on storage as it was; it is rolled back',
      proof: () => {
        const before = new LoneHost();
        before.submitVolume('v');
        const host = new LoneHost({ storage: before.storage, config: { incarnation: 2, beginsAsSpm: false } });
        host.advance(60 * SECOND);
        expect(host.storage.tasks('pool1')).toMatchObject([{ state: 'running' }]);
        expect(host.ask({ op: 'startSpm', pool: 'pool1', prevId: 'host1', prevVersion: 0 }).code).toBe(0);
        host.advance(10 * SECOND);
        expect(host.storage.tasks('pool1')).toMatchObject([{ state: 'recovered' }]);
      },
    },
    {
      id: 'vdsm-7.crash-survivors',
      source: 'Fault: crash: children survive, by a flag (BZ1768167)',
      fact: 'A copy can go on after the host\'s daemon has died, and write to what somebody else has by then.',
      doesNotApply: 'Here a job dies with its host, and what an SPM writes after its term, storage refuses. Writers that nothing stops are beyond the model, and there is no setting for them.',
    },
    {
      id: 'vdsm-7.hang',
      source: 'Fault: hang (D state): running for ever, stop no effect, worker consumed; ten of them stall all',
      given: 'tasks that hang',
      when: 'one is stopped; there are nine, or ten',
      then: 'it goes on running, and keeps its worker; with nine the others of the pool are done, and with ten nothing is',
      proof: [
        { file: FAULTS, test: 'stays one when it is asked to stop, and is rolled back when it returns' },
        { file: FAULTS, test: 'takes a worker: ten of them, and no other task of the pool begins' },
      ],
    },
    {
      id: 'vdsm-7.slow',
      source: 'Fault: slow: sync part above 180 s: client times out, effect lands',
      given: 'a host that takes 200 s to answer a submission',
      when: 'the engine does not hear of it in time',
      then: 'it offers the same id again; the task is there, is done once, and the command succeeds',
      proof: async () => {
        const verbs = { work: { kind: 'spm', effect: 'job/${args.id}', latency: '30s', answerLatency: '200s' } } as const;
        const seen = await runOf({ verbs });
        expect([seen.commands.map(({ status }) => status), seen.tasks.length]).toEqual([['SUCCEEDED'], 1]);
        // Sooner than with its first answer, for what there is already is answered at once.
        expect(seen.overAt).toBeGreaterThan(180);
        expect(seen.overAt).toBeLessThan(200);
      },
    },
    {
      id: 'vdsm-7.slow-call',
      source: 'Fault: slow: sync part above 180 s: client times out, effect lands',
      given: 'a call to a host that takes longer than its engine waits',
      when: 'its effect lands',
      then: 'the engine has not taken the time-out for a failure: it asks the host whether the call is over before it undoes anything below it',
      proof: [{ file: 'test/sim/embed/unanswered-calls.test.ts', test: 'has done so before what is below it is undone, wherever the engine crashes' }],
    },
    {
      id: 'vdsm-7.lost-reply',
      source: 'Fault: lost reply: the task exists under an id the engine never saw',
      given: 'hosts as they are by default',
      when: 'the reply to a submission is lost',
      then: 'the engine knows the id, for it has made it: it offers the same again, and the task runs once',
      proof: [{ file: NETWORK, test: 'loses %s, and nothing else' }],
      differs: 'There, the engine never hears of the id, and finds only a task of some verb in the list.',
    },
    {
      id: 'vdsm-7.lost-reply-own-ids',
      source: 'Fault: lost reply: discovery via getAllTasksInfo, verb only',
      given: 'hosts with `clientTaskIds: false`',
      when: 'the reply to a submission is lost',
      then: 'the engine knows no more than the verbs of the tasks that there are: it waits until none of that verb is left that it does not know, and asks storage',
      proof: [{ file: OWN_IDS, test: 'succeeds whichever submission is lost, or whichever reply to one: but for a download, and a copy that ran, of which nobody can tell how far it came' }],
    },
    {
      id: 'vdsm-7.duplicate-create',
      source: 'Fault: duplicate submit: new id; create: cleanSuccess/212, first volume intact',
      given: 'hosts with `clientTaskIds: false`',
      when: 'createVolume arrives twice',
      then: 'there are two tasks; the second is cleanSuccess/212, and the volume of the first is there',
      proof: () => {
        const { host, ends } = twice('createVolume');
        expect(ends).toEqual([['success', 0], ['cleanSuccess', 212]]);
        expect([...(host.storage.content.images.find('domain1', 'd')?.volumes.keys() ?? [])]).toEqual(['v']);
      },
    },
    {
      id: 'vdsm-7.duplicate-delete',
      source: 'Fault: duplicate submit: delete: waits on the image lock (851 after 120 s), then sync 268',
      given: 'hosts with `clientTaskIds: false`',
      when: 'deleteImage arrives twice',
      then: 'the second is cleanSuccess/268',
      proof: () => expect(twice('deleteImage').ends).toEqual([['success', 0], ['cleanSuccess', 268]]),
      differs: 'There, the second waits for the image\'s lock when it is submitted, and is then refused with 268, or with 851. Hosts here have no locks of images (vdsm-3.image-locks).',
    },
    {
      id: 'vdsm-7.duplicate-sync',
      source: 'Fault: duplicate submit: syncImageData rewrites',
      given: 'an image that was synchronised',
      when: 'the same arrives again',
      then: 'it is written again, and holds the same',
      proof: () => {
        const storage = smallWorld();
        const host = new LoneHost({ storage, config: { clientTaskIds: false } });
        const contents = [host.submit(null, 'cloneImageStructure', COPY), 1, 2].map((first) => {
          if (typeof first === 'number') host.submit(null, 'syncImageData', COPY);
          host.advance(10 * SECOND);
          return storage.content.images.find('domain2', 'disk1');
        });
        expect([contents[1]?.filled, contents[2]]).toEqual([true, contents[1]]);
        expect(host.ask({ op: 'getAllTasksStatuses', pool: 'pool1' }).result).toMatchObject({ tasks: [1, 2, 3].map(() => ({ taskResult: 'success' })) });
      },
    },
    {
      id: 'vdsm-7.task-lost',
      source: 'Fault: task lost: absent: 401, missing key',
      given: 'a task that its host has forgotten',
      when: 'it is asked about; all are listed; another host is asked',
      then: '401; it is not in the list; 654',
      proof: () => {
        const host = new LoneHost({ rules: [{ verb: 'createVolume', lost: 'atEnd' }] });
        host.submitVolume('v');
        host.advance(SECOND);
        const other = new LoneHost({ node: 'host2', storage: host.storage });
        const ask = (one: LoneHost): number => one.ask({ op: 'getTaskStatus', pool: 'pool1', taskId: 'v' }).code;
        expect([ask(host), host.status('v'), ask(other)]).toEqual([401, undefined, 654]);
      },
    },
    {
      id: 'vdsm-7.task-lost-engine',
      source: 'Fault: task lost: never confuse with 654 or a transport error',
      given: 'an acknowledged task that a list does not have; a poll that fails; one that is answered with 654',
      when: 'nothing else is heard of it',
      then: 'the first counts, for the whole grace; the others say nothing',
      proof: [
        { file: MISSING, test: 'is fenced when it has been so for the whole grace, and is lost when that is answered, not before' },
        { file: MISSING, test: 'is waited for anew when the SPM answers and %s' },
        { file: LIFE, test: 'a poll that fails says nothing, and is repeated' },
      ],
    },
    {
      id: 'vdsm-7.finished-unreachable',
      source: 'Fault: finished while unreachable: persisted, success kept',
      given: 'a task that finishes while nobody reaches its host; that host dies; another is SPM',
      when: 'the list is asked for again',
      then: 'it is a success',
      proof: async () => {
        const partition = { partition: { between: ['engine', 'host1'], at: '10s', for: '40s' } } as const;
        const seen = await runOf({ faults: [partition, { crashHost: { at: '45s', host: 'host1', down: '30min' } }] });
        // The only task has begun before 10 s, takes 30 s, and is over while nobody can hear of it; host1 is never heard again as SPM.
        expect([seen.commands.map(({ status }) => status), seen.tasks.map(({ host }) => host), spmOf(seen)]).toEqual([['SUCCEEDED'], ['host1'], ['host2']]);
      },
    },
    {
      id: 'vdsm-7.spm-move',
      source: 'Fault: running at SPM move: code 0, cleanSuccess, job partly applied',
      given: 'deleteImage, whose image is gone as soon as it starts, and an SPM that dies then',
      when: 'the next has taken over',
      then: 'it is finished/cleanSuccess with code 0, and the image is gone',
      proof: () => {
        const before = new LoneHost();
        before.submit('t', 'deleteImage', { domain: 'domain1', disk: 'disk1' });
        const host = new LoneHost({ storage: before.storage, config: { incarnation: 2 } });
        host.advance(10 * SECOND);
        expect([host.status('t'), host.storage.content.images.find('domain1', 'disk1')]).toMatchObject([{ taskResult: 'cleanSuccess', code: 0 }, undefined]);
      },
    },
    {
      id: 'vdsm-7.empty-list',
      source: 'Fault: empty-list window: new SPM answers {} for 0–2 s',
      given: 'a host that has become SPM',
      when: 'it is asked for its tasks within `spm.loading`, 0 to 2 s',
      then: 'its list is empty, and says that it is not settled; the engine takes nothing for lost',
      proof: [{ file: ROLE, test: 'is Contend until it has the lease and 3 s more, then SPM, and lists its tasks 2 s later' }, { file: MISSING, test: 'is waited for anew when the SPM answers and %s' }],
    },
    {
      id: 'vdsm-7.stop-race',
      source: 'Fault: stop race: stop after the job\'s effect: 411, effect remains unless recovery registered',
      given: 'a job that runs, of a verb with a recovery, and of one without',
      when: 'it is stopped, and its job has its effect',
      then: 'both are cleanSuccess/411; the effect of the first is taken back, that of the second stays',
      proof: [{ file: TASKS, test: 'lets a running job return, and then rolls its effect back' }, { file: TASKS, test: 'does not bring back what a verb without recovery has removed' }],
    },
    {
      id: 'vdsm-7.rollback-fails',
      source: 'Fault: rollback failure: cleanFailure, partial state',
      given: 'a task that fails, and whose roll-back fails',
      when: 'its command goes on',
      then: 'it is cleanFailure, and what it has done is there; the undo finds it and takes it back',
      proof: [{ file: FAULTS, test: 'leaves what the task has done, which its undo takes back' }],
    },
    {
      id: 'vdsm-7.split-brain',
      source: 'Fault: split brain: both role SPM; only storage sees the lease generation; old jobs keep writing',
      given: 'an SPM with a running job that has not noticed that its lease has expired and another has it',
      when: 'both are asked; its job is done',
      then: 'both say that they are SPM, and storage knows one of them; nothing of the job is written, and its host panics',
      proof: () => {
        const old = new LoneHost();
        old.submitVolume('v');
        old.advance(SECOND / 2);
        grantSpm(old.storage, 'host2');
        const next = new LoneHost({ node: 'host2', storage: old.storage, config: { incarnation: 2, beginsAsSpm: true } });
        expect([roleOf(old), roleOf(next), old.storage.lease('pool1').owner]).toEqual(['SPM', 'SPM', 'host2']);
        const before = old.storage.ledger.entries.length;
        old.advance(SECOND);
        expect([old.storage.ledger.entries.length, old.panics]).toEqual([before, ['the SPM lease is lost']]);
      },
      differs: 'There, storage does not look at generations, and what the old job writes is there. Storage without that is beyond the model, and there is no setting for it.',
    },
    {
      id: 'vdsm-7.clear-fails',
      source: 'Fault: clear fails or is lost: task stays; later blocks engine spmStop',
      given: 'a task whose clearing fails, or is lost',
      when: 'the pool is polled again; the SPM is to stop',
      then: 'it is asked for again until it succeeds; meanwhile it is in nobody\'s way',
      proof: () => {
        const { tell, answer, asked: askedFor, pollAgain } = withSubmitted();
        pollAgain({});
        tell({ type: 'clear', taskId: 't1' });
        answer('clearTask', { code: 402 });
        expect(askedFor('clearTask')).toEqual([]);
        pollAgain({});
        expect(askedFor('clearTask')).toHaveLength(1);
        const host = new LoneHost();
        host.submitVolume('v');
        host.advance(SECOND);
        const asked = host.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });
        host.advance(4 * SECOND);
        expect([host.replyTo(asked)?.code, roleOf(host), host.storage.tasks('pool1').length]).toEqual([0, 'Free', 1]);
      },
      differs: 'There, the engine does not stop an SPM that lists any task.',
    },
  ],
};
