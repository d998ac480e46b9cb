import { describe, expect, test } from 'vitest';
import { play, type Played } from './play.js';

interface Scene {
  readonly faults?: readonly object[];
  readonly verbs?: object;
  readonly engine?: object;
  readonly cancelAt?: string;
  /** Lets the VM go on after five minutes. */
  readonly run?: object;
  readonly state?: 'up' | 'down';
}

function hibernate({ faults = [], verbs = {}, engine = {}, run, state = 'up', ...more }: Scene = {}): Promise<Played> {
  const resume = { at: '5min', id: 'run', type: 'RunVm', params: { pool: 'pool1', vm: 'vm1', ...run } };
  return play({
    domains: [{ id: 'hdd' }],
    vms: [{ id: 'vm1', host: 'host2', state }],
    disks: [{ id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB' }],
    verbs: { hibernate: { latency: '5s' }, ...verbs },
    engine,
    faults,
    commands: [{ at: '1s', id: 'sleep', type: 'HibernateVm', params: { pool: 'pool1', vm: 'vm1', domain: 'hdd' }, ...more }, ...(run === undefined ? [] : [resume])],
  });
}

const failTask = (verb: string, code: number, more: object = {}): object => ({ failTask: { verb, code, ...more } });
const failCall = (verb: string, code: number, more: object = {}): object => ({ failCall: { verb, code, ...more } });

const SUSPENDED = { state: 'suspended', memory: { memory: 'sleep$0.memory', metadata: 'sleep$0.metadata' } };

describe('hibernation', () => {
  test('saves the memory on two disks, and stops the VM', async () => {
    const { command, verbs, entity, broken } = await hibernate();
    expect([command('sleep').status, verbs, broken]).toEqual(['SUCCEEDED', ['createVolume', 'createVolume', 'hibernate'], []]);
    expect([entity('vm/vm1'), entity('disk/sleep$0.memory')]).toMatchObject([SUSPENDED, { vm: 'vm1', use: 'memory', status: 'OK' }]);
  });

  test.each<[what: string, scene: Scene, verbs: readonly string[]]>([
    ['a volume cannot be created', { faults: [failTask('createVolume', 205, { match: { disk: 'sleep$0.metadata' } })] }, ['deleteImage', 'deleteImage 268']],
    ['a volume is refused', { faults: [failTask('createVolume', 1000, { when: 'refuse' })] }, ['deleteImage 268']],
    ['the host refuses', { faults: [failCall('hibernate', 100)] }, ['deleteImage', 'deleteImage']],
    ['the host fails', { faults: [failCall('hibernate', 100, { when: 'atEnd' })] }, ['deleteImage', 'deleteImage']],
    ['a deletion fails once', { faults: [failCall('hibernate', 100), failTask('deleteImage', 100, { when: 'atStart' })] }, ['deleteImage', 'deleteImage', 'deleteImage 100']],
  ])('%s: the VM is up, and nothing is left', async (_, scene, deleted) => {
    const { command, verbs, entity, entities, broken } = await hibernate(scene);
    expect([command('sleep').status, entity('vm/vm1'), broken]).toMatchObject(['ROLLED_BACK', { state: 'up' }, []]);
    expect(verbs.filter((verb) => verb.startsWith('deleteImage')).toSorted()).toEqual(deleted);
    expect(entities.toSorted()).toEqual(['disk/d1', 'pool/pool1', 'vm/vm1']);
  });

  test('done, but not answered in time: the host is asked, and the VM is suspended', async () => {
    const { command, verbs, entity, history, broken } = await hibernate({ engine: { callTimeout: '5s' }, verbs: { hibernate: { latency: '9s' } } });
    expect([command('sleep').status, verbs.at(-1), entity('vm/vm1'), broken]).toMatchObject(['SUCCEEDED', 'hibernate', SUSPENDED, []]);
    expect(history(command('sleep'))).toEqual(expect.arrayContaining(['endSuccessfully 0 CALL_UNKNOWN', 'hasPassed 0 passed', 'endSuccessfully 0 ok']));
  });

  test('a VM that is down is refused', async () => {
    const { command, verbs, broken } = await hibernate({ state: 'down' });
    expect([command('sleep').status, command('sleep').error?.message, verbs, broken]).toMatchObject(['ROLLED_BACK', expect.stringContaining('VM vm1 is down'), [], []]);
  });
});

describe('running a VM', () => {
  test('lets a suspended one go on where it was, elsewhere too, and its memory is deleted', async () => {
    const { command, verbs, entity, entities, broken } = await hibernate({ run: { host: 'host3' } });
    expect([command('run').status, verbs.slice(3), broken]).toEqual(['SUCCEEDED', ['createVm', 'deleteImage', 'deleteImage'], []]);
    expect(entity('vm/vm1')).toEqual({ id: 'vm1', host: 'host3', state: 'up', disks: ['d1'] });
    expect(entities.toSorted()).toEqual(['disk/d1', 'pool/pool1', 'vm/vm1']);
  });

  test('the host refuses: it stays suspended, with its memory', async () => {
    const { command, entity, broken } = await hibernate({ run: {}, faults: [failCall('createVm', 100)] });
    expect([command('run').status, entity('vm/vm1'), entity('disk/sleep$0.memory'), broken]).toMatchObject(['ROLLED_BACK', SUSPENDED, { status: 'OK' }, []]);
  });

  test('started, but not answered in time: the host is asked, and it runs', async () => {
    const { command, entity, broken } = await hibernate({ run: {}, engine: { callTimeout: '6s' }, verbs: { createVm: { latency: '9s' } } });
    expect([command('run').status, entity('vm/vm1'), broken]).toMatchObject(['SUCCEEDED', { state: 'up' }, []]);
  });

  test('its memory cannot be deleted: the VM runs, and the command is stuck until an operator looks', async () => {
    const { command, entity, broken } = await hibernate({ run: {}, faults: [failTask('deleteImage', 100, { nth: 'every', when: 'atStart' })] });
    expect([command('run').status, entity('vm/vm1'), entity('disk/sleep$0.memory'), broken]).toMatchObject(['STUCK', { state: 'up' }, { status: 'ILLEGAL' }, []]);
  });

  test('one that is up is refused', async () => {
    const { command, broken } = await hibernate({ run: {}, faults: [failCall('hibernate', 100)] });
    expect([command('run').status, command('run').error?.message, broken]).toMatchObject(['ROLLED_BACK', 'VM vm1 is up', []]);
  });
});
