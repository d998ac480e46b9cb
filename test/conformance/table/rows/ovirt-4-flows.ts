import { expect } from 'vitest';
import { runFlow } from '../../../src/commands/flow.js';
import { migrate } from '../../../src/commands/migration.js';
import { acknowledged, runs, well } from '../driven.js';
import { ending, LOST, withCopy } from '../one-copy.js';
import type { Row, Section } from '../row.js';

const failTask = (verb: string, code: number) => ({ failTask: { verb, code } });

const DISK = { domains: [{ id: 'hdd' }], disks: [{ id: 'd1', domain: 'hdd', size: '1 GiB' }] };

const restart: readonly Row[] = [
  {
    id: 'ovirt-4.17',
    source: 'Historical bugs: 17, 26a4680b6b7: the pool is up before the tasks are loaded',
    given: 'an engine that starts, and a host that tells ends and answers at once',
    when: 'anything at all arrives, from its first moment on',
    then: 'all records have been read by then, and all tasks are there',
    proof: [
      { file: 'test/actors/engine.test.ts', test: 'has in memory what is on disk' },
      { file: 'test/actors/engine.test.ts', test: 'crashed at each of its port operations in turn, comes to the same end' },
      { file: 'test/sim/embed/simulation.test.ts', test: 'with seed %i does not lose a command that is submitted at its very beginning' },
    ],
  },
  {
    id: 'ovirt-4.18',
    source: 'Historical bugs: 18, 36995559f3a: a task that vdsm lost while the engine was down: its row stays for ever',
    given: 'a task that its host forgets while the engine is down',
    when: 'that is certain',
    then: 'its command is told, and then its record goes',
    proof: () =>
      withCopy({}, async (rig) => {
        await acknowledged(1)(rig);
        rig.restart();
        rig.host.tasks.clear();
        await rig.run();
        expect(await ending(rig)).toEqual(LOST);
      }),
    differs: 'when oVirt had learnt to delete the row, the command was still lost',
  },
  {
    id: 'ovirt-4.25-entity',
    source: 'Historical bugs: 25, 51cf2f8657f: the constructor reads what the last step has deleted',
    given: 'a command whose last step deletes the record that it is about',
    when: 'the engine dies at any point around that',
    then: 'the recovered command needs no more than its params, and succeeds',
    proof: async () => {
      for (const is of ['placed', 'ended']) {
        const crash = { crashEngine: { when: { task: 'deleteImage', is }, down: '5s' } };
        const { command, entity, broken } = await runFlow('RemoveImage', DISK, { disk: 'd1' }, { faults: [crash] });
        expect([is, command.status, entity('disk/d1'), broken]).toEqual([is, 'SUCCEEDED', undefined, []]);
      }
    },
  },
  {
    id: 'ovirt-4.25-id',
    source: 'Historical bugs: 25, fc8a3e3f70f: an id that a handler has made is lost in a crash',
    given: 'a handler that names what it makes',
    when: 'it is asked for the name again, in another callback, by an engine that has the command from its disk',
    then: 'it is the same',
    proof: [{ file: 'test/actors/told-in-the-undo.test.ts', test: 'the undo is told by %s' }],
  },
  {
    id: 'ovirt-4.27-restart',
    source: 'Historical bugs: 27, 0455a667424: a restart acquires locks twice, and waits for itself',
    given: 'a command with a lock',
    when: 'the engine dies while it runs',
    then: 'it goes on, and its lock is free in the end: the next command has it',
    proof: () =>
      runs([{ tasks: ['well'] }], { happens: [...well('h1').slice(0, 3), 'crash', ...well('h1').slice(3)], status: 'SUCCEEDED' }, async (rig) => {
        rig.submit('c2', 'Row');
        await rig.run();
        expect((await rig.command('c2')).status).toBe('SUCCEEDED');
      }, { at: acknowledged(1) }),
  },
];

