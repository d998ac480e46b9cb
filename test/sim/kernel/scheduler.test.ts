import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventSpec } from '../../../sim/kernel/event.js';
import { Scheduler } from '../../../sim/kernel/scheduler.js';
import { Streams } from '../../../sim/kernel/streams.js';
import { fifo } from '../../../sim/kernel/strategies/fifo.js';
import { random } from '../../../sim/kernel/strategies/random.js';

function spec(label: string, more: Partial<EventSpec> = {}): EventSpec {
  return { kind: 'timer', node: 'n', incarnation: 1, label, content: null, background: false, run: () => undefined, ...more };
}

/** The labels of all that is left, in the order in which it runs. */
function drain(scheduler: Scheduler): string[] {
  const labels: string[] = [];
  for (let event = scheduler.next(Infinity, true); event !== undefined; event = scheduler.next(Infinity, true)) {
    expect(event.time).toBe(scheduler.now);
    labels.push(event.spec.label);
  }
  return labels;
}

describe('the scheduler', () => {
  it('runs events by time, and those of one time in the order in which they were scheduled; cancelled and purged ones never', () => {
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('schedule' as const), after: fc.nat(20), node: fc.constantFrom('a', 'b'), background: fc.boolean() }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(200) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('next' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), node: fc.constantFrom('a', 'b') }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const scheduler = new Scheduler(fifo());
        type Expected = { readonly time: number; readonly id: number; readonly node: string; readonly background: boolean };
        let expected: Expected[] = [];
        const scheduled: { readonly id: number; readonly cancel: () => void }[] = [];
        for (const act of actions) {
          switch (act.do) {
            case 'schedule': {
              const id = scheduled.length;
              const event = scheduler.schedule(scheduler.now + act.after, spec(`${id}`, { node: act.node, background: act.background }));
              scheduled.push({ id, cancel: () => scheduler.cancel(event) });
              expected.push({ time: event.time, id, node: act.node, background: act.background });
              break;
            }
            case 'cancel': {
              const victim = scheduled[act.which % Math.max(1, scheduled.length)];
              victim?.cancel();
              victim?.cancel();
              expected = expected.filter(({ id }) => id !== victim?.id);
              break;
            }
            case 'purge':
              scheduler.purge(act.node, 1);
              expected = expected.filter(({ node }) => node !== act.node);
              break;
            case 'next': {
              expected.sort((one, other) => one.time - other.time || one.id - other.id);
              expect(scheduler.next(Infinity, true)?.spec.label).toBe(expected.shift()?.id.toString());
              break;
            }
          }
          expect(scheduler.size).toBe(expected.length);
          expect(scheduler.foreground).toBe(expected.filter(({ background }) => !background).length);
        }
        expected.sort((one, other) => one.time - other.time || one.id - other.id);
        expect(drain(scheduler)).toEqual(expected.map(({ id }) => `${id}`));
      }),
    );
  });

  it('refuses what lies in the past or is no whole number of µs, and nothing changes', () => {
    const scheduler = new Scheduler(fifo());
    scheduler.schedule(10, spec('a'));
    drain(scheduler);
    expect(() => scheduler.schedule(9, spec('late'))).toThrow(expect.objectContaining({ code: 'SCHEDULE_IN_PAST' }));
    const badTime = expect.objectContaining({ code: 'BAD_TIME' }) as Error;
    for (const time of [10.5, NaN, Infinity, -0.1]) expect(() => scheduler.schedule(time, spec('odd'))).toThrow(badTime);
    expect([scheduler.size, scheduler.foreground, scheduler.now]).toEqual([0, 0, 10]);
    scheduler.schedule(10, spec('now'));
    expect(drain(scheduler)).toEqual(['now']);
  });

  it('leaves alone what is of another incarnation or of none', () => {
    const scheduler = new Scheduler(fifo());
    for (const incarnation of [0, 1, 2]) {
      scheduler.schedule(0, spec(`ready ${incarnation}`, { incarnation }));
      scheduler.schedule(5, spec(`timed ${incarnation}`, { incarnation }));
    }
    scheduler.purge('n', 1);
    expect(drain(scheduler)).toEqual(['ready 0', 'ready 2', 'timed 0', 'timed 2']);
  });

  it('stops at a limit, which is part of it or not, and can be moved there', () => {
    const scheduler = new Scheduler(fifo());
    scheduler.schedule(10, spec('ten'));
    expect(scheduler.next(10, false)).toBeUndefined();
    scheduler.moveTo(10);
    scheduler.schedule(10, spec('another'));
    expect(scheduler.now).toBe(10);
    expect(drain(scheduler)).toEqual(['ten', 'another']);
  });

  it('keeps hardly anything of a hundred thousand timers that were cancelled', () => {
    const scheduler = new Scheduler(fifo());
    const keep = scheduler.schedule(7, spec('kept'));
    for (let i = 0; i < 100_000; i += 1) scheduler.cancel(scheduler.schedule(1_000_000 + i, spec('timeout')));
    expect(scheduler.size).toBe(1);
    expect(scheduler.nextTime()).toBe(keep.time);
    expect(drain(scheduler)).toEqual(['kept']);
  });
});

describe('the random strategy', () => {
  it('runs the events of one time in an order that the seed decides, and keeps times in order', () => {
    const order = (seed: number): string[] => {
      const scheduler = new Scheduler(random(new Streams(seed)));
      for (let i = 0; i < 12; i += 1) scheduler.schedule(i < 6 ? 0 : 3, spec(`${i}`));
      return drain(scheduler);
    };
    expect(order(1)).toEqual(order(1));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => order(seed).join())).size).toBe(5);
    expect(order(1).slice(0, 6).sort()).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('gives each ready event about the same chance', () => {
    const streams = new Streams(3);
    const first = [0, 0, 0, 0];
    for (let run = 0; run < 4000; run += 1) {
      const scheduler = new Scheduler(random(streams));
      for (let i = 0; i < 4; i += 1) scheduler.schedule(0, spec(`${i}`));
      const picked = Number(scheduler.next(0, true)?.spec.label);
      first[picked] = (first[picked] ?? 0) + 1;
    }
    for (const count of first) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});
