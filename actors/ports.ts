import type { Disk } from '../src/store/disk.js';
import type { Probe } from './probe.js';
import type { WireMessage } from './wire.js';

/**
 * Everything an actor may know of the world outside its node. In the simulator a port operation is an event or a crash point; a crashed incarnation's
 * ports are dead: they neither act nor resolve.
 */
export interface NodePorts {
  /** The node's name on the network, e.g. `engine` or `host1`. */
  readonly node: string;
  /** The node's clock, whole µs. */
  now(): number;
  /**
   * Calls `wake` once, `delayUs` (≥ 0, whole µs) from now. `wake` must do no more than dispatch one message: one event wakes at most one turn.
   * `background`: the timer does not keep a simulation going by itself (polls with nothing outstanding, lease renewals).
   */
  after(delayUs: number, wake: () => void, options?: { readonly background?: boolean }): Timer;
  /**
   * Sends without waiting and without promise: the network may lose, delay, duplicate or reorder. `background`: neither the message nor a reply to it keeps a
   * simulation going by itself.
   */
  send(to: string, message: WireMessage, options?: { readonly background?: boolean }): void;
  /** Sets who is told of each message that arrives; `wake` must do no more than dispatch one message. */
  onReceive(wake: (message: WireMessage) => void): void;
  /** A draw from [0, 1) of the node's own stream for this purpose. */
  random(purpose: string): number;
  /** Tells an observer what happened. It never acts on the node. */
  probe(event: Probe): void;
  /** A defect of ours: an actor threw. The node stops at once (fail-stop) rather than go on in a state that nobody thought of. */
  fault(error: unknown): void;
}

export interface Timer {
  /** Idempotent; after it fired, does nothing. */
  cancel(): void;
}

export interface EnginePorts extends NodePorts {
  readonly disk: Disk;
  /** A user's callback has begun; returns what to call when it has ended. Lets the simulator know that a turn is open. */
  callbackBegins(): () => void;
}
