import { SeatbeltError } from '../../src/model/errors.js';
import type { EventSpec, SimEvent } from './event.js';
import type { Strategy } from './ready-list.js';
import { Scheduler } from './scheduler.js';
import { Streams } from './streams.js';
import { TraceHash } from './trace-hash.js';
import { driveTurns, type TurnMachine } from './turn-loop.js';

export interface KernelOptions {
  /** Any safe integer. */
  readonly seed: number;
  readonly strategy: (streams: Streams) => Strategy;
  /** Wall time in ms after which a callback that waits for something outside the simulation fails the run. Default 10 000. */
  readonly turnLimitMs?: number;
  /** Where an earlier process has left the run. Default: it begins. */
  readonly origin?: Origin;
  /** Whether the trace hash is kept, a sixth of the cost of a run. Default true; without, the hash is that of a run in which nothing has happened. */
  readonly traced?: boolean;
}

/** Where a process takes up a run. */
export interface Origin {
  /** Virtual time, whole µs. */
  readonly now: number;
  /** How many events have run. */
  readonly executed: number;
  /** From 1: which process it is that works on the run. */
  readonly session: number;
}

/** How far to go. */
interface Goal {
  readonly lastEvent: number;
  readonly time: number;
  readonly inclusive: boolean;
  readonly untilIdle: boolean;
}

/** Something to do just before the n-th event of the run. */
interface Interruption {
  readonly n: number;
  readonly act: () => void;
}

/**
 * One simulation's clock, events, randomness and trace hash, and the loop that runs it. However it is driven (one run, single steps, slices of time),
 * the same events happen in the same order. Many kernels may run side by side in a process.
 */
export class Kernel {
  readonly streams: Streams;
  private readonly hash = new TraceHash();
  private readonly scheduler: Scheduler;
  private readonly turnLimitMs: number;
  private readonly traced: boolean;
  private readonly interruptions: Interruption[] = [];
  private readonly openByNode = new Map<string, number>();
  private readonly observers: ((event: SimEvent) => void)[] = [];
  private readonly disposals: (() => void)[] = [];
  private readonly machine: TurnMachine;
  private goal: Goal | null = null;
  private lastEvent: SimEvent | null = null;
  private executedCount: number;
  private openCount = 0;
  private disposed = false;

  /** @throws SeatbeltError `BAD_SCENARIO` when the seed is not a safe integer. */
  constructor(options: KernelOptions) {
    const { now, executed, session } = options.origin ?? { now: 0, executed: 0, session: 1 };
    this.traced = options.traced ?? true;
    this.streams = new Streams(options.seed, this.traced ? (draw) => this.hash.number(draw) : undefined, session);
    this.scheduler = new Scheduler(options.strategy(this.streams), now);
    this.executedCount = executed;
    this.turnLimitMs = options.turnLimitMs ?? 10_000;
    this.machine = {
      runNext: () => this.runNext(),
      openCallbacks: () => this.openCount,
      waitsFor: () => this.waitsFor(),
    };
  }

  /** Virtual time in whole µs, from 0. */
  get now(): number {
    return this.scheduler.now;
  }

  /** How many events have run, those before the origin included. */
  get executed(): number {
    return this.executedCount;
  }

  /** Whether nothing waits but background events. */
  get idle(): boolean {
    return this.scheduler.foreground === 0;
  }

  /** How many events wait, background included. */
  get pending(): number {
    return this.scheduler.size;
  }

  /** The time of the next event in µs, background included; `undefined` when there is none. */
  get nextTime(): number | undefined {
    return this.scheduler.nextTime();
  }

  /** 16 hexadecimal digits: what has happened so far. */
  get traceHash(): string {
    return this.hash.digest();
  }

  /**
   * @param at virtual time in whole µs.
   * @throws SeatbeltError `BAD_TIME`, `SCHEDULE_IN_PAST`, `SIMULATION_DISPOSED`; nothing changes then.
   */
  schedule(at: number, spec: EventSpec): SimEvent {
    if (this.disposed) throw gone();
    return this.scheduler.schedule(at, spec);
  }

  /** Idempotent; without effect on an event that has run. */
  cancel(event: SimEvent): void {
    this.scheduler.cancel(event);
  }

  /** Cancels all events of one incarnation of a node. */
  purge(node: string, incarnation: number): void {
    this.scheduler.purge(node, incarnation);
  }

  /** See {@link Scheduler.hold}. */
  hold(node: string): void {
    this.scheduler.hold(node);
  }

  /** See {@link Scheduler.release}. */
  release(node: string, dropped: boolean): void {
    this.scheduler.release(node, dropped);
  }

  /**
   * Calls `act` just before the `n`-th event of the run (from 1), whichever that turns out to be: `act` may purge the one that was to come.
   * @throws SeatbeltError `SCHEDULE_IN_PAST` when that event has run, `BAD_TIME` when `n` is not a whole number.
   */
  beforeEvent(n: number, act: () => void): void {
    if (!Number.isSafeInteger(n)) throw new SeatbeltError('BAD_TIME', `event ${n}: not a whole number`);
    if (n <= this.executedCount) throw new SeatbeltError('SCHEDULE_IN_PAST', `event ${n} is over, ${this.executedCount} have run`);
    this.interruptions.push({ n, act });
    this.interruptions.sort((one, other) => one.n - other.n);
  }

