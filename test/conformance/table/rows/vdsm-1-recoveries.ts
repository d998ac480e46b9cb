import { expect } from 'vitest';
import { z } from 'zod';
import { SharedStorage } from '../../../../sim/world/shared-storage.js';
import { minus } from '../../../../sim/world/verbs/objects.js';
import { defineVerb, recovered, succeeded, type RecoveryOutcome } from '../../../../sim/world/verbs/verb.js';
import { LoneHost, SECOND, smallWorld, STEP } from '../../../actors/lone-host.js';
import type { Section } from '../row.js';

const HOST = 'test/actors/spm-host.test.ts';
const TASKS = 'test/actors/spm-host-tasks.test.ts';
const TAKE_OVER = 'test/actors/spm-take-over.test.ts';

/** Runs the recoveries `one`, `two` and `three` of a task, registered in this order: what came of it, and which of them were run. */
function recover(two: RecoveryOutcome = recovered([minus('work', 'two')])): readonly [string, readonly string[]] {
  const taken = (object: string) => () => recovered([minus('work', object)]);
  const verb = defineVerb({
    name: 'work',
    kind: 'spm',
    args: z.strictObject({}),
    latency: { kind: 'constant', value: 1 },
    run: () => succeeded([]),
    recoveries: { one: taken('one'), two: () => two, three: taken('three') },
  });
  const storage = new SharedStorage([verb]);
  const how = storage.recover({ key: 't', verb: 'work', args: {}, step: STEP, host: 'host1', hold: null }, ['one', 'two', 'three'], false);
  return [how, storage.ledger.entries.flatMap(({ effects }) => effects.map(({ object }) => object))];
}

const registered = (host: LoneHost, taskId = 'v'): readonly string[] | undefined => host.storage.tasks('pool1').find(({ id }) => id === taskId)?.recoveries;
const volumes = (host: LoneHost, domain = 'domain1', disk = 'disk-of-v'): readonly string[] => [...(host.storage.content.images.find(domain, disk)?.volumes.keys() ?? [])];

