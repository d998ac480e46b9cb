import { describe, expect, test } from 'vitest';
import { runFlow, type Scene } from './flow.js';

const WORLD = {
  domains: [{ id: 'hdd' }, { id: 'ssd' }],
  vms: [{ id: 'vm1', host: 'host2', state: 'down' }, { id: 'vm2', host: 'host2' }],
  disks: [
    { id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB', snapshots: ['s1'] },
    { id: 'free', domain: 'hdd', size: '1 GiB' },
    { id: 'busy', vm: 'vm2', domain: 'hdd', size: '1 GiB' },
  ],
};
/** Before anything of it is removed. */
const SOURCE = { match: { domain: 'hdd' }, when: 'atStart' };
const failTask = (verb: string, code: number, more: object = {}) => ({ failTask: { verb, code, ...more } });
const move = (scene: Scene = {}, params: object = {}) => runFlow('MoveDisk', WORLD, { disk: 'd1', targetDomain: 'ssd', ...params }, scene);

describe('a cold move', () => {
  test.each(['d1', 'free'])('of %s copies, remaps, and deletes the source', async (disk) => {
    const { command, verbs, entity, broken } = await move({}, { disk });
    expect([command.status, verbs, command.residue, broken]).toEqual(['SUCCEEDED', ['copyImage', 'deleteImage'], [], []]);
    expect(entity(`disk/${disk}`)).toMatchObject({ domain: 'ssd', status: 'OK' });
  });

  // What fails, and what is there afterwards.
  test.each<[what: string, scene: Scene, status: string, domain: string, verbs: readonly string[]]>([
    ['the copy is refused', { faults: [failTask('copyImage', 1000, { when: 'refuse' })] }, 'ROLLED_BACK', 'hdd', []],
    ['the copy fails', { faults: [failTask('copyImage', 261)] }, 'ROLLED_BACK', 'hdd', ['copyImage 261', 'deleteImage 268']],
    ['the copy is lost when it was done', { faults: [{ loseTask: { verb: 'copyImage' } }] }, 'ROLLED_BACK', 'hdd', ['deleteImage']],
    ['the copy fails, and so does the deletion of what it left', { faults: [failTask('copyImage', 261), failTask('deleteImage', 100, { when: 'atStart' })] }, 'ROLLED_BACK', 'hdd', ['copyImage 261', 'deleteImage 100', 'deleteImage 268']],
    ['the deletion of the source fails once', { faults: [failTask('deleteImage', 100, SOURCE)] }, 'SUCCEEDED', 'ssd', ['copyImage', 'deleteImage 100', 'deleteImage']],
    ['it is cancelled in mid-copy', { cancelAt: '3s' }, 'ROLLED_BACK', 'hdd', ['copyImage 411', 'deleteImage 268']],
  ])('%s', async (_, scene, status, domain, verbs) => {
    const run = await move(scene);
    expect([run.command.status, run.verbs, run.broken]).toEqual([status, verbs, []]);
    expect(run.entity('disk/d1')).toMatchObject({ domain, status: 'OK' });
  });

  // All hosts see the same storage: none has to be waited for.
  test.each([['d1', 'host2'], ['free', 'host1']])('of %s: %s, which is to look at the target, is down, and another is asked', async (disk, host) => {
    const { command, entity, broken } = await move({ faults: [{ crashHost: { at: '500ms', host, down: '2h' } }] }, { disk });
    expect([command.status, broken]).toEqual(['SUCCEEDED', []]);
    expect(entity(`disk/${disk}`)).toMatchObject({ domain: 'ssd', status: 'OK' });
    // 180 s for the one that says nothing, and an election if it was the SPM.
    expect(command.history.at(-1)?.t).toBeLessThan(600_000_000);
  });

  test('of which no host says anything is rolled back without them', async () => {
    const faults = [{ partition: { isolate: 'engine', when: { callback: 'beforeTask', handler: 'copyToTarget', is: 'run' }, for: '2h' } }];
    const { command, verbs, entity, broken } = await move({ faults });
    expect([command.status, verbs, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect(command.error).toMatchObject({ code: 'CALL_UNKNOWN', callUnknown: true });
    expect(entity('disk/d1')).toMatchObject({ domain: 'hdd', status: 'OK' });
    expect(command.history.at(-1)?.t).toBeLessThan(600_000_000);
  });

  test('whose source can never be deleted is stuck on the target, and never undone', async () => {
    const { command, entity, broken } = await move({ faults: [failTask('deleteImage', 100, { ...SOURCE, nth: 'every' })] });
    expect([command.status, broken]).toEqual(['STUCK', []]);
    expect(entity('disk/d1')).toMatchObject({ domain: 'ssd', status: 'LOCKED' });
  });

  test.each<[what: string, params: object, says: RegExp]>([
    ['a disk of a running VM', { disk: 'busy' }, /disk busy is of VM vm2, which is not down/],
    ['a disk that is there already', { targetDomain: 'hdd' }, /disk d1 is on hdd already/],
    ['a disk that is not there', { disk: 'd9' }, /there is no disk 'd9'/],
    ['a disk to nowhere', { targetDomain: 'tape' }, /tape/],
  ])('of %s is refused before anything is done', async (_, params, says) => {
    const { command, verbs, broken } = await move({}, params);
    expect([command.status, verbs, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect(command.error?.message).toMatch(says);
  });
});
