import type { EngineContext } from '../../actors/engine-context.js';
import { FenceNumbers } from '../../actors/engine-context.js';
import { Exchange } from '../../actors/exchange.js';
import { LockTable } from '../../actors/locks.js';
import type { CommitRequest, JournalMessage, LocksMessage, TaskManagerMessage } from '../../actors/messages.js';
import { DEFAULT_ENGINE_SETTINGS } from '../../actors/settings.js';
import type { EnginePorts } from '../../actors/ports.js';
import type { Probe } from '../../actors/probe.js';
import type { Ref } from '../../actors/runtime.js';
import type { HostRequest, WireMessage, WireReply, WireRequest } from '../../actors/wire.js';
import { EntityTable } from '../../src/store/entity-table.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';

// The surroundings of one actor of an engine, every part of them moved by hand.

interface FakeTimer {
  readonly at: number;
  readonly wake: () => void;
  readonly background: boolean;
}

/** A clock that is turned by hand, and a record of all that the actor does to the world. */
export class FakePorts implements EnginePorts {
  readonly node = 'engine';
  readonly sent: { readonly to: string; readonly message: WireMessage }[] = [];
  readonly probes: Probe[] = [];
  readonly faults: unknown[] = [];
  #now = 0;
  #timers: FakeTimer[] = [];

  constructor(readonly disk: EnginePorts['disk'] = new MemoryDisk()) {}

  now(): number {
    return this.#now;
  }

  after(delayUs: number, wake: () => void, options: { readonly background?: boolean } = {}) {
    const timer = { at: this.#now + delayUs, wake, background: options.background ?? false };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  send(to: string, message: WireMessage): void {
    this.sent.push({ to, message });
  }

  onReceive(): void {}

  random(): number {
    return 0;
  }

  probe(event: Probe): void {
    this.probes.push(event);
  }

  fault(error: unknown): void {
    this.faults.push(error);
  }

  callbackBegins(): () => void {
    return () => undefined;
  }

  /** The timers that wait: how long from now (µs), and whether in the background. */
  get timers(): readonly { readonly in: number; readonly background: boolean }[] {
    return this.#timers.map(({ at, background }) => ({ in: at - this.#now, background }));
  }

  /** Turns the clock, and fires what comes due, in order. */
  advance(byUs: number): void {
    const until = this.#now + byUs;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.wake();
    }
    this.#now = until;
  }

  /** What was asked of a host, or of any. */
  requests(to?: string): readonly (WireRequest & { readonly to: string; readonly body: HostRequest })[] {
    return this.sent.flatMap(({ to: host, message }) =>
      message.kind === 'request' && (to === undefined || to === host) ? [{ ...message, to: host, body: message.body as HostRequest }] : [],
    );
  }
}

/** A reference that keeps what it is sent. */
export class FakeRef<M> implements Ref<M> {
  readonly name = 'fake';
  readonly path = 'fake';
  readonly messages: M[] = [];
  readonly tell = (message: M): void => void this.messages.push(message);

  /** Takes what has come so far. */
  take(): readonly M[] {
    return this.messages.splice(0);
  }
}

/** Handles what an actor tells itself, one message after the other. */
export class Mailbox<M> {
  #waiting: M[] = [];
  #running = false;
  #behaviour: (message: M) => void = () => undefined;

  readonly wake = (message: M): void => {
    this.#waiting.push(message);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#behaviour(next);
    this.#running = false;
  };

  run(behaviour: (message: M) => void): this {
    this.#behaviour = behaviour;
    return this;
  }
}

export interface LoneEngine {
  readonly ports: FakePorts;
  readonly context: EngineContext;
  readonly exchange: Exchange;
  readonly fences: FenceNumbers;
  /** The commits that were asked for. */
  readonly commits: FakeRef<JournalMessage>;
  readonly locks: FakeRef<LocksMessage>;
  readonly taskManager: FakeRef<TaskManagerMessage>;
}

export function loneEngine(): LoneEngine {
  const ports = new FakePorts();
  const exchange = new Exchange(ports, '3.1', { heard: () => undefined, isOlder: () => undefined });
  const fences = new FenceNumbers();
  const commits = new FakeRef<JournalMessage>();
  const locks = new FakeRef<LocksMessage>();
  const taskManager = new FakeRef<TaskManagerMessage>();
  const context: EngineContext = {
    ports,
    incarnation: 3,
    epoch: 0,
    settings: { ...DEFAULT_ENGINE_SETTINGS, requestTimeoutMs: 60_000 },
    definitions: new Map(),
    pools: new Set(['pool1']),
    entities: new EntityTable([]),
    lockTable: new LockTable([]),
    exchange,
    fences,
    stamp: (commandId) => {
      const number = commandId === null ? null : fences.get(commandId);
      return { incarnation: 3, commitSeq: 7, fence: commandId === null || number === null ? null : { commandId, number } };
    },
    journal: commits,
    locks,
    taskManager,
  };
  return { ports, context, exchange, fences, commits, locks, taskManager };
}

/** The commits that wait, taken. */
export function takeCommits(journal: FakeRef<JournalMessage>): readonly CommitRequest[] {
  return journal.take().flatMap((message) => (message.type === 'commit' ? [message.request] : []));
}

/** A host's answer to a request. */
export function replyTo(request: { readonly correlation: string; readonly to: string }, reply: Partial<WireReply> = {}): WireReply {
  return { kind: 'reply', correlation: request.correlation, from: request.to, incarnation: 1, code: 0, message: '', result: null, ...reply };
}
