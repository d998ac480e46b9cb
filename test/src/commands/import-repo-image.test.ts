import { describe, expect, test } from 'vitest';
import { play, type Played } from './play.js';

const DISK = 'disk/import$0.disk';

function importImage(scene: { readonly faults?: readonly object[]; readonly params?: object; readonly cancelAt?: string; readonly engine?: object } = {}): Promise<Played> {
  const { faults = [], params = {}, engine = {}, ...more } = scene;
  return play({
    domains: [{ id: 'hdd' }],
    images: [{ id: 'fedora', repository: 'glance', size: '1 GiB' }],
    engine,
    faults,
    commands: [{ at: '1s', id: 'import', type: 'ImportRepoImage', params: { pool: 'pool1', repository: 'glance', image: 'fedora', domain: 'hdd', ...params }, ...more }],
  });
}

const failTask = (verb: string, code: number, more: object = {}): object => ({ failTask: { verb, code, ...more } });

describe('an import', () => {
  test('makes a disk of no VM, with what the repository has', async () => {
    const { command, verbs, entity, broken } = await importImage();
    expect([command('import').status, verbs, broken]).toEqual(['SUCCEEDED', ['createVolume', 'downloadImage'], []]);
    const volumes = [{ id: 'import$0.volume', parent: null, format: 'raw' }];
    expect(entity(DISK)).toEqual({ id: 'import$0.disk', vm: null, domain: 'hdd', volumes, size: 2 ** 30, status: 'OK' });
  });

  test.each<[what: string, scene: Parameters<typeof importImage>[0], verbs: readonly string[]]>([
    ['the volume cannot be created', { faults: [failTask('createVolume', 205)] }, ['createVolume 205', 'deleteImage 268']],
    ['the volume is refused', { faults: [failTask('createVolume', 1000, { when: 'refuse' })] }, []],
    ['the volume is lost', { faults: [{ loseTask: { verb: 'createVolume' } }] }, ['deleteImage']],
    ['the download fails', { faults: [failTask('downloadImage', 100)] }, ['createVolume', 'downloadImage 100', 'deleteImage']],
    ['the download is lost when it is done', { faults: [{ loseTask: { verb: 'downloadImage' } }] }, ['createVolume', 'deleteImage']],
    ['the download is cancelled', { cancelAt: '20s' }, ['createVolume', 'downloadImage 411', 'deleteImage']],
    ['the repository does not have it any more', { faults: [failTask('downloadImage', 100, { when: 'refuse' })] }, ['createVolume', 'deleteImage']],
    ['the removal fails once', { faults: [failTask('downloadImage', 100), failTask('deleteImage', 100, { when: 'atStart' })] }, ['createVolume', 'downloadImage 100', 'deleteImage 100', 'deleteImage']],
  ])('%s: neither a disk nor a record is left', async (_, scene, expected) => {
    const { command, verbs, entities, broken } = await importImage(scene);
    expect([command('import').status, verbs, broken]).toEqual(['ROLLED_BACK', expected, []]);
    expect(entities.filter((key) => key.startsWith('disk/'))).toEqual([]);
  });

  test('the removal fails for good: the disk is ILLEGAL, and the command says that it is there', async () => {
    const { command, entity, broken } = await importImage({ faults: [failTask('downloadImage', 100), failTask('deleteImage', 100, { nth: 'every', when: 'atStart' })] });
    expect([command('import').status, entity(DISK), broken]).toMatchObject(['ROLLBACK_INCOMPLETE', { status: 'ILLEGAL' }, []]);
  });

  test('what the engine has not heard of is refused before anything is done', async () => {
    const { command, verbs, entities, broken } = await importImage({ params: { image: 'debian' } });
    expect([command('import').status, verbs, entities, broken]).toEqual(['ROLLED_BACK', [], ['pool/pool1', 'repoImage/glance/fedora'], []]);
    expect(command('import').error?.message).toContain("there is no repoImage 'glance/debian'");
  });
});
