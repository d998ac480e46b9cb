import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Streams } from '../../../sim/kernel/streams.js';

const draws = (streams: Streams, component: string, purpose: string, n = 8): number[] => {
  const stream = streams.get(component, purpose);
  return Array.from({ length: n }, () => stream.next());
};

describe('seeded streams', () => {
  it('are functions of seed, component and purpose, and of nothing that other streams do', () => {
    const name = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(fc.maxSafeInteger(), name, name, fc.array(fc.tuple(name, name, fc.nat(5)), { maxLength: 8 }), (seed, component, purpose, others) => {
        const alone = draws(new Streams(seed), component, purpose);
        const crowded = new Streams(seed);
        const interleaved: number[] = [];
        for (let i = 0; i < 8; i += 1) {
          for (const [otherComponent, otherPurpose, n] of others) {
            if (otherComponent !== component || otherPurpose !== purpose) draws(crowded, otherComponent, otherPurpose, n);
          }
          interleaved.push(crowded.get(component, purpose).next());
        }
        expect(interleaved).toEqual(alone);
      }),
    );
  });

  it('differ for other seeds, components and purposes, wherever the names are cut', () => {
    const seen = new Set<string>();
    const names = ['', 'a', 'b', 'ab', 'a/b', '"', ','];
    for (const seed of [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      for (const component of names) for (const purpose of names) seen.add(draws(new Streams(seed), component, purpose, 2).join());
    }
    expect(seen.size).toBe(7 * names.length * names.length);
  });

  it('refuse a seed that is no safe integer', () => {
    for (const seed of [0.5, NaN, 2 ** 53]) expect(() => new Streams(seed)).toThrow(expect.objectContaining({ code: 'BAD_SCENARIO' }));
  });

  it('draw evenly from [0, 1) and from a range of whole numbers with both ends', () => {
    const stream = new Streams(7).get('test', 'even');
    const n = 20_000;
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < n; i += 1) {
      const draw = stream.next();
      expect(draw).toBeGreaterThanOrEqual(0);
      expect(draw).toBeLessThan(1);
      const tenth = Math.floor(draw * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - n / 10)).toBeLessThan(200);
    const whole = new Set(Array.from({ length: 200 }, () => stream.int(-1, 2)));
    expect([...whole].sort()).toEqual([-1, 0, 1, 2]);
  });

  it('tell each draw', () => {
    const told: number[] = [];
    const streams = new Streams(1, (draw) => told.push(draw));
    const drawn = [streams.get('a', 'x').next(), streams.get('b', 'x').int(0, 9), streams.get('a', 'x').next()];
    expect(told).toEqual(drawn);
  });
});
