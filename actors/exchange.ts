import type { NodePorts, Timer } from './ports.js';
import { STORE_OLDER, type HostRequest, type SeenCommits, type Stamp, type WireReply } from './wire.js';

/** How a request ended: with the host's reply, or with none in time. */
export type Answer = { readonly kind: 'reply'; readonly reply: WireReply } | { readonly kind: 'timeout' };

interface Waiting {
  readonly to: string;
  readonly timer: Timer;
  readonly wake: (answer: Answer) => void;
}

/** Is told what hosts say of the engine's store. Each must do no more than dispatch one message, or take a note. */
export interface StoreWitness {
  /** Once: a host has taken a request of this engine's, and so its store is what hosts know from then on. */
  heard(): void;
  /** Once: a host has seen commits that this engine's store does not have. Nothing is sent from then on. */
  isOlder(seen: SeenCommits): void;
}

/**
 * Requests and their replies, matched by correlation id. (nact's own `query` draws 32-bit ids and mixes replies up under load.) Knows
 * nothing of what is asked, and remembers nothing across incarnations: a reply to an earlier one finds nobody waiting.
 */
export class Exchange {
  readonly #ports: NodePorts;
  readonly #life: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #hostIncarnations = new Map<string, number>();
  readonly #lastHeard = new Map<string, number>();
  readonly #store: StoreWitness;
  #sent = 0;
  #heard = false;
  #halted = false;

  /** @param life tells this start of the engine from all others: what hosts answer to one on another copy of its store is not for it */
  constructor(ports: NodePorts, life: string, store: StoreWitness) {
    this.#ports = ports;
    this.#life = life;
    this.#store = store;
  }

  /** The incarnation that a host last replied with, or null if it has not replied yet. */
  hostIncarnation(host: string): number | null {
    return this.#hostIncarnations.get(host) ?? null;
  }

  /** When anything last arrived from a host, µs, be it late or a duplicate; null if nothing has in this incarnation of the engine. */
  lastHeard(host: string): number | null {
    return this.#lastHeard.get(host) ?? null;
  }

  /** Asks, and calls `wake` exactly once; once halted, never. `wake` must do no more than dispatch one message. `background`: it does not keep a simulation going. */
  request(
    to: string,
    stamp: Stamp,
    body: HostRequest,
    timeoutMs: number,
    wake: (answer: Answer) => void,
    options: { readonly background?: boolean } = {},
  ): void {
    if (this.#halted) return;
    this.#sent += 1;
    const correlation = `${this.#life}.${this.#sent}`;
    const timer = this.#ports.after(timeoutMs * 1000, () => this.#timeOut(correlation), options);
    this.#waiting.set(correlation, { to, timer, wake });
    this.#ports.send(to, { kind: 'request', correlation, from: this.#ports.node, stamp, sentAt: this.#ports.now(), body }, options);
  }

  /** A reply has arrived. One that nobody waits for (late, duplicate, from before a restart) changes nothing. */
  receive(reply: WireReply): void {
    this.#lastHeard.set(reply.from, this.#ports.now());
    const waiting = this.#waiting.get(reply.correlation);
    if (waiting === undefined || waiting.to !== reply.from) return;
    if (reply.code === STORE_OLDER) return this.#halt(reply.result as SeenCommits);
    this.#waiting.delete(reply.correlation);
    waiting.timer.cancel();
    if (!this.#heard) this.#store.heard();
    this.#heard = true;
    const known = this.#hostIncarnations.get(reply.from) ?? 0;
    if (reply.incarnation > known) this.#hostIncarnations.set(reply.from, reply.incarnation);
    waiting.wake({ kind: 'reply', reply });
  }

  /** What this engine knows is out of date: it must not act on it, nor on any answer. */
  #halt(seen: SeenCommits): void {
    this.#halted = true;
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#store.isOlder(seen);
  }

  #timeOut(correlation: string): void {
    const waiting = this.#waiting.get(correlation);
    if (waiting === undefined) return;
    this.#waiting.delete(correlation);
    waiting.wake({ kind: 'timeout' });
  }
}
