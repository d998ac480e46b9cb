import { describe, expect, test } from 'vitest';
import type { Args } from '../../../actors/wire.js';
import { chainOf } from '../../../sim/world/images.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import { performWhole } from './whole-verb.js';

const GIB = 2 ** 30;
const BASE = { id: 'base', parent: null, format: 'raw' } as const;
const MIDDLE = { id: 'middle', parent: 'base', format: 'cow' } as const;
const LEAF = { id: 'leaf', parent: 'middle', format: 'cow' } as const;

/** A disk of a VM that is down, with two snapshots, on `hdd`. */
class ColdWorld {
  readonly storage = new SharedStorage(VERBS);
  #keys = 0;
  /** What the last one has registered. */
  #recoveries: readonly string[] = [];

  constructor() {
    for (const domain of ['hdd', 'ssd']) this.storage.addDomain(domain);
    this.storage.addVm('vm1', 'host1', 'down');
    this.storage.addDisk({ disk: 'd1', vm: null, domain: 'hdd', volumes: [BASE, MIDDLE, LEAF], sizeBytes: GIB });
  }

  /** @returns the code */
  do(verb: string, args: Args): number {
    this.#keys += 1;
    const outcome = performWhole(this.storage, { key: `k${this.#keys}`, verb, args, step: { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 }, host: 'host1', hold: null });
    this.#recoveries = outcome.ok ? outcome.recoveries : [];
    return outcome.ok ? 0 : outcome.code;
  }

  undoLast(verb: string, args: Args): void {
    const step = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } as const;
    this.storage.recover({ key: `k${this.#keys}`, verb, args, step, host: 'host1', hold: null }, this.#recoveries, false);
  }

  open(): readonly string[] {
    return this.storage.ledger.openEffects('c1').map(({ sign, object }) => `${sign}${object}`);
  }

  /** From the leaf: id, format and content. */
  chain(domain: string, disk = 'd1'): readonly unknown[] {
    const image = this.storage.content.images.find(domain, disk);
    return (image === undefined ? [] : (chainOf(image) ?? [])).map(({ id, format, data }) => [id, format, data]);
  }
}

const TO_SSD = { disk: 'd1', source: 'hdd', copy: 'd1', target: 'ssd' };
const merge = (ancestor: string, successor: string): Args => ({ domain: 'hdd', disk: 'd1', ancestor, successor });

describe('copyImage', () => {
  test('makes a second legal copy of the whole chain, which is deleted like any image', () => {
    const world = new ColdWorld();
    expect([world.do('copyImage', TO_SSD), world.storage.legalCopies('d1'), world.chain('ssd')]).toEqual([0, ['hdd', 'ssd'], world.chain('hdd')]);
    expect(world.open()).toEqual(['+image:ssd/d1', '+content:ssd/d1']);
    expect([world.do('deleteImage', { domain: 'ssd', disk: 'd1' }), world.open()]).toEqual([0, []]);
  });

  test('is rolled back to nothing', () => {
    const world = new ColdWorld();
    world.do('copyImage', TO_SSD);
    world.undoLast('copyImage', TO_SSD);
    expect([world.open(), world.storage.legalCopies('d1')]).toEqual([[], ['hdd']]);
  });

  test('may be of another disk', () => {
    const world = new ColdWorld();
    expect([world.do('copyImage', { ...TO_SSD, copy: 'd2' }), world.chain('ssd', 'd2')]).toEqual([0, world.chain('hdd')]);
  });

  test.each<[what: string, args: object, code: number]>([
    ['from where it is not', { source: 'ssd', target: 'hdd' }, 268],
    ['to where it is already', { target: 'hdd' }, 212],
    ['to no domain', { target: 'tape' }, 358],
  ])('%s fails and changes nothing', (_, args, code) => {
    const world = new ColdWorld();
    const before = world.storage.toData();
    expect([world.do('copyImage', { ...TO_SSD, ...args }), world.storage.toData()]).toEqual([code, before]);
  });
});

describe('mergeSnapshots', () => {
  test('puts the successor in the place of its parent, with the content of both', () => {
    const world = new ColdWorld();
    expect([world.do('mergeSnapshots', merge('middle', 'leaf')), world.chain('hdd'), world.storage.legalCopies('d1')]).toEqual([
      0,
      [['leaf', 'cow', ['layer:d1#1', 'layer:d1#2']], ['base', 'raw', ['base:d1']]],
      ['hdd'],
    ]);
    expect([world.do('mergeSnapshots', merge('base', 'leaf')), world.chain('hdd')]).toEqual([0, [['leaf', 'raw', ['base:d1', 'layer:d1#1', 'layer:d1#2']]]]);
    expect(world.open()).toEqual(['-volume:hdd/d1/middle', '-volume:hdd/d1/base']);
  });

  test.each<[what: string, args: Args, code: number]>([
    ['what is merged already', merge('gone', 'leaf'), 201],
    ['into what is not there', merge('leaf', 'gone'), 201],
    ['into what is no child', merge('base', 'leaf'), 262],
    ['of a disk that is not there', { ...merge('base', 'middle'), domain: 'ssd' }, 268],
  ])('%s fails and changes nothing', (_, args, code) => {
    const world = new ColdWorld();
    const before = world.storage.toData();
    expect([world.do('mergeSnapshots', args), world.storage.toData()]).toEqual([code, before]);
  });
});

test('getVolumesList says which volumes there are, on any host', () => {
  const { storage } = new ColdWorld();
  const list = (domain: string) => storage.read('getVolumesList', { domain, disk: 'd1' }, 'host3');
  expect([list('hdd'), list('ssd'), list('tape')]).toMatchObject([{ result: ['base', 'leaf', 'middle'] }, { result: [] }, { ok: false, code: 358 }]);
});

test('a VM that is down runs nowhere: no host knows it', () => {
  const { storage } = new ColdWorld();
  expect(storage.read('getVmDisk', { vm: 'vm1', disk: 'd1' }, 'host1')).toMatchObject({ ok: false, code: 1 });
});
