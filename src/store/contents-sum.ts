import { crc32 } from 'node:zlib';
import { carriedChecksum } from './codec.js';

/** What an entry adds to the sum. */
export function entryDigest(key: string, value: Uint8Array): number {
  return scramble(crc32(key, carriedChecksum(value)));
}

/**
 * A checksum over entries of a store, in any order, that is kept up to date entry by entry. The head carries it, and it is computed
 * anew when they are read: LevelDB says nothing when it has lost entries from the middle of a file, or shows older versions of them.
 * (What it cannot notice is the loss of the last commits as a whole: their heads are lost with them.)
 */
export class ContentsSum {
  /** Of the entries that may be replaced, so that their share can be taken out of the sum again. */
  readonly #digests = new Map<string, number>();
  #sum: number;

  /** @param sum of what was {@link append}ed before */
  constructor(sum = 0) {
    this.#sum = sum;
  }

  /** A 32-bit unsigned number. */
  get value(): number {
    return this.#sum;
  }

  /** Whether there is an entry that was {@link put} under this key. */
  has(key: string): boolean {
    return this.#digests.has(key);
  }

  put(key: string, digest: number): void {
    this.#sum = (this.#sum - (this.#digests.get(key) ?? 0) + digest) >>> 0;
    this.#digests.set(key, digest);
  }

  remove(key: string): void {
    this.#sum = (this.#sum - (this.#digests.get(key) ?? 0)) >>> 0;
    this.#digests.delete(key);
  }

  /** Adds an entry that will never be replaced. It costs no memory; {@link has} does not know it. */
  append(digest: number): void {
    this.#sum = (this.#sum + digest) >>> 0;
  }

  /** Takes out an entry that was {@link append}ed. */
  takeOut(digest: number): void {
    this.#sum = (this.#sum - digest) >>> 0;
  }
}

/** CRCs are linear, and the same change to two entries could cancel out; the finalizer of MurmurHash3 breaks that. */
function scramble(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
