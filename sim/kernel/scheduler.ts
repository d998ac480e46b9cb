import { SeatbeltError } from '../../src/model/errors.js';
import { SimEvent, type EventSpec } from './event.js';
import { EventHeap } from './event-heap.js';
import { ReadyList, type Strategy } from './ready-list.js';

/**
 * The virtual clock and what is to happen. Events of a later time wait in a heap; those whose time has come are *ready*, and a strategy picks among
 * them. The clock moves only when nothing is ready.
 */
export class Scheduler {
  private readonly timed = new EventHeap();
  private readonly ready = new ReadyList();
  private lastSeq = 0;
  private foregroundCount = 0;
  /** Cancelled events that still lie in the heap. */
  private stale = 0;
  /** What waits at nodes that are paused, in the order in which it came to wait. */
  private readonly held = new Map<string, SimEvent[]>();

  /** @param clock the virtual time at which it begins, whole µs */
  constructor(
    private readonly strategy: Strategy,
    private clock = 0,
  ) {}

  /** Virtual time in whole µs, from 0. */
  get now(): number {
    return this.clock;
  }

  /** How many events wait that keep a run going. */
  get foreground(): number {
    return this.foregroundCount;
  }

  /** How many events wait, background included. */
  get size(): number {
    return this.ready.length + this.timed.size - this.stale + this.heldCount();
  }

  /**
   * @param at virtual time in whole µs.
   * @throws SeatbeltError `BAD_TIME` when it is not a whole number, `SCHEDULE_IN_PAST` when it is over. Nothing changes then.
   */
  schedule(at: number, spec: EventSpec): SimEvent {
    if (!Number.isSafeInteger(at)) throw new SeatbeltError('BAD_TIME', `${spec.label}: ${at} is not a time in whole µs`);
    if (at < this.clock) throw new SeatbeltError('SCHEDULE_IN_PAST', `${spec.label}: cannot be scheduled at ${at} µs, it is ${this.clock} µs already`);
    this.lastSeq += 1;
    const event = new SimEvent(this.lastSeq, at, spec);
    if (!spec.background) this.foregroundCount += 1;
    const held = this.held.size === 0 ? undefined : this.held.get(spec.node);
    if (held !== undefined && isHeldAtPause(event)) {
      event.state = 'held';
      held.push(event);
    } else {
      this.enter(event);
    }
    return event;
  }

  /** From now on nothing is delivered to this node, and none of its timers fires: it waits. What is done to the node, and its disk, go on. Without effect if it is so already. */
  hold(node: string): void {
    if (this.held.has(node)) return;
    const held: SimEvent[] = [];
    const stays = (event: SimEvent): boolean => {
      if (event.spec.node !== node || event.state === 'cancelled' || !isHeldAtPause(event)) return true;
      event.state = 'held';
      held.push(event);
      return false;
    };
    this.ready.retain(stays);
    this.timed.retain(stays);
    this.held.set(node, held);
  }

  /**
   * Lets go what waits at this node: what is overdue happens now, in the order in which it would have. Without effect if nothing is held there.
   * @param dropped what had come to the node by now is gone with it
   */
  release(node: string, dropped: boolean): void {
    const held = this.held.get(node);
    if (held === undefined) return;
    this.held.delete(node);
    const waiting = held.filter(({ state }) => state === 'held').sort((one, other) => one.time - other.time || one.seq - other.seq);
    for (const event of waiting) {
      if (dropped && event.time <= this.clock) {
        event.state = 'cancelled';
        if (!event.spec.background) this.foregroundCount -= 1;
      } else {
        event.time = Math.max(event.time, this.clock);
        this.enter(event);
      }
    }
  }

  /** Idempotent; without effect on an event that has run. */
  cancel(event: SimEvent): void {
    switch (event.state) {
      case 'done':
      case 'cancelled':
        return;
      case 'held':
        event.state = 'cancelled';
        break;
      case 'ready':
        event.state = 'cancelled';
        this.ready.retain((other) => other !== event);
        break;
      case 'timed':
        event.state = 'cancelled';
        this.stale += 1;
        // Timeouts are set by the thousand and nearly all are cancelled long before their time.
        if (this.stale > 64 && this.stale * 2 > this.timed.size) {
          this.timed.retain((other) => other.state !== 'cancelled');
          this.stale = 0;
        }
        break;
    }
    if (!event.spec.background) this.foregroundCount -= 1;
  }

  /** Cancels all events of one incarnation of a node. */
  purge(node: string, incarnation: number): void {
    const stays = (event: SimEvent): boolean => {
      if (event.spec.node !== node || event.spec.incarnation !== incarnation || event.state === 'cancelled') return true;
      event.state = 'cancelled';
      if (!event.spec.background) this.foregroundCount -= 1;
      return false;
    };
    this.ready.retain(stays);
    this.timed.retain(stays);
    this.held.get(node)?.forEach(stays);
  }

  /** The time of the next event, if there is one. */
  nextTime(): number | undefined {
    return this.ready.length > 0 ? this.clock : this.earliest()?.time;
  }

  /** Takes out the next event, and moves the clock to it; `undefined` when there is none before `limit` µs (or at `limit`, if `inclusive`). */
  next(limit: number, inclusive: boolean): SimEvent | undefined {
    const time = this.nextTime();
    if (time === undefined || time > limit || (time === limit && !inclusive)) return undefined;
    if (time > this.clock) this.moveTo(time);
    const event = this.ready.take(this.strategy.pick(this.ready));
    if (event === undefined) throw new SeatbeltError('INTERNAL', `strategy ${this.strategy.name} picked none of the ready events`);
    event.state = 'done';
    if (!event.spec.background) this.foregroundCount -= 1;
    return event;
  }

  /** Moves the clock to `time`, where nothing waits to run before it; events of that very time become ready. */
  moveTo(time: number): void {
    this.clock = time;
    for (let event = this.earliest(); event !== undefined && event.time <= time; event = this.earliest()) {
      this.timed.pop();
      event.state = 'ready';
      this.ready.push(event);
    }
  }

  private enter(event: SimEvent): void {
    if (event.time > this.clock) {
      event.state = 'timed';
      this.timed.push(event);
    } else {
      event.state = 'ready';
      this.ready.push(event);
    }
  }

  private heldCount(): number {
    let count = 0;
    for (const events of this.held.values()) count += events.filter(({ state }) => state === 'held').length;
    return count;
  }

  /** The first event of the heap, cancelled ones cleared away. */
  private earliest(): SimEvent | undefined {
    let event = this.timed.peek();
    while (event !== undefined && event.state === 'cancelled') {
      this.timed.pop();
      this.stale -= 1;
      event = this.timed.peek();
    }
    return event;
  }
}

function isHeldAtPause({ spec }: SimEvent): boolean {
  return spec.kind === 'deliver' || spec.kind === 'timer' || spec.kind === 'network';
}
