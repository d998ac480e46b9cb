import { describe, expect, test } from 'vitest';
import { play, type Played } from './play.js';

interface Scene {
  readonly faults?: readonly object[];
  readonly params?: object;
  readonly cancelAt?: string;
  readonly others?: readonly object[];
}

const PARAMS = { pool: 'pool1', template: 't1', vm: 'vm9', host: 'host2', domain: 'ssd' };

function addVm({ faults = [], params = {}, others = [], ...more }: Scene = {}): Promise<Played> {
  return play({
    domains: [{ id: 'hdd' }, { id: 'ssd' }],
    vms: [{ id: 'vm1', host: 'host2' }],
    templates: [{ id: 't1', disks: ['a', 'b'].map((id) => ({ id, domain: 'hdd', size: '1 GiB' })) }],
    verbs: { copyImage: { latency: '10s' } },
    faults,
    commands: [{ at: '1s', id: 'add', type: 'AddVmFromTemplate', params: { ...PARAMS, ...params }, ...more }, ...others],
  });
}

const failTask = (verb: string, code: number, more: object = {}): object => ({ failTask: { verb, code, ...more } });
const copyOf = (disk: string, more: object = {}): object => failTask('copyImage', 261, { match: { disk }, ...more });

describe('a VM from a template', () => {
  test('is down, with disks that hold what the template’s hold', async () => {
    const { command, verbs, entity, broken } = await addVm();
    expect([command('add').status, verbs, broken]).toEqual(['SUCCEEDED', ['copyImage', 'copyImage'], []]);
    expect(entity('vm/vm9')).toEqual({ id: 'vm9', host: 'host2', state: 'down', disks: ['add$0.disk1', 'add$0.disk2'] });
    expect(entity('disk/add$0.disk2')).toMatchObject({ vm: 'vm9', domain: 'ssd', status: 'OK', volumes: [{ id: 'b-base', parent: null }] });
    expect(entity('disk/a')).toMatchObject({ use: 'template', domain: 'hdd', status: 'OK' });
  });

  test('leaves the template to others meanwhile: two are made at once, and of one name only one', async () => {
    const another = (id: string, vm: string): object => ({ at: '2s', id, type: 'AddVmFromTemplate', params: { ...PARAMS, vm } });
    const { command, broken } = await addVm({ others: [another('beside', 'vm8'), another('same', 'vm9')] });
    expect([command('add').status, command('beside').status, command('same').status, broken]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'REJECTED', []]);
  });

  test('runs', async () => {
    const run = { at: '5min', id: 'run', type: 'RunVm', params: { pool: 'pool1', vm: 'vm9' } };
    const { command, entity, verbs, broken } = await addVm({ others: [run] });
    expect([command('run').status, entity('vm/vm9'), verbs.at(-1), broken]).toMatchObject(['SUCCEEDED', { state: 'up', host: 'host2' }, 'createVm', []]);
  });

  test.each<[what: string, scene: Scene]>([
    ['a copy fails', { faults: [copyOf('a')] }],
    ['the other copy fails', { faults: [copyOf('b')] }],
    ['a copy fails as it begins', { faults: [copyOf('a', { when: 'atStart' })] }],
    ['both copies fail', { faults: [copyOf('a'), copyOf('b')] }],
    ['a copy is refused', { faults: [copyOf('b', { when: 'refuse' })] }],
    ['both copies are refused', { faults: [copyOf('a', { when: 'refuse' }), copyOf('b', { when: 'refuse' })] }],
    ['a copy is lost when it is done', { faults: [{ loseTask: { verb: 'copyImage', match: { disk: 'a' } } }] }],
    ['it is cancelled', { cancelAt: '5s' }],
    ['a removal fails once', { faults: [copyOf('a'), failTask('deleteImage', 100, { when: 'atStart' })] }],
  ])('%s: neither VM nor disks are left', async (_, scene) => {
    const { command, entities, broken } = await addVm(scene);
    expect([command('add').status, broken]).toEqual(['ROLLED_BACK', []]);
    expect(entities.toSorted()).toEqual(['disk/a', 'disk/b', 'pool/pool1', 'template/t1', 'vm/vm1']);
  });

  test('a sibling of a copy that fails is stopped', async () => {
    const { verbs } = await addVm({ faults: [copyOf('a', { when: 'atStart' })] });
    expect(verbs.slice(0, 2)).toEqual(['copyImage 261', 'copyImage 411']);
  });

  test('a removal that fails for good: the VM and what is left of it stay on record', async () => {
    const { command, entity, broken } = await addVm({ faults: [copyOf('a'), failTask('deleteImage', 100, { nth: 'every', when: 'atStart' })] });
    expect([command('add').status, entity('vm/vm9'), broken]).toMatchObject(['ROLLBACK_INCOMPLETE', { state: 'imageLocked' }, []]);
    expect(entity('disk/add$0.disk1')).toMatchObject({ status: 'ILLEGAL' });
  });

  test.each<[what: string, params: object, says: RegExp]>([
    ['a VM that there is', { vm: 'vm1' }, /there is a VM vm1 already/],
    ['a template that there is not', { template: 't9' }, /there is no template 't9'/],
  ])('%s is refused before anything is done', async (_, params, says) => {
    const { command, verbs, broken } = await addVm({ params });
    expect([command('add').status, verbs, broken]).toEqual(['ROLLED_BACK', [], []]);
    expect(command('add').error?.message).toMatch(says);
  });
});
