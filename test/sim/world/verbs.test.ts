import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failures } from '../../../sim/faults/failures.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import { Bandwidth } from '../../../sim/world/bandwidth.js';
import { createVerbTable } from '../../../sim/world/verbs/table.js';
import { AWorld, GIB } from './a-world.js';

describe('live storage migration, verb by verb', () => {
  it('keeps a complete copy at every moment, and ends with one, on the target', () => {
    const world = new AWorld();
    const after = (code: number): unknown => [code, world.copies];
    expect(after(world.createVolume('leaf', 'base'))).toEqual([0, ['domain1']]);
    expect(after(world.snapshot('leaf'))).toEqual([0, ['domain1']]);
    expect(after(world.clone())).toEqual([0, ['domain1']]);
    expect(after(world.replicate())).toEqual([0, ['domain1']]);
    expect(world.active).toEqual({ domain: 'domain1', volume: 'leaf', replication: 'domain2' });
    expect(after(world.sync())).toEqual([0, ['domain1', 'domain2']]);
    expect(after(world.finish('domain2'))).toEqual([0, ['domain2']]);
    expect(world.active).toEqual({ domain: 'domain2', volume: 'leaf', replication: null });
    expect(after(world.deleteImage('domain1'))).toEqual([0, ['domain2']]);
    expect(world.open()).toEqual([
      '+snapshot:vm1/snap-leaf',
      '+image:domain2/disk1',
      '+content:domain2/disk1',
      '+pivot:vm1/disk1',
      '-image:domain1/disk1',
      '-content:domain1/disk1',
    ]);
  });

  it('undone before the pivot leaves nothing open but the snapshot', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    world.snapshot('leaf');
    const before = world.open();
    expect([world.clone(), world.replicate(), world.sync(), world.finish('domain1'), world.deleteImage('domain2')]).toEqual([0, 0, 0, 0, 0]);
    expect(world.open()).toEqual(before);
    expect(before).toEqual(['+volume:domain1/disk1/leaf', '+snapshot:vm1/snap-leaf']);
    expect(world.copies).toEqual(['domain1']);
    expect(world.active).toEqual({ domain: 'domain1', volume: 'leaf', replication: null });
  });

  it('undone after the clone alone takes back the structure alone', () => {
    const world = new AWorld();
    world.clone();
    expect(world.open()).toEqual(['+image:domain2/disk1']);
    world.deleteImage('domain2');
    expect(world.open()).toEqual([]);
  });

  it('does not pivot before the data is there', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    world.snapshot('leaf');
    world.clone();
    expect(world.finish('domain2')).toBe(55);
    world.replicate();
    expect(world.finish('domain2')).toBe(40);
    world.sync();
    expect(world.finish('domain2')).toBe(0);
    expect(world.finish('domain2')).toBe(55);
    expect(world.finish('domain1')).toBe(55);
  });

  it('loses the data if the image that the guest runs on is deleted, on either side of the pivot', () => {
    const before = new AWorld();
    [before.clone(), before.replicate(), before.sync(), before.finish('domain1')].forEach((code) => expect(code).toBe(0));
    expect(before.deleteImage('domain1')).toBe(0);
    // The mirror was let go, and the guest has written since.
    expect(before.copies).toEqual([]);

    const after = new AWorld();
    [after.clone(), after.replicate(), after.sync(), after.finish('domain2')].forEach((code) => expect(code).toBe(0));
    expect(after.copies).toEqual(['domain2']);
    expect(after.deleteImage('domain2')).toBe(0);
    expect(after.copies).toEqual([]);
  });

  it('whatever verbs run in whatever order, data is lost only by deleting what the guest runs on', () => {
    const verbs = {
      volume: (world: AWorld) => world.createVolume('leaf', 'base'),
      snapshot: (world: AWorld) => world.snapshot('leaf'),
      clone: (world: AWorld) => world.clone(),
      replicate: (world: AWorld) => world.replicate(),
      sync: (world: AWorld) => world.sync(),
      pivot: (world: AWorld) => world.finish('domain2'),
      cancel: (world: AWorld) => world.finish('domain1'),
      deleteOther: (world: AWorld) => {
        const active = world.storage.content.vmDisks.findDisk('vm1', 'disk1')?.domain;
        return world.deleteImage(active === 'domain1' ? 'domain2' : 'domain1');
      },
    };
    const names = fc.constantFrom(...(Object.keys(verbs) as (keyof typeof verbs)[]));
    fc.assert(
      fc.property(fc.array(names, { maxLength: 30 }), (sequence) => {
        const world = new AWorld();
        for (const name of sequence) {
          const state = { ...(world.storage.toData() as object) };
          const code = verbs[name](world);
          const active = world.storage.content.vmDisks.findDisk('vm1', 'disk1')?.domain;
          expect(world.copies).toContain(active);
          if (code !== 0) expect(world.storage.toData()).toEqual(state);
        }
      }),
    );
  });
});

