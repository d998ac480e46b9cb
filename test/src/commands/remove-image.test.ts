import { describe, expect, test } from 'vitest';
import { runFlow, type Scene } from './flow.js';

const WORLD = {
  domains: [{ id: 'hdd' }],
  vms: [{ id: 'vm1', host: 'host2', state: 'down' }, { id: 'vm2', host: 'host2' }],
  disks: [
    { id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB', snapshots: ['s1'] },
    { id: 'busy', vm: 'vm2', domain: 'hdd', size: '1 GiB' },
  ],
};
const failTask = (code: number, more: object = {}) => ({ failTask: { verb: 'deleteImage', code, ...more } });
const remove = (scene: Scene = {}, params: object = {}) => runFlow('RemoveImage', WORLD, { disk: 'd1', ...params }, scene);

describe('removing an image', () => {
  // What happens to the deletion, and that the disk is gone from storage, from the records, and from its VM.
  test.each<[what: string, scene: Scene, verbs: readonly string[]]>([
    ['it is deleted', {}, ['deleteImage']],
    ['it fails before it removes anything', { faults: [failTask(100, { when: 'atStart' })] }, ['deleteImage 100', 'deleteImage']],
    ['it fails when the image has no name any more', { faults: [failTask(100)] }, ['deleteImage 100', 'deleteImage 268']],
    ['it is lost when it was done', { faults: [{ loseTask: { verb: 'deleteImage' } }] }, ['deleteImage 268']],
    ['it is cancelled too late', { verbs: { deleteImage: { latency: '20s' } }, cancelAt: '5s' }, ['deleteImage 411', 'deleteImage 268']],
  ])('%s: the disk is gone', async (_, scene, verbs) => {
    const run = await remove(scene);
    expect([run.command.status, run.verbs, run.entity('disk/d1'), run.broken]).toEqual(['SUCCEEDED', verbs, undefined, []]);
    expect(run.entity('vm/vm1')).toMatchObject({ disks: [] });
  });

  test.each<[what: string, scene: Scene]>([
    ['it is refused', { faults: [failTask(1000, { when: 'refuse', nth: 'every' })] }],
    ['it fails each time', { faults: [failTask(100, { nth: 'every', when: 'atStart' })] }],
  ])('%s, and storage says that the image is whole: the disk is what it was', async (_, scene) => {
    const { command, entity, broken } = await remove(scene);
    expect([command.status, command.residue, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect([entity('disk/d1'), entity('vm/vm1')]).toMatchObject([{ status: 'OK' }, { disks: ['d1'] }]);
  });

  test('that storage cannot be asked at once whether it is whole settles nothing: it is asked again', async () => {
    const cannotTell = [1, 2].map((nth) => ({ failCall: { verb: 'getVolumesList', code: 358, nth } }));
    const { command, entity, broken } = await remove({ faults: [failTask(100, { nth: 'every', when: 'atStart' }), ...cannotTell] });
    const asked = command.history.filter(({ callback }) => callback === 'hasPassed').map(({ outcome }) => outcome);
    expect(asked).toEqual(['CALL_FAILED', 'CALL_FAILED', 'notPassed', 'notPassed', 'notPassed']);
    expect([command.status, entity('disk/d1'), broken]).toMatchObject(['ROLLED_BACK', { status: 'OK' }, []]);
  });

  test('of a running VM is refused before anything is done', async () => {
    const { command, verbs, entity, broken } = await remove({}, { disk: 'busy' });
    expect([command.status, verbs, entity('disk/busy'), broken]).toMatchObject(['ROLLED_BACK', [], { status: 'OK' }, []]);
    expect(command.error?.message).toMatch(/disk busy is of VM vm2, which is not down/);
  });
});
