import { describe, expect, test } from 'vitest';
import { entityKind } from '../../../src/model/entity.js';
import { EntityTable } from '../../../src/store/entity-table.js';
import { StagedView } from '../../../src/store/staged-view.js';
import { failureOf } from './fixtures.js';

type Disk = { readonly size: number; readonly tags?: readonly string[] };
const DISK = entityKind<Disk>('disk');

const table = (): EntityTable => new EntityTable([['disk/d1', { version: 3, value: { size: 1 } }]]);

describe('a staged view', () => {
  test('shows what is committed, and over it what it has staged', () => {
    const view = new StagedView(table());
    view.update(DISK, 'd1', ({ size }) => ({ size: size + 1 }));
    view.put(DISK, 'd2', { size: 7 });
    expect([view.get(DISK, 'd1'), view.find(DISK, 'd2')]).toEqual([{ size: 2 }, { size: 7 }]);
    view.update(DISK, 'd1', ({ size }) => ({ size: size * 10 }));
    view.remove(DISK, 'd2');
    expect([view.get(DISK, 'd1'), view.find(DISK, 'd2')]).toEqual([{ size: 20 }, undefined]);
  });

  test('lets nothing out', () => {
    const entities = table();
    const view = new StagedView(entities);
    view.put(DISK, 'd1', { size: 9 });
    view.remove(DISK, 'd1');
    expect([...entities.entries()]).toEqual([['disk/d1', { version: 3, value: { size: 1 } }]]);
  });

  test('sees a record as it was when first looked at, whatever is committed meanwhile', () => {
    const entities = table();
    const view = new StagedView(entities);
    view.get(DISK, 'd1');
    entities.apply('disk/d1', { version: 4, value: { size: 100 } });
    expect(view.get(DISK, 'd1')).toEqual({ size: 1 });
  });

  test.each<[string, (view: StagedView) => unknown]>([
    ['get', (view) => view.get(DISK, 'none')],
    ['update', (view) => view.update(DISK, 'none', (disk) => disk)],
    ['get of what it has removed', (view) => (view.remove(DISK, 'd1'), view.get(DISK, 'd1'))],
    ['update of what it has removed', (view) => (view.remove(DISK, 'd1'), view.update(DISK, 'd1', (disk) => disk))],
  ])('%s of a record that is not there names it', async (_, act) => {
    const error = await failureOf(() => act(new StagedView(table())));
    expect([error.code, /disk '(none|d1)'/.test(error.message)]).toEqual(['ENTITY_NOT_FOUND', true]);
  });

  test('removing what is not there does nothing', () => {
    const view = new StagedView(table());
    view.remove(DISK, 'none');
    expect(view.find(DISK, 'none')).toBeUndefined();
  });

  test('refuses what cannot be stored, and has staged nothing then', async () => {
    const view = new StagedView(table());
    const odd = { size: Number.NaN };
    expect((await failureOf(() => view.put(DISK, 'd1', odd))).code).toBe('NOT_PLAIN_DATA');
    expect((await failureOf(() => view.update(DISK, 'd1', () => odd))).message).toContain('disk/d1.size');
    expect([view.get(DISK, 'd1'), view.staged().writes]).toEqual([{ size: 1 }, []]);
  });

  test('remembers all that it read or wrote, with the version that it saw; 0 for none', () => {
    const view = new StagedView(table());
    view.find(DISK, 'd1');
    view.put(DISK, 'd2', { size: 1 });
    view.remove(DISK, 'd3');
    expect(view.readsSoFar()).toEqual([
      { key: 'disk/d1', version: 3, value: { size: 1 } },
      { key: 'disk/d2', version: 0, value: null },
      { key: 'disk/d3', version: 0, value: null },
    ]);
  });

  test('stages its changes as functions, in order', () => {
    const view = new StagedView(table());
    view.update(DISK, 'd1', ({ size }) => ({ size: size + 1 }));
    view.update(DISK, 'd1', ({ size }) => ({ size: size * 2 }));
    const { writes } = view.staged();
    const applied = writes.reduce<unknown>((current, { change }) => change(current as Disk), { size: 50 });
    expect([writes.map(({ key }) => key), applied]).toEqual([['disk/d1', 'disk/d1'], { size: 102 }]);
  });

  test('tells at commit what can be applied to a newer version, and what would undo it', () => {
    const view = new StagedView(table());
    view.update(DISK, 'd1', (disk) => disk);
    view.put(DISK, 'd1', { size: 1 });
    view.remove(DISK, 'd1');
    expect(view.staged().writes.map(({ kind }) => kind)).toEqual(['update', 'replace', 'replace']);
  });

  test('keeps what it is given, whatever becomes of it, and lets nobody change what it shows', () => {
    const view = new StagedView(table());
    const mine = { size: 1, tags: ['a'] };
    view.put(DISK, 'd2', mine);
    mine.tags.push('b');
    const shown = view.get(DISK, 'd2');
    expect([shown, Object.isFrozen(mine)]).toEqual([{ size: 1, tags: ['a'] }, false]);
    expect(() => Object.assign(shown, { size: 2 })).toThrow(TypeError);
    view.update(DISK, 'd1', (disk) => {
      expect(() => Object.assign(disk, { size: 2 })).toThrow(TypeError);
      return disk;
    });
    expect(() => Object.assign(view.get(DISK, 'd1'), { size: 2 })).toThrow(TypeError);
  });

  test.each(['put', 'update', 'remove', 'find', 'get'] as const)('%s of a key that is none is refused, and nothing is staged', async (what) => {
    const view = new StagedView(table());
    const act = {
      put: () => view.put(DISK, 'd\ud800', { size: 1 }),
      update: () => view.update(DISK, 'd\ud800', (disk) => disk),
      remove: () => view.remove(DISK, 'd\ud800'),
      find: () => view.find(DISK, 'd\ud800'),
      get: () => view.get(DISK, 'd\ud800'),
    };
    expect((await failureOf(act[what])).code).toBe('BAD_ENTITY_KEY');
    expect([view.readsSoFar(), view.staged().writes]).toEqual([[], []]);
  });

  test('leaves deleted what was deleted meanwhile', () => {
    const view = new StagedView(table());
    view.update(DISK, 'd1', ({ size }) => ({ size: size + 1 }));
    expect(view.staged().writes[0]?.change(undefined)).toBeUndefined();
  });
});

describe('a view of a repeated run', () => {
  const recorded = [{ key: 'disk/d1', version: 2, value: { size: 5 } }];

  test('shows what the earlier run had read, and is not to blame for it', () => {
    const view = new StagedView(table(), recorded);
    expect(view.get(DISK, 'd1')).toEqual({ size: 5 });
    expect(view.staged().exempt).toEqual(new Set(['disk/d1']));
  });

  test('shows an absent record as absent', () => {
    const view = new StagedView(table(), [{ key: 'disk/d1', version: 0, value: null }]);
    expect(view.find(DISK, 'd1')).toBeUndefined();
  });

  test('answers for what it reads for the first time', () => {
    const view = new StagedView(new EntityTable([['disk/d9', { version: 1, value: { size: 9 } }]]), recorded);
    expect(view.get(DISK, 'd9')).toEqual({ size: 9 });
    expect(view.staged().exempt.has('disk/d9')).toBe(false);
    expect(view.readsSoFar().map(({ key }) => key)).toEqual(['disk/d1', 'disk/d9']);
  });
});