describe('createVolume', () => {
  it('makes a first volume and with it the image, or a layer upon the leaf', () => {
    const world = new AWorld();
    expect(world.createVolume('v1', null, 'domain1', 'disk2')).toBe(0);
    expect(world.createVolume('v2', 'v1', 'domain1', 'disk2')).toBe(0);
    expect(world.open()).toEqual(['+image:domain1/disk2', '+volume:domain1/disk2/v1', '+volume:domain1/disk2/v2']);
  });

  it.each([
    ['that is there already', 212, ['base', null, 'domain1', 'disk1']],
    ['upon one that is not there', 201, ['v1', 'nowhere', 'domain1', 'disk1']],
    ['as a second base', 100, ['v1', null, 'domain1', 'disk1']],
    ['on an unknown domain', 358, ['v1', null, 'domain9', 'disk1']],
  ] as const)('of a volume %s fails with %i and changes nothing', (_what, code, args) => {
    const world = new AWorld();
    const before = world.storage.toData();
    const [volume, parent, domain, disk] = args;
    expect(world.createVolume(volume, parent, domain, disk)).toBe(code);
    expect(world.storage.toData()).toEqual(before);
  });

  it('is taken back by deleting its volume or the whole image', () => {
    for (const verb of ['deleteVolume', 'deleteImage']) {
      const world = new AWorld();
      world.createVolume('v1', null, 'domain1', 'disk2');
      world.run(verb, verb === 'deleteVolume' ? { domain: 'domain1', disk: 'disk2', volume: 'v1' } : { domain: 'domain1', disk: 'disk2' });
      expect(world.open()).toEqual([]);
    }
  });
});

describe('deleteVolume', () => {
  it('refuses an absent volume with 201, and one with a child', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    expect(world.run('deleteVolume', { domain: 'domain1', disk: 'disk1', volume: 'none' })).toBe(201);
    expect(world.run('deleteVolume', { domain: 'domain1', disk: 'disk9', volume: 'none' })).toBe(201);
    expect(world.run('deleteVolume', { domain: 'domain1', disk: 'disk1', volume: 'base' })).toBe(100);
    expect(world.run('deleteVolume', { domain: 'domain1', disk: 'disk1', volume: 'leaf' })).toBe(0);
    expect(world.open()).toEqual([]);
  });

  it('destroys what the guest wrote there', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    world.snapshot('leaf');
    world.run('deleteVolume', { domain: 'domain1', disk: 'disk1', volume: 'leaf' });
    expect(world.copies).toEqual([]);
  });
});

