import type { NodePorts, Timer } from '../../actors/ports.js';
import type { Probe } from '../../actors/probe.js';
import type { ActorSystem } from '../../actors/runtime.js';
import type { WireMessage } from '../../actors/wire.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { type EventSpec, SimEvent } from './event.js';
import type { Kernel } from './kernel.js';
import type { NodeNetwork } from './node-network.js';
import type { CapturedRuntime } from './runtime-pool.js';

/** What a life tells the node that it is of. */
export interface LifeOwner {
  /** A port operation is about to take place. May end the life, and the operation with it. */
  operationBegins(): void;
  /** It has taken place. May end the life. */
  operationEnds(): void;
  probe(event: Probe): void;
  fault(error: unknown): void;
}

/** Called when a life ends, at that instant: makes the draws that decide what remains, and returns what is to be done about it in the crash event. */
export type DeathHook = () => () => Promise<void>;

/** One incarnation of a node: its ports, its actors, and whether it is still alive. After its end the ports neither act nor resolve. */
export class Life {
  readonly ports: NodePorts;
  readonly actors: ActorSystem;
  private readonly deathHooks: DeathHook[] = [];
  private readonly openCallbacks = new Set<() => void>();
  private receiver: ((message: WireMessage) => void) | null = null;
  private living = true;

  constructor(
    private readonly kernel: Kernel,
    network: NodeNetwork,
    private readonly captured: CapturedRuntime,
    readonly node: string,
    /** From 1. */
    readonly incarnation: number,
    private readonly owner: LifeOwner,
  ) {
    this.ports = this.openPorts(network);
    this.captureTurns();
    this.actors = captured.runtime.startSystem(`${node}-${incarnation}`, (error) => this.ports.fault(error));
  }

  get alive(): boolean {
    return this.living;
  }

  /** Counts a port operation; false when it is not to take place. To be followed by {@link endOperation} if it does. */
  beginOperation(): boolean {
    if (this.living) this.owner.operationBegins();
    return this.living;
  }

  endOperation(): void {
    if (this.living) this.owner.operationEnds();
  }

  /** Schedules an event of this incarnation, which is gone with it. */
  schedule(at: number, what: Omit<EventSpec, 'node' | 'incarnation'>): SimEvent {
    return this.kernel.schedule(at, { ...what, node: this.node, incarnation: this.incarnation });
  }

  onDeath(hook: DeathHook): void {
    this.deathHooks.push(hook);
  }

  /** See `EnginePorts.callbackBegins`. */
  callbackBegins(): () => void {
    if (!this.living) return () => undefined;
    const ends = this.kernel.callbackBegins(this.node);
    this.openCallbacks.add(ends);
    return () => {
      this.openCallbacks.delete(ends);
      ends();
    };
  }

  /** A message has arrived; false when nobody listens. */
  receive(message: WireMessage): boolean {
    if (!this.living || this.receiver === null) return false;
    this.receiver(message);
    return true;
  }

  /** Ends it at this instant, and returns what is to be asked about the remains. For the node alone. */
  end(): readonly DeathHook[] {
    this.living = false;
    this.captured.sink = null;
    this.kernel.purge(this.node, this.incarnation);
    // A callback of a dead incarnation may wait for ever; nobody waits for it.
    for (const ends of this.openCallbacks) ends();
    this.actors.kill();
    return this.deathHooks;
  }

  private openPorts(network: NodeNetwork): NodePorts {
    const { kernel, owner, node } = this;
    return {
      node,
      now: () => kernel.now,
      after: (delayUs, wake, options) => {
        if (!this.living) return NO_TIMER;
        if (delayUs < 0) throw new SeatbeltError('SCHEDULE_IN_PAST', `${node}: a timer cannot fire ${-delayUs} µs ago`);
        const background = options?.background ?? false;
        const event = this.schedule(kernel.now + delayUs, { kind: 'timer', label: 'timer', content: null, background, run: wake });
        return { cancel: () => kernel.cancel(event) };
      },
      send: (to, message, options) => {
        if (!this.beginOperation()) return;
        network.send(node, to, message, options?.background ?? false);
        this.endOperation();
      },
      onReceive: (wake) => {
        this.receiver = wake;
      },
      random: (purpose) => (this.living ? kernel.streams.get(node, purpose).next() : 0),
      probe: (event) => {
        if (this.living) owner.probe(event);
      },
      fault: (error) => {
        if (this.living) owner.fault(error);
      },
    };
  }

  /** From now on what nact asks for at this node is this incarnation's. */
  private captureTurns(): void {
    const { kernel, node, incarnation } = this;
    this.captured.sink = {
      deliver: (run, actor, content) =>
        kernel.schedule(kernel.now, { kind: 'deliver', node, incarnation, label: actor ?? 'nact', content, background: false, run }),
      cancelTurn: (handle) => {
        if (handle instanceof SimEvent) kernel.cancel(handle);
      },
      after: (delayMs, run) =>
        this.schedule(kernel.now + Math.round(delayMs * 1000), { kind: 'timer', label: 'nact', content: null, background: false, run }),
      cancelTimer: (handle) => {
        if (handle instanceof SimEvent) kernel.cancel(handle);
      },
      random: () => kernel.streams.get(node, 'nact').next(),
      now: () => Math.floor(kernel.now / 1000),
      log: (text) => this.ports.fault(new SeatbeltError('INTERNAL', `nact complained: ${text}`)),
    };
  }
}

const NO_TIMER: Timer = { cancel: () => undefined };
