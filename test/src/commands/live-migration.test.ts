import { describe, expect, test } from 'vitest';
import { BUILT_IN_COMMANDS } from '../../../src/commands/index.js';
import { failureOf } from '../store/fixtures.js';
import { migrate } from './migration.js';

const LEAF = 'move$0.leaf-d1';
const SNAPSHOT = 'snapshot/move$0.snapshot';
const BASE = { id: 'd1-base', parent: null, format: 'raw' };
const UNTOUCHED = { id: 'd1', vm: 'vm1', domain: 'hdd', volumes: [BASE], size: 2 ** 30, status: 'OK' };
const WITH_LEAF = { ...UNTOUCHED, volumes: [{ ...BASE, snapshot: 'move$0.snapshot' }, { id: LEAF, parent: 'd1-base', format: 'cow' }] };
const MOVED = { ...WITH_LEAF, domain: 'ssd' };
const TAKEN = { id: 'move$0.snapshot', vm: 'vm1', status: 'OK' };

const failTask = (verb: string, code: number, more: object = {}) => ({ failTask: { verb, code, ...more } });
const failCall = (verb: string, code: number, more: object = {}) => ({ failCall: { verb, code, ...more } });

describe('a live migration', () => {
  test('takes a snapshot, copies, pivots, and deletes the source', async () => {
    const { parent, children, verbs, entity, broken } = await migrate();
    expect(verbs).toEqual(['createVolume', 'snapshot', 'cloneImageStructure', 'diskReplicateStart', 'syncImageData', 'diskReplicateFinish', 'deleteImage']);
    expect([parent.status, children.map(({ status }) => status), entity('disk/d1'), entity(SNAPSHOT)]).toEqual(['SUCCEEDED', ['SUCCEEDED'], MOVED, TAKEN]);
    expect([parent.locks, parent.residue, broken]).toEqual([[], [], []]);
  });

  test('moves each disk on its own: what one has moved stays, though another fails', async () => {
    const { parent, children, entity, broken } = await migrate({ disks: ['d1', 'd2'], faults: [failTask('syncImageData', 261, { match: { disk: 'd2' } })] });
    expect([parent.status, children.map(({ status }) => status)]).toEqual(['SUCCEEDED', ['SUCCEEDED', 'ROLLED_BACK']]);
    expect([entity('disk/d1'), entity('disk/d2')]).toMatchObject([{ domain: 'ssd', status: 'OK' }, { domain: 'hdd', status: 'OK' }]);
    expect(broken).toEqual([]);
  });
});

describe('taking the snapshot', () => {
  test.each<[what: string, scene: Parameters<typeof migrate>[0], verbs: readonly string[]]>([
    ['a volume cannot be created', { faults: [failTask('createVolume', 261)] }, ['createVolume 261', 'deleteVolume 201']],
    ['a volume is refused', { faults: [failTask('createVolume', 1000, { when: 'refuse' })] }, []],
    ['the VM refuses', { faults: [failCall('snapshot', 48)] }, ['createVolume', 'snapshot 48', 'deleteVolume']],
  ])('%s: nothing is left of it', async (_, scene, expected) => {
    const { parent, children, verbs, entity, broken } = await migrate(scene);
    expect([verbs, parent.status, children, parent.residue]).toEqual([expected, 'ROLLED_BACK', [], []]);
    expect([entity('disk/d1'), entity(SNAPSHOT), broken]).toEqual([UNTOUCHED, undefined, []]);
  });

  test('one of two volumes cannot be created: both are deleted', async () => {
    const { parent, verbs, entity, broken } = await migrate({ disks: ['d1', 'd2'], faults: [failTask('createVolume', 261, { match: { disk: 'd2' } })] });
    expect([parent.status, verbs.filter((verb) => verb.startsWith('deleteVolume')).toSorted()]).toEqual(['ROLLED_BACK', ['deleteVolume', 'deleteVolume 201']]);
    expect([entity('disk/d1'), entity('disk/d2'), broken]).toMatchObject([UNTOUCHED, { volumes: [{ id: 'd2-base' }], status: 'OK' }, []]);
  });

  test('taken, but not answered in time: the VM is asked, and the snapshot stays and is named', async () => {
    const { parent, verbs, entity, history, broken } = await migrate({ engine: { callTimeout: '5s' }, verbs: { snapshot: { latency: '9s' } } });
    expect([parent.status, verbs]).toEqual(['ROLLED_BACK', ['createVolume', 'snapshot']]);
    expect(history(parent)).toContain('endSuccessfully 0 CALL_UNKNOWN');
    expect([entity('disk/d1'), entity(SNAPSHOT)]).toEqual([WITH_LEAF, TAKEN]);
    expect(parent.residue).toEqual([
      { verb: 'createVolume', object: `volume:hdd/d1/${LEAF}` },
      { verb: 'snapshot', object: 'snapshot:vm1/move$0.snapshot' },
    ]);
    expect(broken).toEqual([]);
  });

  test.each<[what: string, params: { readonly [param: string]: unknown }, says: RegExp]>([
    ["somebody else's disk", { disks: ['other'] }, /disk other is not of VM vm1 but of vm2/],
    ['a disk that is there already', { targetDomain: 'hdd' }, /disk d1 is on hdd already/],
    ['a disk that is not there', { disks: ['d9'] }, /there is no disk 'd9'/],
    ['a VM that is not there', { vm: 'vm9' }, /there is no vm 'vm9'/],
  ])('of %s is refused before anything is done', async (_, params, says) => {
    const { parent, verbs, entity, broken } = await migrate({ params });
    expect([parent.status, verbs, entity('disk/d1'), broken]).toEqual(['ROLLED_BACK', [], UNTOUCHED, []]);
    expect(parent.error?.message).toMatch(says);
  });
});