describe('images', () => {
  it('are cloned once: 212 the second time, and the first is as it was', () => {
    const world = new AWorld();
    world.clone();
    const before = world.storage.toData();
    expect(world.clone()).toBe(212);
    expect(world.storage.toData()).toEqual(before);
  });

  it('are refused where they are not', () => {
    const world = new AWorld();
    expect(world.run('cloneImageStructure', { disk: 'disk9', source: 'domain1', target: 'domain2' })).toBe(268);
    expect(world.run('cloneImageStructure', { disk: 'disk1', source: 'domain1', target: 'domain9' })).toBe(358);
    expect(world.sync()).toBe(268);
    expect(world.run('syncImageData', { disk: 'disk1', source: 'domain2', target: 'domain1' })).toBe(268);
    expect(world.deleteImage('domain2')).toBe(268);
  });

  it('are not synchronised into another structure', () => {
    const world = new AWorld();
    world.createVolume('other', null, 'domain2', 'disk1');
    world.createVolume('leaf', 'base');
    expect(world.sync()).toBe(262);
  });

  it('can be synchronised again', () => {
    const world = new AWorld();
    world.clone();
    expect([world.sync(), world.sync()]).toEqual([0, 0]);
    expect(world.open()).toEqual(['+image:domain2/disk1', '+content:domain2/disk1']);
  });
});

describe('snapshot', () => {
  it('is for all the disks or for none', () => {
    const world = new AWorld();
    world.storage.addDisk({ disk: 'disk2', vm: 'vm1', domain: 'domain1', volumes: [{ id: 'base2', parent: null, format: 'raw' }], sizeBytes: GIB });
    world.createVolume('leaf', 'base');
    const before = world.storage.toData();
    const disks = [{ disk: 'disk1', volume: 'leaf' }, { disk: 'disk2', volume: 'leaf2' }];
    expect(world.run('snapshot', { vm: 'vm1', snapshot: 's1', disks })).toBe(48);
    expect(world.storage.toData()).toEqual(before);
    world.createVolume('leaf2', 'base2', 'domain1', 'disk2');
    expect(world.run('snapshot', { vm: 'vm1', snapshot: 's1', disks })).toBe(0);
    expect(world.storage.content.vmDisks.findDisk('vm1', 'disk2')?.volume).toBe('leaf2');
  });

  it('repeated changes nothing', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    expect([world.snapshot('leaf'), world.snapshot('leaf')]).toEqual([0, 0]);
    expect(world.open().filter((effect) => effect.includes('snapshot'))).toEqual(['+snapshot:vm1/snap-leaf']);
    expect(world.storage.content.vmDisks.dataOf('disk1')).toEqual(['base:disk1', 'run:disk1#1']);
  });

  it('is refused during a replication, of a disk that the VM has not, and where the VM does not run', () => {
    const world = new AWorld();
    world.createVolume('leaf', 'base');
    expect(world.run('snapshot', { vm: 'vm1', snapshot: 's', disks: [{ disk: 'disk9', volume: 'leaf' }] })).toBe(13);
    expect(world.run('snapshot', { vm: 'vm1', snapshot: 's', disks: [{ disk: 'disk1', volume: 'leaf' }] }, 'c1', 'host2')).toBe(1);
    world.clone();
    world.replicate();
    expect(world.snapshot('leaf')).toBe(48);
  });
});

describe('replication', () => {
  it('needs a target of the same structure, and is not started twice', () => {
    const world = new AWorld();
    expect(world.replicate()).toBe(55);
    world.clone();
    expect(world.replicate('domain1')).toBe(55);
    expect(world.replicate()).toBe(0);
    expect(world.replicate()).toBe(55);
  });

  it('is finished only to where it goes or comes from', () => {
    const world = new AWorld();
    world.clone();
    world.replicate();
    expect(world.finish('domain9')).toBe(55);
    expect(world.finish('domain1')).toBe(0);
    expect(world.active).toEqual({ domain: 'domain1', volume: 'base', replication: null });
  });

  it('is read where the VM runs', () => {
    const world = new AWorld();
    const read = (vm: string, disk: string, host: string) => world.storage.read('getVmDisk', { vm, disk }, host);
    expect(read('vm1', 'disk1', 'host2')).toMatchObject({ code: 1 });
    expect(read('vm9', 'disk1', 'host1')).toMatchObject({ code: 1 });
    expect(read('vm1', 'disk9', 'host1')).toMatchObject({ code: 13 });
    expect(world.storage.ledger.entries).toEqual([]);
  });
});

