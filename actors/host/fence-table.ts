import type { Data } from '../../src/model/data.js';
import type { Stamp } from '../wire.js';

/** The highest incarnation and fence numbers seen, by which requests from the past are told. */
export class FenceTable {
  #incarnation = 0;
  readonly #numbers = new Map<string, number>();

  /** False if the request is over: an older incarnation sent it, or its command has since given up what it asks for. Equal ones are in order. */
  admit(stamp: Stamp): boolean {
    if (stamp.incarnation < this.#incarnation) return false;
    this.#incarnation = stamp.incarnation;
    if (stamp.fence === null) return true;
    const { commandId, number } = stamp.fence;
    if (number < (this.#numbers.get(commandId) ?? 0)) return false;
    this.#numbers.set(commandId, number);
    return true;
  }

  toData(): Data {
    return { incarnation: this.#incarnation, numbers: [...this.#numbers].sort(([a], [b]) => (a < b ? -1 : 1)) };
  }
}