describe('moving one disk', () => {
  const begun = ['createVolume', 'snapshot', 'cloneImageStructure'];

  test.each<[what: string, scene: Parameters<typeof migrate>[0], verbs: readonly string[]]>([
    ['the structure cannot be cloned', { faults: [failTask('cloneImageStructure', 261)] }, ['createVolume', 'snapshot', 'cloneImageStructure 261', 'deleteImage 268']],
    ['the replication does not start', { faults: [failCall('diskReplicateStart', 55)] }, [...begun, 'diskReplicateStart 55', 'diskReplicateFinish 55', 'deleteImage']],
    ['the copy fails', { faults: [failTask('syncImageData', 261)] }, [...begun, 'diskReplicateStart', 'syncImageData 261', 'diskReplicateFinish', 'deleteImage']],
    [
      'the replication never converges',
      { faults: [failCall('diskReplicateFinish', 40, { match: { target: 'ssd' }, nth: 'every' })] },
      [...begun, 'diskReplicateStart', 'syncImageData', ...Array<string>(4).fill('diskReplicateFinish 40'), 'diskReplicateFinish', 'deleteImage'],
    ],
  ])('%s: the target is cleaned up, the VM stays, and the snapshot is named', async (_, scene, expected) => {
    const { parent, children, verbs, entity, broken } = await migrate(scene);
    expect(verbs).toEqual(expected);
    expect([parent.status, children.map(({ status }) => status), entity('disk/d1'), entity(SNAPSHOT)]).toEqual(['ROLLED_BACK', ['ROLLED_BACK'], WITH_LEAF, TAKEN]);
    expect([children[0]?.residue, parent.residue.map(({ verb }) => verb), broken]).toEqual([[], ['createVolume', 'snapshot'], []]);
  });

  test('a replication that cannot be ended keeps its target: the VM may be writing to it', async () => {
    const { children, verbs, history, broken } = await migrate({
      faults: [failTask('syncImageData', 261), failCall('diskReplicateFinish', 100, { match: { target: 'hdd' }, nth: 'every' })],
    });
    expect([children.map(({ status }) => status), verbs.filter((verb) => verb.startsWith('deleteImage'))]).toEqual([['ROLLBACK_INCOMPLETE'], []]);
    expect(history(children[0]).filter((line) => line.startsWith('endWithFailure'))).toEqual(Array<string>(5).fill('endWithFailure 1 CALL_FAILED'));
    expect(broken).toEqual([]);
  });

  test.each([
    ['once', {}, 'ROLLED_BACK', 2],
    ['every time', { nth: 'every' }, 'ROLLBACK_INCOMPLETE', 5],
  ])('a host that says %s that there is no replication, though there is, is not believed', async (_, when, status, finishes) => {
    const { children, verbs, history, broken } = await migrate({ faults: [failTask('syncImageData', 261), failCall('diskReplicateFinish', 55, when)] });
    expect([children.map((child) => child.status), verbs.filter((verb) => verb.startsWith('diskReplicateFinish')).length]).toEqual([[status], finishes]);
    expect(history(children[0]).filter((line) => line.startsWith('endWithFailure'))).toContain('endWithFailure 1 CALL_FAILED');
    // The target goes only when nothing is written to it any more.
    expect(verbs.filter((verb) => verb.startsWith('deleteImage'))).toHaveLength(status === 'ROLLED_BACK' ? 1 : 0);
    expect(broken).toEqual([]);
  });

  test('a target that cannot be deleted is held, and holds its parent', async () => {
    const { parent, children, broken } = await migrate({
      faults: [failTask('syncImageData', 261), failTask('deleteImage', 261, { match: { domain: 'ssd' }, nth: 'every', when: 'atStart' })],
    });
    expect([children.map(({ status }) => status), parent.status, parent.locks.length]).toEqual([['ROLLBACK_INCOMPLETE'], 'RUNNING', 2]);
    expect(broken).toEqual([]);
  });
});