const flows: readonly Row[] = [
  {
    id: 'ovirt-4.21-fails',
    source: 'Historical bugs: 21, 138e62e9999: the copy fails, and the target is deleted while the VM writes to it',
    given: 'a live migration whose syncImageData fails',
    when: 'it is undone',
    then: 'the replication is ended, to the source, and then the target is deleted',
    proof: async () => {
      const { children, verbs, broken } = await migrate({ faults: [failTask('syncImageData', 261)] });
      expect([children.map(({ status }) => status), verbs.slice(-3), broken]).toEqual([['ROLLED_BACK'], ['syncImageData 261', 'diskReplicateFinish', 'deleteImage'], []]);
    },
  },
  {
    id: 'ovirt-4.21-finish-fails',
    source: 'Historical bugs: 21, 31a27af0f07: the replication cannot be ended, and the disk stays locked; right: on error stop the rollback, always unlock',
    given: 'a live migration whose syncImageData fails, and a replication that cannot be ended',
    when: 'that was tried as often as its handler says',
    then: 'the target is not deleted, and the command is ROLLBACK_INCOMPLETE; it keeps its locks until an operator has decided',
    proof: async () => {
      const never = { failCall: { verb: 'diskReplicateFinish', code: 100, match: { target: 'hdd' }, nth: 'every' } };
      const { parent, children, verbs, broken } = await migrate({ faults: [failTask('syncImageData', 261), never] });
      expect([children.map(({ status }) => status), verbs.filter((verb) => verb.startsWith('deleteImage')), parent.locks.toSorted(), broken]).toEqual([['ROLLBACK_INCOMPLETE'], [], ['disk/d1', 'vm/vm1'], []]);
    },
    differs: 'a disk that a VM may write to in two places must not be free for the next command: the status names what is left, and an operator can have it tried again',
  },
  {
    id: 'ovirt-4.22-first',
    source: 'Historical bugs: 22, 668e593dc69: step 0 locks the disk, its task fails, the disk stays locked',
    given: 'a live migration whose first task fails',
    when: 'its step is cleaned up: by itself, as the first',
    then: 'the disk is as before, and nothing is locked',
    proof: async () => {
      const { parent, entity, broken } = await migrate({ faults: [failTask('createVolume', 261)] });
      expect([parent.status, parent.locks, entity('disk/d1'), broken]).toMatchObject(['ROLLED_BACK', [], { status: 'OK' }, []]);
    },
  },
  {
    id: 'ovirt-4.22-second',
    source: 'Historical bugs: 22, 0b59ece5754: a lock that the end of one step takes, and the next cannot undo',
    given: 'a live migration of which the first step of a disk fails',
    when: 'it is undone',
    then: 'the disk is not locked: each step undoes what itself has done',
    proof: async () => {
      const { parent, children, entity, broken } = await migrate({ faults: [failTask('cloneImageStructure', 261)] });
      expect([children.map(({ status }) => status), parent.locks, entity('disk/d1'), broken]).toMatchObject([['ROLLED_BACK'], [], { status: 'OK', domain: 'hdd' }, []]);
    },
  },
  {
    id: 'ovirt-4.23',
    source: 'Historical bugs: 23, f60a47d4191',
    given: 'a live migration whose volumes are created, and a VM that refuses the snapshot',
    when: 'the step ends',
    then: 'its end has failed: nothing is migrated, and the volumes are deleted',
    proof: async () => {
      const { parent, children, verbs, broken } = await migrate({ faults: [{ failCall: { verb: 'snapshot', code: 48 } }] });
      expect([parent.status, children, verbs, broken]).toEqual(['ROLLED_BACK', [], ['createVolume', 'snapshot 48', 'deleteVolume'], []]);
    },
  },
  {
    id: 'ovirt-4.24',
    source: 'Historical bugs: 24, fc6329ed271',
    given: 'a list of steps that follows from the params',
    when: 'the engine crashes behind a merge, and the chain is shorter',
    then: 'the recovered command has the same list, and goes on at the right step',
    proof: [{ file: 'test/src/commands/remove-disk-snapshots.test.ts', test: 'goes on with the same steps after a crash behind merge %i' }],
  },
  {
    id: 'ovirt-4.27-child',
    source: 'Historical bugs: 27, b7e3e544af6: a lock is handed to a child, and freed by both',
    given: 'a child that uses a lock of its root',
    when: 'the child ends, and then the root',
    then: 'the lock is free when the root has ended, and not before: it has one owner',
    proof: [
      { file: 'test/actors/locks.test.ts', test: 'are released together, and by their owner alone' },
      { file: 'test/actors/waiting-for-locks.test.ts', test: 'that are over have their locks kept for as long as their root is not, however they ended and whether they depend on it or not' },
    ],
  },
];

export const ovirt4Flows: Section = { title: 'Historical bugs: restart and flows', page: 'ovirt-facts.md', rows: [...restart, ...flows] };
