import { describe, expect, test } from 'vitest';
import { createLocks, LockTable } from '../../actors/locks.js';
import type { LockAnswer } from '../../actors/messages.js';
import type { LockRecord } from '../../src/model/lock.js';

function locks(...held: readonly LockRecord[]) {
  const table = new LockTable(held);
  const handle = createLocks(table);
  const acquire = (owner: string, ...keys: readonly string[]): LockAnswer => {
    const answers: LockAnswer[] = [];
    const requests = keys.map((key) => ({ key, mode: 'exclusive' as const }));
    handle({ type: 'acquire', owner, requests, wake: (answer) => void answers.push(answer) });
    const [answer] = answers;
    if (answer === undefined || answers.length > 1) throw new Error(`${answers.length} answers`);
    return answer;
  };
  return { table, acquire, release: (owner: string) => handle({ type: 'release', owner }) };
}

const GRANTED = { kind: 'granted' };

describe('locks', () => {
  test('have one owner each', () => {
    const { acquire } = locks();
    expect(acquire('a', 'disk/d1')).toEqual(GRANTED);
    expect(acquire('b', 'disk/d1')).toEqual({ kind: 'refused', key: 'disk/d1', holder: 'a' });
    expect(acquire('b', 'disk/d2')).toEqual(GRANTED);
  });

  test('are granted all together, or none of them', () => {
    const { table, acquire } = locks();
    acquire('a', 'disk/d2');
    expect(acquire('b', 'disk/d1', 'disk/d2', 'disk/d3')).toEqual({ kind: 'refused', key: 'disk/d2', holder: 'a' });
    expect([...table.entries()]).toEqual([['disk/d2', 'a']]);
    expect(acquire('c', 'disk/d1', 'disk/d3')).toEqual(GRANTED);
  });

  test('can be asked for again by whoever belongs to their owner', () => {
    const { table, acquire } = locks();
    acquire('a', 'vm/v', 'disk/d1');
    expect(acquire('a', 'disk/d1', 'disk/d2')).toEqual(GRANTED);
    expect(table.keysOf('a').toSorted()).toEqual(['disk/d1', 'disk/d2', 'vm/v']);
  });

  test('are released together, and by their owner alone', () => {
    const { table, acquire, release } = locks();
    acquire('a', 'disk/d1', 'disk/d2');
    acquire('b', 'disk/d3');
    release('somebody');
    release('b');
    expect(acquire('c', 'disk/d1').kind).toBe('refused');
    release('a');
    release('a');
    expect([...table.entries()]).toEqual([]);
    expect(acquire('c', 'disk/d1', 'disk/d2')).toEqual(GRANTED);
  });

  test('of a store are held from the start', () => {
    const { table, acquire } = locks({ key: 'disk/d1', mode: 'exclusive', owner: 'a' });
    expect(acquire('b', 'disk/d1')).toEqual({ kind: 'refused', key: 'disk/d1', holder: 'a' });
    expect([table.holderOf('disk/d1'), table.keysOf('a'), table.keysOf('b')]).toEqual(['a', ['disk/d1'], []]);
  });

  test('of nothing are granted', () => {
    const { table, acquire, release } = locks();
    expect(acquire('a')).toEqual(GRANTED);
    release('a');
    expect(table.keysOf('a')).toEqual([]);
  });
});
