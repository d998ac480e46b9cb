import { describe, expect, test } from 'vitest';
import { runFlow, type Scene } from './flow.js';

const WORLD = {
  domains: [{ id: 'hdd' }],
  vms: [{ id: 'vm1', host: 'host2', state: 'down' }, { id: 'vm2', host: 'host2' }],
  disks: [
    { id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB', snapshots: ['s1', 's2', 's3'] },
    { id: 'busy', vm: 'vm2', domain: 'hdd', size: '1 GiB', snapshots: ['t1'] },
  ],
};
const failTask = (code: number, more: object = {}) => ({ failTask: { verb: 'mergeSnapshots', code, ...more } });
const merge = (scene: Scene = {}, params: object = {}) => runFlow('RemoveDiskSnapshots', WORLD, { disk: 'd1', snapshots: ['s1', 's3'], ...params }, scene);

const S1 = { id: 'd1-base', parent: null, format: 'raw', snapshot: 's1' };
const S2 = { id: 'd1-s1', parent: 'd1-base', format: 'cow', snapshot: 's2' };
const S3 = { id: 'd1-s2', parent: 'd1-s1', format: 'cow', snapshot: 's3' };
const LEAF = { id: 'd1-s3', parent: 'd1-s2', format: 'cow' };
const UNTOUCHED = [S1, S2, S3, LEAF];
const WITHOUT_S1 = [{ ...S2, parent: null, format: 'raw' }, S3, LEAF];
const MERGED = [{ ...S2, parent: null, format: 'raw' }, { ...LEAF, parent: 'd1-s1' }];

describe('a cold merge', () => {
  test('has one step for each snapshot, in the order of the params, and keeps what each holds', async () => {
    const { command, verbs, entity, broken } = await merge();
    expect([command.status, command.handlers, verbs, broken]).toEqual(['SUCCEEDED', ['mergeSnapshot1', 'mergeSnapshot2'], ['mergeSnapshots', 'mergeSnapshots'], []]);
    expect(entity('disk/d1')).toMatchObject({ status: 'OK', volumes: MERGED });
  });

  test('of all snapshots, the newest first, leaves the base', async () => {
    const { command, entity, broken } = await merge({}, { snapshots: ['s3', 's2', 's1'] });
    expect([command.status, broken]).toEqual(['SUCCEEDED', []]);
    expect(entity('disk/d1')).toMatchObject({ volumes: [{ id: 'd1-s3', parent: null, format: 'raw' }] });
  });

  // The list of handlers was once made anew of what was left of the chain (fc6329ed271).
  test.each([1, 2])('goes on with the same steps after a crash behind merge %i', async (nth) => {
    const { command, verbs, entity, broken } = await merge({ faults: [{ crashEngine: { when: { task: 'mergeSnapshots', is: 'ended', nth } } }] });
    expect([command.status, verbs, broken]).toEqual(['SUCCEEDED', ['mergeSnapshots', 'mergeSnapshots'], []]);
    expect(entity('disk/d1')).toMatchObject({ volumes: MERGED });
  });

  // What fails, and what is there afterwards.
  test.each<[what: string, scene: Scene, status: string, disk: string, volumes: readonly object[]]>([
    ['the first merge fails once', { faults: [failTask(252)] }, 'SUCCEEDED', 'OK', MERGED],
    ['the first merge fails each time', { faults: [failTask(252, { match: { ancestor: 'd1-base' }, nth: 'every' })] }, 'ROLLED_BACK', 'OK', UNTOUCHED],
    ['the first merge is refused', { faults: [1, 2, 3].map((nth) => failTask(1000, { when: 'refuse', nth })) }, 'ROLLED_BACK', 'OK', UNTOUCHED],
    ['the first merge is lost when it was done', { faults: [{ loseTask: { verb: 'mergeSnapshots' } }] }, 'SUCCEEDED', 'OK', MERGED],
    ['the second merge fails once', { faults: [failTask(252, { nth: 2 })] }, 'SUCCEEDED', 'OK', MERGED],
    ['the second merge fails each time', { faults: [failTask(252, { match: { ancestor: 'd1-s2' }, nth: 'every' })] }, 'STUCK', 'LOCKED', WITHOUT_S1],
    ['it is cancelled during the first merge, which is done all the same', { cancelAt: '5s' }, 'SUCCEEDED', 'OK', MERGED],
  ])('%s: what is merged stays merged', async (_, scene, status, disk, volumes) => {
    const { command, entity, broken } = await merge(scene);
    expect([command.status, entity('disk/d1'), broken]).toMatchObject([status, { status: disk, volumes }, []]);
  });

  test.each<[what: string, params: object, says: RegExp]>([
    ['a disk of a running VM', { disk: 'busy', snapshots: ['t1'] }, /disk busy is of VM vm2, which is not down/],
    ['a snapshot that the disk has not, though a later one', { snapshots: ['s1', 's9'] }, /disk d1 has no snapshot s9/],
  ])('of %s is refused before anything is done', async (_, params, says) => {
    const { command, verbs, broken } = await merge({}, params);
    expect([command.status, verbs, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect(command.error?.message).toMatch(says);
  });

  test.each([[[]], [['s1', 's1']]])('of %j asks for no steps, or for one twice', async (snapshots) => {
    await expect(merge({}, { snapshots })).rejects.toMatchObject({ code: 'BAD_SCENARIO' });
  });
});
