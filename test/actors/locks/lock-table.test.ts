import { describe, expect, test } from 'vitest';
import { LockTable } from '../../../actors/locks/lock-table.js';
import { compatible, stronger, type LockMode, type LockRecord } from '../../../src/model/lock.js';

const lock = (owner: string, mode: LockMode, key = 'k'): LockRecord => ({ key, mode, owner });

describe('two modes', () => {
  test.each<[LockMode, LockMode, together: boolean, LockMode]>([
    ['shared', 'shared', true, 'shared'],
    ['shared', 'exclusive', false, 'exclusive'],
    ['exclusive', 'shared', false, 'exclusive'],
    ['exclusive', 'exclusive', false, 'exclusive'],
  ])('%s and %s: go together %s, both are allowed by %s', (a, b, together, both) => {
    expect([compatible(a, b), stronger(a, b)]).toEqual([together, both]);
  });
});

describe('against a request of c', () => {
  test.each<[holds: readonly LockRecord[], wants: LockMode, against: readonly string[]]>([
    [[], 'exclusive', []],
    [[lock('a', 'shared')], 'shared', []],
    [[lock('a', 'shared')], 'exclusive', ['a']],
    [[lock('a', 'shared'), lock('b', 'shared')], 'shared', []],
    [[lock('b', 'shared'), lock('a', 'shared')], 'exclusive', ['b', 'a']],
    [[lock('a', 'exclusive')], 'shared', ['a']],
    [[lock('a', 'exclusive')], 'exclusive', ['a']],
    [[lock('a', 'exclusive', 'other')], 'exclusive', []],
    [[lock('c', 'exclusive')], 'exclusive', []],
    [[lock('c', 'shared')], 'exclusive', []],
    [[lock('c', 'shared'), lock('a', 'shared')], 'exclusive', ['a']],
  ])('with %j held, %s: %j', (holds, mode, against) => {
    expect([...new LockTable(holds).against('c', { key: 'k', mode })]).toEqual(against);
  });
});

test('an owner keeps the stronger mode of all that was granted to it', () => {
  const table = new LockTable([lock('a', 'shared')]);
  table.grant('a', { key: 'k', mode: 'exclusive' });
  table.grant('a', { key: 'k', mode: 'shared' });
  expect(table.heldBy('a')).toEqual([lock('a', 'exclusive')]);
  expect([...table.records()]).toEqual([lock('a', 'exclusive')]);
});

test('locks are released by owner, and all of them', () => {
  const table = new LockTable([lock('a', 'shared'), lock('b', 'shared'), lock('a', 'exclusive', 'other')]);
  table.release('nobody');
  expect([...table.records()]).toEqual([lock('a', 'shared'), lock('b', 'shared'), lock('a', 'exclusive', 'other')]);
  table.release('a');
  table.release('a');
  expect([[...table.records()], table.heldBy('a')]).toEqual([[lock('b', 'shared')], []]);
  expect([...table.against('c', { key: 'other', mode: 'exclusive' })]).toEqual([]);
});
