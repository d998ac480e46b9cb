import { setImmediate as microtasksDone } from 'node:timers/promises';
import type { Disk, DiskEntry, DiskOp } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';

/** A disk whose writes are done when a test says so, and not before. */
export class SlowDisk implements Disk {
  readonly memory = new MemoryDisk();
  #pending: { readonly ops: readonly DiskOp[]; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  slow = false;

  write(ops: readonly DiskOp[]): Promise<void> {
    if (!this.slow) return this.memory.write(ops);
    return new Promise((resolve, reject) => this.#pending.push({ ops, resolve, reject }));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.memory.get(key);
  }

  scan(prefix: string, limit?: number): Promise<readonly DiskEntry[]> {
    return this.memory.scan(prefix, limit);
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** The oldest write is done, and everybody who waited for it has heard. */
  async done(): Promise<void> {
    const write = this.#take();
    await this.memory.write(write.ops);
    write.resolve();
    await microtasksDone();
  }

  async fails(error: unknown): Promise<void> {
    this.#take().reject(error);
    await microtasksDone();
  }

  #take() {
    const write = this.#pending.shift();
    if (write === undefined) throw new Error('nothing is being written');
    return write;
  }
}
