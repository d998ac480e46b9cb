import { describe, expect, test } from 'vitest';
import { EntityTable } from '../../../src/store/entity-table.js';

describe('the table of entities', () => {
  test('has what it was made with, and then what was applied', () => {
    const table = new EntityTable([['disk/d1', { version: 3, value: { size: 1 } }]]);
    table.apply('disk/d2', { version: 1, value: null });
    table.apply('disk/d1', { version: 4, value: { size: 2 } });
    expect([...table.entries()]).toEqual([
      ['disk/d1', { version: 4, value: { size: 2 } }],
      ['disk/d2', { version: 1, value: null }],
    ]);
    table.apply('disk/d1', null);
    expect([table.read('disk/d1'), table.read('disk/d2')]).toEqual([undefined, { version: 1, value: null }]);
  });

  test('lets nobody change a record in place, however deep', () => {
    const table = new EntityTable([['disk/d1', { version: 1, value: { volumes: [{ id: 'base' }] } }]]);
    const value = table.read('disk/d1')?.value as { volumes: { id: string }[] };
    expect(() => value.volumes.push({ id: 'leaf' })).toThrow(TypeError);
    expect(() => Object.assign(value.volumes[0] ?? {}, { id: 'other' })).toThrow(TypeError);
    expect(table.read('disk/d1')?.value).toEqual({ volumes: [{ id: 'base' }] });
  });
});
