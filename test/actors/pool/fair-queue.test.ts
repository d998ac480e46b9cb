import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../actors/pool/fair-queue.js';

interface Item {
  readonly root: string;
  readonly undoes: boolean;
  readonly n: number;
}

function queued(...roots: readonly string[]) {
  const queue = new FairQueue<Item>();
  const items = roots.map((name, n): Item => ({ root: name.replace('!', ''), undoes: name.startsWith('!'), n }));
  for (const item of items) queue.add(item, item);
  const take = (): string => {
    const item = queue.next();
    return item === undefined ? '-' : `${item.undoes ? '!' : ''}${item.root}`;
  };
  return { queue, items, take, all: () => items.map(() => take()) };
}

describe('what waits for room', () => {
  it('is served root by root, those first that came first, and of each root in its order', () => {
    expect(queued('a', 'a', 'a', 'b', 'c', 'b').all()).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  it('of a root that comes late, waits for no more than one of each of the others', () => {
    const { queue, take } = queued(...Array.from({ length: 1000 }, () => 'a'));
    take();
    take();
    queue.add({ root: 'b', undoes: false, n: 0 }, { root: 'b', undoes: false });
    expect([take(), take(), take()]).toEqual(['a', 'b', 'a']);
  });

  it('comes back to its old place, and its root to its turn', () => {
    const { queue, items, take } = queued('a', 'b', 'a');
    expect(take()).toBe('a');
    const [first] = items;
    if (first !== undefined) queue.add(first, first);
    expect(queue.next()).toBe(first);
    expect([take(), take(), take()]).toEqual(['b', 'a', '-']);
  });

  it('and undoes something, comes first, but for one in four', () => {
    expect(queued('a', 'a', '!b', '!b', '!b', '!c', '!c').all()).toEqual(['!b', '!c', '!b', 'a', '!c', '!b', 'a']);
  });

  it('and is not wanted any more, is gone', () => {
    const { queue, items, take } = queued('a', 'b');
    for (const item of items.slice(0, 1)) queue.remove(item, item);
    expect([take(), take()]).toEqual(['b', '-']);
  });
});

it('keeps the order within each root, and lets nobody wait for more than a few turns of each other root, however it is used', () => {
  const uses = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('add' as const), root: fc.constantFrom('a', 'b', 'c', 'd'), undoes: fc.boolean() }),
      fc.record({ do: fc.constant('take' as const), back: fc.boolean() }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(uses, (list) => {
      const queue = new FairQueue<Item>();
      const last = new Map<string, number>();
      /** How many others of each root have been served while the oldest of a root waited. */
      const passed = new Map<string, number>();
      const waiting: Item[] = [];
      list.forEach((use, n) => {
        if (use.do === 'add') {
          const item = { root: use.root, undoes: use.undoes, n };
          queue.add(item, item);
          waiting.push(item);
          return;
        }
        const item = queue.next();
        expect(item === undefined).toBe(waiting.length === 0);
        if (item === undefined) return;
        if (use.back) return queue.add(item, item);
        const key = `${item.root} ${item.undoes}`;
        expect(item.n).toBeGreaterThan(last.get(key) ?? -1);
        last.set(key, item.n);
        waiting.splice(waiting.indexOf(item), 1);
        passed.delete(key);
        for (const other of new Set(waiting.map(({ root, undoes }) => `${root} ${undoes}`))) {
          if (other !== key) passed.set(other, (passed.get(other) ?? 0) + 1);
        }
        // Three other roots of its lane, and for each turn of a lane at most three of the other one and what is left of it.
        for (const count of passed.values()) expect(count).toBeLessThanOrEqual(4 * 4);
      });
    }),
  );
});
