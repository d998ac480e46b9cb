import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TrackedTasks, type Tracked } from '../../../actors/task-manager/tracked-tasks.js';

const entry = (n: number, at: Tracked['at'], refused: boolean): Tracked => ({
  // A task's pool never changes.
  task: {
    id: `t${n}`, commandId: 'c1', executionIndex: 0, executionReason: 'REGULAR_FLOW', attempt: 1, pool: `pool${n % 2}`,
    verb: 'copy', args: {}, entity: null, state: 'Submitted', createdAt: 0, submittedAt: 0,
  },
  at,
  stop: null,
  polledFrom: 0,
  missing: null,
  refused,
});

const step = fc.record({
  n: fc.integer({ min: 0, max: 5 }),
  to: fc.constantFrom<Tracked['at'] | 'gone'>('withheld', 'placed', 'polled', 'fencing', 'ended', 'ending', 'gone'),
  refused: fc.boolean(),
});

it('knows of each pool what looking through all tasks would tell', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const tracked = new TrackedTasks();
    const naive = new Map<string, Tracked>();
    for (const { n, to, refused } of steps) {
      if (to === 'gone') {
        tracked.delete(`t${n}`);
        naive.delete(`t${n}`);
      } else {
        tracked.set(entry(n, to, refused));
        naive.set(`t${n}`, entry(n, to, refused));
      }
      for (const pool of ['pool0', 'pool1', 'elsewhere']) {
        const there = [...naive.values()].filter(({ task }) => task.pool === pool);
        expect(tracked.isWaitedFor(pool)).toBe(there.some(({ at }) => at !== 'withheld'));
        expect(tracked.withheldOf('c1').filter(({ task }) => task.pool === pool).length).toBe(there.filter(({ at }) => at === 'withheld').length);
        const ids = (entries: readonly Tracked[]): readonly string[] => entries.map(({ task }) => task.id).sort();
        expect(ids(tracked.polled(pool))).toEqual(ids(there.filter(({ at }) => at === 'polled')));
        expect(ids(tracked.refused(pool))).toEqual(ids(there.filter(({ refused }) => refused)));
      }
    }
    expect(['t0', 't1', 't2', 't3', 't4', 't5'].filter((id) => tracked.onHost('pool1', id) !== undefined).sort()).toEqual([...naive.keys()].sort());
    for (const [id, one] of naive) expect(tracked.get(id)).toEqual(one);
  }));
});