  /** Tells `observer` each event just before it runs. It must not act on the simulation. */
  observe(observer: (event: SimEvent) => void): void {
    this.observers.push(observer);
  }

  /**
   * A user's callback is under way at `node`: no event runs until the returned function is called, for whatever the callback awaits is not the
   * simulation's. To be called, too, when it comes to wait for a later event. Idempotent.
   */
  callbackBegins(node: string): () => void {
    let open = true;
    this.countOpen(node, 1);
    return () => {
      if (open) this.countOpen(node, -1);
      open = false;
    };
  }

  /** Runs until nothing waits but background events, or what comes next comes after `limit` µs, or it is {@link halt}ed. */
  runUntilIdle(limit = Infinity): Promise<void> {
    return this.drive({ lastEvent: Infinity, time: limit, inclusive: true, untilIdle: true });
  }

  /** Ends the run that is under way after the current event. Without effect if there is none. */
  halt(): void {
    if (this.goal !== null) this.goal = { ...this.goal, lastEvent: this.executedCount };
  }

  /**
   * Runs the next `n` events that {@link runUntilIdle} would run, and returns how many there were.
   * @throws SeatbeltError `BAD_TIME` when `n` is not a whole number from 0; nothing changes then.
   */
  async step(n = 1): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 0) throw new SeatbeltError('BAD_TIME', `cannot step ${n} events: not a whole number from 0`);
    const before = this.executedCount;
    await this.drive({ lastEvent: before + n, time: Infinity, inclusive: true, untilIdle: true });
    return this.executedCount - before;
  }

  /**
   * Runs everything before `t` µs, background included, and unless `inclusive` is false what happens at `t`. Afterwards it is `t`.
   * @throws SeatbeltError `BAD_TIME` when `t` is not a whole number, `SCHEDULE_IN_PAST` when it is over; nothing changes then.
   */
  async runUntil(t: number, { inclusive = true }: { readonly inclusive?: boolean } = {}): Promise<void> {
    if (!Number.isSafeInteger(t)) throw new SeatbeltError('BAD_TIME', `${t} is not a time in whole µs`);
    if (t < this.now) throw new SeatbeltError('SCHEDULE_IN_PAST', `cannot run until ${t} µs, it is ${this.now} µs already`);
    await this.drive({ lastEvent: Infinity, time: t, inclusive, untilIdle: false });
    this.scheduler.moveTo(t);
  }

  /** Calls `act` when the simulation is disposed of. */
  onDispose(act: () => void): void {
    this.disposals.push(act);
  }

  /** Stops all nodes; nothing runs any more, and a run that is under way fails with `SIMULATION_DISPOSED`. Idempotent. */
  dispose(): void {
    this.disposed = true;
    for (const act of this.disposals.splice(0)) act();
  }

  private async drive(goal: Goal): Promise<void> {
    if (this.disposed) throw gone();
    if (this.goal !== null) throw new SeatbeltError('ALREADY_RUNNING', 'the simulation is being run already; wait for that call first');
    this.goal = goal;
    try {
      await driveTurns(this.machine, this.turnLimitMs);
    } finally {
      this.goal = null;
    }
  }

  private runNext(): boolean | Promise<void> {
    const { goal } = this;
    if (this.disposed || goal === null) throw gone();
    if (this.executedCount >= goal.lastEvent || (goal.untilIdle && this.idle)) return false;
    const first = this.interruptions[0];
    const time = first?.n === this.executedCount + 1 ? this.timeOfNext(goal) : undefined;
    if (first !== undefined && time !== undefined) {
      this.interruptions.shift();
      // At the event's own time: how far the clock had come before depends on how the run is driven.
      this.scheduler.moveTo(time);
      first.act();
      return true;
    }
    const event = this.scheduler.next(goal.time, goal.inclusive);
    if (event === undefined) return false;
    this.executedCount += 1;
    this.lastEvent = event;
    if (this.traced) this.trace(event);
    for (const observer of this.observers) observer(event);
    const running = event.spec.run();
    return running === undefined || event.spec.kind === 'deliver' ? true : running;
  }

  /** When the next event happens, if it is one that the goal asks for. */
  private timeOfNext(goal: Goal): number | undefined {
    const time = this.scheduler.nextTime();
    return time !== undefined && (time < goal.time || (goal.inclusive && time === goal.time)) ? time : undefined;
  }

  private trace({ time, spec }: SimEvent): void {
    const { hash } = this;
    hash.number(time);
    hash.string(spec.node);
    hash.string(spec.kind);
    hash.string(spec.label);
    hash.value(spec.content);
  }

  private waitsFor(): string {
    const open = [...this.openByNode].flatMap(([node, count]) => (count > 0 ? [node] : []));
    if (open.length > 0) return `a callback at ${open.join(', ')}`;
    return `the event "${this.lastEvent?.spec.label ?? ''}"`;
  }

  private countOpen(node: string, by: 1 | -1): void {
    this.openCount += by;
    this.openByNode.set(node, (this.openByNode.get(node) ?? 0) + by);
  }
}

function gone(): SeatbeltError {
  return new SeatbeltError('SIMULATION_DISPOSED', 'the simulation has been disposed of');
}
