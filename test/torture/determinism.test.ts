import { describe, expect, it } from 'vitest';
import { inMemory, interleaved, singleSteps, slices } from './determinism/course.js';
import { firstDifference } from './determinism/difference.js';
import { ANOTHER, eventsOf, hashesOf, LEVELDB, ONE } from './determinism/settings.js';

const noMatter = (): void => undefined;

// More of everything: npm run determinism.
describe('a seed has one trace', () => {
  it('in every process, time zone, heap and order', async () => {
    const [one, another] = await Promise.all([hashesOf(ONE, 1, 20, noMatter), hashesOf(ANOTHER, 1, 20, noMatter)]);
    expect(new Map([...another].sort(([a], [b]) => a - b))).toEqual(one);
    expect(new Set(one.values()).size).toBe(20);
  });

  it('in memory and on LevelDB', async () => {
    const stored = await hashesOf(LEVELDB, 1, 5, noMatter);
    for (let seed = 1; seed <= 5; seed += 1) expect(stored.get(seed)).toBe((await inMemory(seed)).traceHash);
  });

  it.each([3, 5, 8, 13, 21])('in one run, by single steps and by slices of time (seed %i)', async (seed) => {
    const whole = await inMemory(seed);
    expect(await inMemory(seed, { drive: singleSteps })).toEqual(whole);
    expect(await inMemory(seed, { drive: slices(seed, whole.end) })).toEqual(whole);
  });

  it('alone and in turns with another simulation', async () => {
    expect(await interleaved(7, 8)).toEqual([await inMemory(7), await inMemory(8)]);
  });
});

describe('the first difference of two traces', () => {
  it('is the first event that differs, or where one ends', () => {
    expect(firstDifference(['a', 'b'], ['a', 'b'])).toBeNull();
    expect(firstDifference(['a', 'b', 'c'], ['a', 'x', 'y'])).toBe('b\nis in the other run\nx');
    expect(firstDifference(['a', 'b'], ['a'])).toBe('b\nis in the other run\nnothing: it has ended');
    expect(firstDifference(['a'], ['a', 'b'])).toContain('goes on: b');
  });

  it('names the event of a real run, and what happened in it', async () => {
    const [one, another] = await Promise.all([eventsOf(ONE, 1, 2, 2), eventsOf(ONE, 1, 3, 3)]);
    expect(one.length).toBe((await inMemory(2)).events);
    expect(firstDifference(one, another)).toMatch(/^event \d+ at \d+ µs: /);
  });
});
