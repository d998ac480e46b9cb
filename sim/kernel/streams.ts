import { hash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { SeatbeltError } from '../../src/model/errors.js';

/** One seeded sequence of draws. */
export class Stream {
  constructor(
    private readonly generator: RandomGenerator,
    private readonly onDraw: (draw: number) => void,
  ) {}

  /** From [0, 1), in steps of 2^-53. */
  next(): number {
    const draw = uniformFloat64(this.generator);
    this.onDraw(draw);
    return draw;
  }

  /** A whole number between `from` and `to`, both included. */
  int(from: number, to: number): number {
    const draw = uniformInt(this.generator, from, to);
    this.onDraw(draw);
    return draw;
  }
}

/**
 * All randomness of a run. Each (component, purpose) has a stream of its own, derived from the seed and these names alone; so another component,
 * or one more draw by one of them, changes nothing for the others.
 */
export class Streams {
  private readonly streams = new Map<string, Map<string, Stream>>();

  /**
   * @param seed any safe integer.
   * @param onDraw is told each draw of each stream, in order.
   * @param session from 1: a run that another process goes on with draws from other streams than before, as dice have no memory of a power cut.
   * @throws SeatbeltError `BAD_SCENARIO` when the seed is not a safe integer.
   */
  constructor(
    private readonly seed: number,
    private readonly onDraw: (draw: number) => void = () => undefined,
    private readonly session = 1,
  ) {
    if (!Number.isSafeInteger(seed)) throw new SeatbeltError('BAD_SCENARIO', `seed: ${seed} is not a whole number that a double holds exactly`);
  }

  /** Always the same stream for the same names, in the state in which it is. */
  get(component: string, purpose: string): Stream {
    let ofComponent = this.streams.get(component);
    if (ofComponent === undefined) this.streams.set(component, (ofComponent = new Map<string, Stream>()));
    let stream = ofComponent.get(purpose);
    if (stream === undefined) ofComponent.set(purpose, (stream = new Stream(this.generator(component, purpose), this.onDraw)));
    return stream;
  }

  private generator(component: string, purpose: string): RandomGenerator {
    // JSON keeps ('a', 'b/c') and ('a/b', 'c') apart; the hash makes neighbouring seeds unrelated, which the generator's own seeding does not.
    const names = this.session === 1 ? [component, purpose] : [component, purpose, this.session];
    const bytes = hash('sha256', JSON.stringify([this.seed, ...names]), 'buffer');
    return xoroshiro128plusFromState([0, 4, 8, 12].map((at) => bytes.readInt32LE(at)));
  }
}
