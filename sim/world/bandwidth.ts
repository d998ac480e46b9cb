import type { Transfer } from '../../actors/host/verb-table.js';
import type { NodePorts, Timer } from '../../actors/ports.js';
import { FOREVER_US } from './latency.js';
import type { WorldClock } from './world-clock.js';

/** A transfer that is under way. */
interface Flow {
  readonly ports: NodePorts;
  readonly transfer: Transfer;
  readonly done: () => void;
  /** What is left at `since`, in millionths of a byte: so much passes in a µs at a byte per second, and nothing is ever rounded. */
  left: bigint;
  since: number;
  /** Bytes per second. */
  rate: bigint;
  timer: Timer;
}

const MILLIONTHS = 1_000_000n;

/**
 * What storage domains can carry, shared among the transfers of all hosts: each has its own rate, but no more than an equal part of every domain that it
 * touches. What one of them cannot use of its part, nobody gets. When a transfer begins or ends, the others go on at their new rates from there.
 */
export class Bandwidth {
  readonly #flows = new Set<Flow>();

  /**
   * @param limits bytes per second by domain, whole numbers; a domain that is not among them carries whatever it is asked to
   */
  constructor(
    private readonly limits: ReadonlyMap<string, number>,
    private readonly clock: WorldClock,
  ) {}

  /** Wakes the host with `done` once all bytes have passed. They pass while it hangs, too, and are given up by {@link abandon} when it dies. */
  start(ports: NodePorts, transfer: Transfer, done: () => void): void {
    const flow: Flow = { ports, transfer, done, left: BigInt(transfer.bytes) * MILLIONTHS, since: this.clock.now(), rate: 0n, timer: NO_TIMER };
    this.#flows.add(flow);
    this.#shareOut();
  }

  /** A host has died: what it was moving gives way to the others. */
  abandon(node: string): void {
    for (const flow of [...this.#flows]) {
      if (flow.ports.node !== node) continue;
      flow.timer.cancel();
      this.#flows.delete(flow);
    }
    this.#shareOut();
  }

  #end(flow: Flow): void {
    this.#flows.delete(flow);
    this.#shareOut();
    flow.ports.after(0, flow.done);
  }

  #shareOut(): void {
    const users = new Map<string, number>();
    for (const { transfer } of this.#flows) {
      for (const domain of transfer.domains) users.set(domain, (users.get(domain) ?? 0) + 1);
    }
    for (const flow of this.#flows) {
      const shares = flow.transfer.domains.map((domain) => Math.floor((this.limits.get(domain) ?? Infinity) / (users.get(domain) ?? 1)));
      // A share of less than a byte per second would be none.
      const rate = BigInt(Math.max(1, Math.min(flow.transfer.rate, ...shares)));
      if (rate !== flow.rate) this.#change(flow, rate);
    }
  }

  #change(flow: Flow, rate: bigint): void {
    const now = this.clock.now();
    const left = flow.left - flow.rate * BigInt(now - flow.since);
    flow.left = left > 0n ? left : 0n;
    flow.since = now;
    flow.rate = rate;
    flow.timer.cancel();
    const us = (flow.left + rate - 1n) / rate;
    flow.timer = this.clock.after(us > FOREVER_US ? FOREVER_US : Number(us), () => this.#end(flow));
  }
}

const NO_TIMER: Timer = { cancel: () => undefined };