export const vdsm1Recoveries: Section = {
  title: 'Tasks: recoveries and persistence',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-1.recoveries-lifo',
      source: 'Recoveries: LIFO stack',
      given: 'a task that has registered three recoveries',
      when: 'it is rolled back',
      then: 'the last one is run first',
      proof: () => expect(recover()).toEqual(['clean', ['three', 'two', 'one']]),
    },
    {
      id: 'vdsm-1.recoveries-persisted',
      source: 'Recoveries: persisted on every push',
      given: 'a task that has registered a recovery',
      when: 'its job runs',
      then: 'the recovery is on storage, by its name, with the change that it takes back; the next SPM runs it',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        expect(registered(host)).toEqual(['create volume: begin', 'create volume: remove what is half-baked']);
        const next = new LoneHost({ storage: host.storage, config: { incarnation: 2 } });
        next.advance(SECOND);
        expect([next.status('v')?.taskResult, next.storage.content.images.find('domain1', 'disk-of-v')]).toEqual(['cleanSuccess', undefined]);
      },
    },
    {
      id: 'vdsm-1.recovery-fails',
      source: 'Recoveries: the first failing one stops the rest',
      given: 'a task that has registered three recoveries, the second of which fails',
      when: 'it is rolled back',
      then: 'the last is run, and the first is not',
      proof: () => expect(recover({ ok: false, message: 'no' })).toEqual(['dirty', ['three']]),
    },
    {
      id: 'vdsm-1.recovery-fails-result',
      source: 'Recoveries: the first failing one: cleanFailure',
      given: 'a task whose roll-back fails',
      when: 'it is over',
      then: 'it is finished/cleanFailure, with the code of its own failure, and what it had done is there',
      proof: () => {
        const host = new LoneHost({ rules: [{ verb: 'createVolume', code: 397 }, { verb: 'createVolume', rollback: 'fails' }] });
        host.submitVolume('v');
        host.advance(2 * SECOND);
        expect(host.status('v')).toMatchObject({ taskState: 'finished', taskResult: 'cleanFailure', code: 397 });
        expect(host.storage.content.images.find('domain1', 'disk-of-v')?.halfBaked).toEqual(new Set(['v']));
      },
    },
    {
      id: 'vdsm-1.create-volume-recoveries',
      source: 'Recoveries: createVolume: sentinel, half-baked, metadata, then one',
      given: 'createVolume',
      when: 'it begins; it is done',
      then: 'it has registered a sentinel and how what is half-baked is removed; then the sentinel and how the volume is',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.advance(SECOND);
        expect(registered(host)).toEqual(['create volume: begin', 'create volume: remove the volume']);
      },
      differs: 'There, the volume\'s metadata have a recovery of their own meanwhile. A simulated volume is made in two parts, not in three.',
    },
    {
      id: 'vdsm-1.duplicate-keeps-first',
      source: 'Recoveries: a duplicate does not delete the first volume',
      given: 'two tasks that create the same volume',
      when: 'the second comes while the first runs; another when that is done',
      then: 'both are finished/cleanSuccess with 212, and the volume is there',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.submitVolume('v', 'meanwhile');
        host.advance(SECOND);
        host.submitVolume('v', 'afterwards');
        host.advance(SECOND);
        expect(['v', 'meanwhile', 'afterwards'].map((id) => [host.status(id)?.taskResult, host.status(id)?.code])).toEqual([['success', 0], ['cleanSuccess', 212], ['cleanSuccess', 212]]);
        expect(volumes(host)).toEqual(['v']);
      },
    },
    {
      id: 'vdsm-1.merge-no-return',
      source: 'Recoveries: mergeSnapshots forgets its recoveries at the point of no return',
      given: 'a merge that is stopped while it runs',
      when: 'its job returns',
      then: 'it is finished/cleanSuccess, and what it has merged stays merged',
      proof: () => {
        const storage = smallWorld();
        storage.addDisk({ disk: 'd', vm: null, domain: 'domain1', volumes: [{ id: 'base', parent: null, format: 'raw' }, { id: 'leaf', parent: 'base', format: 'cow' }], sizeBytes: 1 });
        const host = new LoneHost({ storage });
        host.submit('t', 'mergeSnapshots', { domain: 'domain1', disk: 'd', ancestor: 'base', successor: 'leaf' });
        host.stop('t');
        host.advance(3 * SECOND);
        expect([host.status('t'), volumes(host, 'domain1', 'd')]).toMatchObject([{ taskResult: 'cleanSuccess', code: 411 }, ['leaf']]);
      },
      differs: 'There, it has recoveries until then. Here a merge is done in one instant, and never has any.',
    },
    {
      id: 'vdsm-1.move-image',
      source: 'Recoveries: moveImage swallows the failure to delete its source',
      fact: 'One verb copies an image and then deletes the source; if that fails, it is a success, and the source is left behind.',
      doesNotApply: 'No verb does both: MoveDisk copies with one task and deletes with another, each with an end of its own (ovirt-3.cold-move).',
    },
    {
      id: 'vdsm-1.clean-is-not-unchanged',
      source: 'Recoveries: cleanSuccess does not mean that storage is unchanged',
      given: 'the deletion of an image that is stopped',
      when: 'it is finished/cleanSuccess',
      then: 'the image is gone all the same',
      proof: [{ file: TASKS, test: 'does not bring back what a verb without recovery has removed' }],
    },
    {
      id: 'vdsm-1.policies',
      source: 'Policies: persist and clean: none, manual, auto',
      fact: 'A task can be kept in memory alone, can be made to write itself down or not, and can clear itself.',
      doesNotApply: 'There are only tasks of the SPM, and of these only one policy: written down by itself, cleared by others, rolled back by itself.',
    },
    {
      id: 'vdsm-1.persist-auto',
      source: 'Policies: SPM tasks: persist auto',
      given: 'a task of the SPM',
      when: 'it is accepted, starts, and ends',
      then: 'each is on storage before anybody is told',
      proof: [{ file: TASKS, test: 'is on shared storage before it is answered or started, and its end before it is told' }],
    },
    {
      id: 'vdsm-1.clean-manual',
      source: 'Policies: SPM tasks: clean manual: never garbage-collected',
      given: 'a task that is over, and that nobody clears',
      when: 'a day has passed, and another SPM has taken over',
      then: 'it is listed still',
      proof: () => {
        const host = new LoneHost();
        host.submitVolume('v');
        host.advance(86_400 * SECOND);
        expect(host.status('v')).toMatchObject({ taskResult: 'success' });
        expect(new LoneHost({ storage: host.storage, config: { incarnation: 2 } }).status('v')).toMatchObject({ taskResult: 'success' });
      },
    },
    {
      id: 'vdsm-1.recovery-auto',
      source: 'Policies: SPM tasks: recovery auto',
      given: 'a task that fails',
      when: 'its job returns',
      then: 'it is rolled back without anybody asking for that; a worker does it',
      proof: [
        { file: TASKS, test: 'fails by injection %s and leaves no effect' },
        { file: TASKS, test: 'holds roll-backs too: one that waits there is in the way of what is submitted, and one that runs has a worker' },
      ],
    },
    {
      id: 'vdsm-1.files',
      source: 'Persistence: files of a task, written to .temp, renamed by way of .backup',
      fact: 'A task is a directory of files, and is replaced by renaming it twice, in the middle of which a host can die.',
      doesNotApply: 'What a host writes to storage is written at once or not at all. Where our own files are written in parts, the engine\'s store, tests cut the power at each of them.',
    },
    {
      id: 'vdsm-1.never-resumed',
      source: 'Persistence: jobs are never resumed',
      given: 'a job that ran when its host died',
      when: 'the next SPM has loaded its task',
      then: 'it is rolled back, and does not begin again',
      proof: [{ file: TAKE_OVER, test: 'rolls back what was running or queued, and none of it has an effect' }],
    },
    {
      id: 'vdsm-1.result-of-finished',
      source: 'Persistence: .result only for `finished`',
      given: 'a task that has finished, and one that has failed',
      when: 'another SPM has loaded them',
      then: 'the first has its result, the second has lost code and message',
      proof: [{ file: TAKE_OVER, test: 'keeps the result of what has finished, and loses the code of what has failed' }],
    },
    {
      id: 'vdsm-1.persist-errors',
      source: 'Persistence: errors of writing a transition are swallowed',
      given: 'an SPM that cannot write to storage any more that a task of it is over',
      when: 'its job is done',
      then: 'nothing is done, no end is told, and the host panics',
      proof: [{ file: HOST, test: 'that was taken away is noticed at the next write: the job has no effect, and the host panics' }],
      differs: 'There, the task is finished/success in the memory of its host, whatever is on storage, and the next SPM says another thing.',
    },
  ],
};