describe('the pivot', () => {
  /** Nothing but the pivot takes longer than the engine waits. */
  const quick = { snapshot: { latency: '1s' }, diskReplicateStart: { latency: '1s' } };

  test('that is not ready yet is tried again: it has not passed', async () => {
    const { parent, children, verbs, history, broken } = await migrate({ faults: [failCall('diskReplicateFinish', 40)] });
    expect([parent.status, verbs.filter((verb) => verb.startsWith('diskReplicateFinish'))]).toEqual(['SUCCEEDED', ['diskReplicateFinish 40', 'diskReplicateFinish']]);
    expect(history(children[0])).toEqual(expect.arrayContaining(['beforeTask 2 CALL_FAILED', 'hasPassed 2 notPassed', 'beforeTask 2 ok']));
    expect(broken).toEqual([]);
  });

  test('that was not answered in time is not made twice', async () => {
    const { parent, verbs, entity, broken } = await migrate({ engine: { callTimeout: '5s' }, verbs: { ...quick, diskReplicateFinish: { latency: '9s' } } });
    expect([parent.status, verbs.filter((verb) => verb.startsWith('diskReplicateFinish')), entity('disk/d1'), broken]).toEqual(['SUCCEEDED', ['diskReplicateFinish'], MOVED, []]);
  });

  test('that has passed unseen is believed to the VM, not to the call', async () => {
    const slow = { engine: { callTimeout: '5s' }, verbs: { ...quick, diskReplicateFinish: { latency: '9s' }, getVmDisk: { latency: '4900ms' } } };
    const { parent, children, entity, history, broken } = await migrate(slow);
    expect(history(children[0])).toContain('hasPassed 2 passed');
    expect([parent.status, entity('disk/d1'), broken]).toEqual(['SUCCEEDED', MOVED, []]);
  });

  test('leaves only the way forward: the source is deleted sooner or later', async () => {
    const { parent, verbs, entity, broken } = await migrate({ faults: [failTask('deleteImage', 261, { nth: 1, when: 'atStart' }), failTask('deleteImage', 261, { nth: 2, when: 'atStart' })] });
    expect([parent.status, verbs.slice(-3), entity('disk/d1'), broken]).toEqual(['SUCCEEDED', ['deleteImage 261', 'deleteImage 261', 'deleteImage'], MOVED, []]);
  });

  test('leaves only the way forward: a source that is gone when its deletion fails is found to be gone', async () => {
    const { parent, verbs, entity, broken } = await migrate({ faults: [failTask('deleteImage', 261)] });
    expect([parent.status, verbs.slice(-2), entity('disk/d1'), broken]).toEqual(['SUCCEEDED', ['deleteImage 261', 'deleteImage 268'], MOVED, []]);
  });

  test('behind which nothing helps leaves the disk stuck where it is, with its locks, and never moves it back', async () => {
    const { parent, children, verbs, entity, broken } = await migrate({ faults: [failTask('deleteImage', 261, { nth: 'every', when: 'atStart' })] });
    expect([children.map(({ status }) => status), parent.status, parent.locks.toSorted()]).toEqual([['STUCK'], 'RUNNING', ['disk/d1', 'vm/vm1']]);
    expect([verbs.filter((verb) => verb.startsWith('deleteImage')).length, entity('disk/d1')]).toMatchObject([5, { domain: 'ssd' }]);
    expect(broken).toEqual([]);
  });
});

describe('params', () => {
  test.each<[unknown, RegExp]>([
    [{ pool: 'p', vm: 'v', disks: [], targetDomain: 't' }, /params\.disks/],
    [{ pool: 'p', vm: 'v', disks: ['d', 'd'], targetDomain: 't' }, /params\.disks: a disk is named twice/],
    [{ pool: 'p', vm: '', disks: ['d'], targetDomain: 't' }, /params\.vm/],
    [{ pool: 'p', vm: 'v', disks: ['d'], target: 't' }, /params\.targetDomain.*params\.target: unknown key/],
  ])('%j are refused', async (params, says) => {
    const command = BUILT_IN_COMMANDS.get('LiveMigrateVmDisks');
    const error = await failureOf(() => command?.parseParams(params));
    expect([error.code, says.test(error.message)]).toEqual(['BAD_PARAMS', true]);
  });
});
