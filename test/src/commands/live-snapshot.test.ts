import { describe, expect, test } from 'vitest';
import { runFlow, type Scene } from './flow.js';

const world = (state: 'up' | 'down') => ({
  domains: [{ id: 'hdd' }],
  vms: [{ id: 'vm1', host: 'host2', state }, { id: 'vm2', host: 'host3' }],
  disks: [...['d1', 'd2'].map((id) => ({ id, vm: 'vm1', domain: 'hdd', size: '1 GiB' })), { id: 'other', vm: 'vm2', domain: 'hdd', size: '1 GiB' }],
});
const failTask = (verb: string, code: number, more: object = {}) => ({ failTask: { verb, code, ...more } });
const take = (state: 'up' | 'down', scene: Scene = {}, params: object = {}) =>
  runFlow('CreateAllSnapshotsFromVm', world(state), { vm: 'vm1', disks: ['d1', 'd2'], ...params }, scene);

const SNAPSHOT = 'snapshot/c1$0.snapshot';
const untouched = (id: string) => ({ id, status: 'OK', volumes: [{ id: `${id}-base`, parent: null, format: 'raw' }] });
const frozen = (id: string) => ({
  id,
  status: 'OK',
  volumes: [
    { id: `${id}-base`, parent: null, format: 'raw', snapshot: 'c1$0.snapshot' },
    { id: `c1$0.leaf-${id}`, parent: `${id}-base`, format: 'cow' },
  ],
});

describe('a snapshot of all disks', () => {
  test.each<['up' | 'down', readonly string[]]>([
    ['up', ['createVolume', 'createVolume', 'snapshot']],
    ['down', ['createVolume', 'createVolume']],
  ])('of a VM that is %s freezes what is there, and tells the host only if the VM runs', async (state, expected) => {
    const { command, verbs, entity, broken } = await take(state);
    expect([command.status, verbs, command.residue, broken]).toEqual(['SUCCEEDED', expected, [], []]);
    expect([entity('disk/d1'), entity('disk/d2'), entity(SNAPSHOT)]).toMatchObject([frozen('d1'), frozen('d2'), { status: 'OK' }]);
  });

  // What fails, and that nothing is there afterwards.
  test.each<[what: string, state: 'up' | 'down', scene: Scene, verbs: readonly string[]]>([
    ['a volume cannot be created', 'up', { faults: [failTask('createVolume', 205, { match: { disk: 'd2' } })] }, ['createVolume', 'createVolume 205', 'deleteVolume', 'deleteVolume 201']],
    ['a volume is refused', 'down', { faults: [failTask('createVolume', 1000, { when: 'refuse', match: { disk: 'd2' } })] }, ['createVolume 411', 'deleteVolume 201']],
    ['a volume is created and lost', 'down', { faults: [{ loseTask: { verb: 'createVolume', match: { disk: 'd2' } } }] }, ['createVolume', 'deleteVolume', 'deleteVolume']],
    ['the VM refuses', 'up', { faults: [{ failCall: { verb: 'snapshot', code: 48 } }] }, ['createVolume', 'createVolume', 'snapshot 48', 'deleteVolume', 'deleteVolume']],
  ])('%s: the new volumes go, and the VM goes on as it was', async (_, state, scene, expected) => {
    const { command, verbs, entity, broken } = await take(state, scene);
    expect([command.status, verbs.toSorted(), command.residue, broken]).toEqual(['ROLLED_BACK', [...expected].sort(), [], []]);
    expect([entity('disk/d1'), entity('disk/d2'), entity(SNAPSHOT)]).toEqual([expect.objectContaining(untouched('d1')), expect.objectContaining(untouched('d2')), undefined]);
  });

  test('taken, but not answered in time: the VM is asked, and the snapshot stays and is named', async () => {
    const { command, entity, broken } = await take('up', { engine: { callTimeout: '5s' }, verbs: { snapshot: { latency: '9s' } } });
    expect([command.status, command.residue.map(({ verb }) => verb), broken]).toEqual(['ROLLED_BACK', ['createVolume', 'createVolume', 'snapshot'], []]);
    expect([entity('disk/d1'), entity(SNAPSHOT)]).toMatchObject([frozen('d1'), { status: 'OK' }]);
  });

  test("of somebody else's disk is refused before anything is done", async () => {
    const { command, verbs, broken } = await take('up', {}, { disks: ['other'] });
    expect([command.status, verbs, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect(command.error?.message).toMatch(/disk other is not of VM vm1 but of vm2/);
  });
});
