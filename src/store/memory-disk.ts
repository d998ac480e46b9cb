import { SeatbeltError } from '../model/errors.js';
import type { DiskEntry, DiskOp, OpenDisk } from './disk.js';

/** A {@link OpenDisk} that lives as long as the process. Writes take effect at the call. */
export class MemoryDisk implements OpenDisk {
  readonly #entries: Map<string, Uint8Array>;
  #closed = false;

  constructor(entries: Iterable<readonly [string, Uint8Array]> = []) {
    this.#entries = new Map(entries);
  }

  async write(ops: readonly DiskOp[]): Promise<void> {
    this.#refuseIfClosed();
    for (const op of ops) {
      // Copied in and out, so that nobody changes a stored value by changing bytes of his own, as on a real disk.
      if (op.type === 'put') this.#entries.set(op.key, new Uint8Array(op.value));
      else this.#entries.delete(op.key);
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#refuseIfClosed();
    const value = this.#entries.get(key);
    return value === undefined ? undefined : new Uint8Array(value);
  }

  async scan(prefix: string, limit = Infinity): Promise<readonly DiskEntry[]> {
    this.#refuseIfClosed();
    const found: DiskEntry[] = [];
    for (const [key, value] of this.#entries) {
      if (key.startsWith(prefix)) found.push({ key, value: new Uint8Array(value) });
    }
    found.sort((a, b) => (a.key < b.key ? -1 : 1));
    return found.length > limit ? found.slice(0, limit) : found;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** An open disk with the same contents and a future of its own. Works on a closed disk too: that is how one is opened again. */
  clone(): MemoryDisk {
    return new MemoryDisk(this.#entries);
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new SeatbeltError('INTERNAL', 'the disk in memory is closed');
  }
}