describe('the table of verbs', () => {
  const boundless = () => new Bandwidth(new Map(), { now: () => 0, after: () => ({ cancel: () => undefined }) });
  const noFailures = () => new Failures({ rules: [], rates: {}, verbs: VERBS });
  const clone = { disk: 'disk1', source: 'domain1', target: 'domain2' };

  it('adds to the latency the bytes that are to be moved, and draws once for each volume to be made', () => {
    const world = new AWorld();
    const speeds = {
      syncImageData: { latency: { kind: 'constant', value: 1000 }, rate: { kind: 'constant', value: GIB / 4 } },
      cloneImageStructure: { latency: { kind: 'constant', value: 1000 } },
    } as const;
    const table = createVerbTable({ verbs: VERBS, content: world.storage.content, speeds, failures: noFailures(), bandwidth: boundless() });
    const plan = (verb: string) => {
      const found = table.find(verb)?.plan(clone, () => 0.5);
      return found?.kind === 'run' ? found : undefined;
    };
    const sync = plan('syncImageData');
    expect(sync?.durationUs).toBe(1000);
    expect(sync?.transfer()).toBeNull();
    expect(plan('cloneImageStructure')?.durationUs).toBe(1000);
    world.createVolume('leaf', 'base');
    // Of a task that waits for a worker, what there is to move is what there is when it comes to that.
    expect(sync?.transfer()).toEqual({ bytes: GIB, rate: GIB / 4, domains: ['domain1', 'domain2'] });
    expect(plan('cloneImageStructure')?.durationUs).toBe(2000);
  });

  it('draws each verb from a stream of its own', () => {
    const purposes: string[] = [];
    const table = createVerbTable({
      verbs: VERBS,
      content: new AWorld().storage.content,
      speeds: {},
      failures: new Failures({ rules: [], rates: { deleteImage: { rate: 0.5, codes: [{ code: 100, weight: 1 }] } }, verbs: VERBS }),
      bandwidth: boundless(),
    });
    const random = (purpose: string) => {
      purposes.push(purpose);
      return 0.9;
    };
    table.find('cloneImageStructure')?.plan(clone, random);
    table.find('deleteImage')?.plan({ domain: 'domain1', disk: 'disk1' }, random);
    expect(purposes).toEqual(['latency:cloneImageStructure', 'failure:deleteImage', 'answer:deleteImage', 'latency:deleteImage']);
  });

  it('has verbs with defaults for all that is needed to time them', () => {
    const table = createVerbTable({ verbs: VERBS, content: new AWorld().storage.content, speeds: {}, failures: noFailures(), bandwidth: boundless() });
    for (const { name, kind } of VERBS) expect(table.find(name)?.kind).toBe(kind);
    expect(table.find('constructor')).toBeUndefined();
    const median = table.find('deleteVolume')?.plan({ domain: 'd', disk: 'd', volume: 'v' }, () => 0.5);
    expect(median).toMatchObject({ kind: 'run', durationUs: 2_000_000, failure: null, lost: null });
  });

  it('finds malformed arguments and names them', () => {
    const table = createVerbTable({ verbs: VERBS, content: new AWorld().storage.content, speeds: {}, failures: noFailures(), bandwidth: boundless() });
    expect(table.find('deleteImage')?.problemWith({ domain: 'domain1', disk: 'disk1' })).toBeNull();
    expect(table.find('deleteImage')?.problemWith({ domain: 'a/b', disk: 7 })).toMatch(/args\.domain: .*; args\.disk: /);
    expect(table.find('snapshot')?.problemWith({ vm: 'v', snapshot: 's', disks: [{ disk: 'd' }] })).toMatch(/args\.disks\.0\.volume/);
  });
});
