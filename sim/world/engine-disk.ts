import type { Disk, DiskOp, OpenDisk } from '../../src/store/disk.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Life } from '../kernel/life.js';
import type { Stream } from '../kernel/streams.js';
import { drawLatency, type Latency } from './latency.js';

/** How long the disk takes. */
export interface DiskLatency {
  readonly write: Latency;
  readonly scan: Latency;
}

export const DEFAULT_DISK_LATENCY: DiskLatency = {
  write: { kind: 'lognormal', median: 1_000, p95: 4_000 },
  scan: { kind: 'lognormal', median: 2_000, p95: 8_000 },
};

/**
 * The disk of a simulated node. What it is made of (memory, LevelDB) decides nothing about the run: an operation takes a virtual time drawn from the
 * disk's own stream, and the real operation happens within its completion event, which waits for it.
 *
 * When its node crashes, a seeded draw decides how many of the writes in flight reached the disk: the first few, in order, for a log is written from
 * front to back. The caller of any of them never learns.
 */
export class EngineDisk {
  private readonly stream: Stream;
  private inFlight: (readonly DiskOp[])[] = [];
  /** When the last of the writes in flight is done, in µs: a batch is done after those asked for earlier, whatever the order of events of one µs. */
  private writesDoneAt = -1;
  private disk: OpenDisk | null = null;
  private inUse = false;

  /**
   * @param node whose disk it is.
   * @param reopen opens what it is made of, with all that was written before; called at each start of the node.
   */
  constructor(
    private readonly kernel: Kernel,
    node: string,
    private readonly reopen: () => Promise<OpenDisk>,
    private readonly latency: DiskLatency = DEFAULT_DISK_LATENCY,
  ) {
    this.stream = kernel.streams.get(node, 'disk');
  }

  /**
   * Opens it for an incarnation of its node, within the event that starts it. The returned disk is a port: it dies with the incarnation.
   * @throws whatever opening throws.
   */
  async open(life: Life): Promise<Disk> {
    if (this.inUse) throw new SeatbeltError('INTERNAL', 'the disk is in use by the incarnation before');
    this.inUse = true;
    // Closed only now, so that no other process can take the store of an engine that is down.
    await this.close();
    const disk = await this.reopen();
    this.disk = disk;
    life.onDeath(() => this.settleCrash());
    return {
      write: (ops) => this.issue(life, (resolve, reject) => this.write(life, disk, ops, resolve, reject)),
      get: (key) => this.issue(life, (resolve, reject) => this.read(life, 'get', key, () => disk.get(key), resolve, reject)),
      scan: (prefix, limit) => this.issue(life, (resolve, reject) => this.read(life, 'scan', prefix, () => disk.scan(prefix, limit), resolve, reject)),
    };
  }

  /** Closes what it is made of, at the end of a run. Idempotent. */
  async close(): Promise<void> {
    const { disk } = this;
    this.disk = null;
    await disk?.close();
  }

  /** A port operation: counted, a crash point before and after, and without answer once the incarnation is dead. */
  private issue<T>(life: Life, start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!life.beginOperation()) return;
      start(resolve, reject);
      life.endOperation();
    });
  }

  private write(life: Life, disk: OpenDisk, ops: readonly DiskOp[], resolve: () => void, reject: (error: unknown) => void): void {
    const batch = [...ops];
    this.inFlight.push(batch);
    this.writesDoneAt = Math.max(this.writesDoneAt + 1, this.kernel.now + drawLatency(this.latency.write, this.stream.next()));
    life.schedule(this.writesDoneAt, {
      kind: 'disk',
      label: 'write',
      content: batch,
      background: false,
      run: () => {
        this.inFlight.shift();
        return answer(life, disk.write(batch), resolve, reject);
      },
    });
  }

  private read<T>(life: Life, label: string, content: string, read: () => Promise<T>, resolve: (found: T) => void, reject: (error: unknown) => void): void {
    life.schedule(this.kernel.now + drawLatency(this.latency.scan, this.stream.next()), {
      kind: 'disk',
      label,
      content,
      background: false,
      run: () => answer(life, read(), resolve, reject),
    });
  }

  private settleCrash(): () => Promise<void> {
    const kept = this.inFlight.length === 0 ? [] : this.inFlight.slice(0, this.stream.int(0, this.inFlight.length));
    this.inFlight = [];
    this.writesDoneAt = -1;
    this.inUse = false;
    return async () => {
      for (const batch of kept) await this.disk?.write(batch);
    };
  }
}

/** Passes on how `operation` ended, unless nobody lives to be told. */
async function answer<T>(life: Life, operation: Promise<T>, resolve: (value: T) => void, reject: (error: unknown) => void): Promise<void> {
  try {
    const value = await operation;
    if (life.alive) resolve(value);
  } catch (error) {
    if (life.alive) reject(error);
  }
}
