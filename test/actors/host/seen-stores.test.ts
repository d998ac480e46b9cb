import { describe, expect, test } from 'vitest';
import { SeenStores } from '../../../actors/host/seen-stores.js';
import type { Stamp } from '../../../actors/wire.js';

// How a host that has seen a store tells whether what comes next goes on from it, or from an older copy.

/** Name, first and last commit of a start of the engine. */
type Start = readonly [life: string, beganAt: number, endedAt: number];

const stamp = ([life, beganAt, commitSeq]: Start, earlier: readonly Start[] = [], id = 's'): Stamp => ({
  incarnation: 1 + earlier.length,
  commitSeq,
  store: { id, life, beganAt, earlier: earlier.map(([life, beganAt, endedAt]) => ({ life, beganAt, endedAt })) },
  fence: null,
});

/** What was seen: start b went on from start a, and was seen up to commit 20. */
function seenUpTo20(): SeenStores {
  const seen = new SeenStores();
  expect(seen.witness(stamp(['a', 1, 9]))).toBeNull();
  expect(seen.witness(stamp(['b', 10, 20], [['a', 1, 9]]))).toBeNull();
  return seen;
}

const OLDER = { commitSeq: 20, incarnation: 2 };

describe('to hosts that have seen commit 20, of the start b that began with commit 10', () => {
  test.each<[string, Stamp]>([
    ['the same start, further on', stamp(['b', 10, 25], [['a', 1, 9]])],
    ['the same start, overtaken by what it sent later', stamp(['b', 10, 12], [['a', 1, 9]])],
    ['the same start, which knows that it was heard', stamp(['b', 10, 25])],
    ['the next start', stamp(['c', 21, 21], [['b', 10, 20]])],
    ['a start with commits of b that nobody has seen', stamp(['c', 26, 26], [['b', 10, 25]])],
    ['one with starts between that nobody has heard of', stamp(['e', 25, 25], [['a', 1, 9], ['b', 10, 20], ['c', 21, 22], ['d', 23, 24]])],
    ['one that knows that a later start was heard, as if the hosts had lost what they knew', stamp(['e', 40, 40], [['d', 30, 39]])],
    ['one that was accepted beyond what they have seen', stamp(['x', 21, 21])],
    ['one that goes on from one that was accepted', stamp(['y', 22, 22], [['x', 21, 21]])],
  ])('in order is %s', (_, next) => {
    const seen = seenUpTo20();
    expect(seen.witness(next)).toBeNull();
    expect(seen.witness(next)).toBeNull();
  });

  test.each<[string, Stamp]>([
    ['a copy from before there was b', stamp(['x', 10, 10], [['a', 1, 9]])],
    ['a copy from before there was a', stamp(['x', 1, 1])],
    ['a copy in the midst of b', stamp(['x', 16, 16], [['b', 10, 15]])],
    ['a copy that lacks the last commit alone', stamp(['x', 20, 20], [['a', 1, 9], ['b', 10, 19]])],
    ['a copy whose own commits have come to lie beyond', stamp(['x', 16, 90], [['b', 10, 15]])],
    ['a copy that was started over and over', stamp(['z', 80, 99], [['b', 10, 15], ['x', 16, 50], ['y', 51, 79]])],
    ['a copy that has forgotten b among its many starts', stamp(['z', 80, 99], [['a', 1, 9], ['y', 51, 79]])],
    ['what comes late from the start before', stamp(['a', 1, 9])],
    ['one that was accepted when hosts had seen less', stamp(['x', 15, 40])],
  ])('refused is %s', (_, next) => {
    const seen = seenUpTo20();
    expect(seen.witness(next)).toEqual(OLDER);
    expect(seen.witness(next)).toEqual(OLDER);
    expect(seen.witness(stamp(['c', 21, 21], [['b', 10, 20]]))).toBeNull();
  });
});

test('stores have nothing to do with each other, and who has none is never refused', () => {
  const seen = seenUpTo20();
  expect(seen.witness(stamp(['x', 1, 1], [], 'another'))).toBeNull();
  expect(seen.witness({ incarnation: 1, commitSeq: 1, fence: null })).toBeNull();
});
