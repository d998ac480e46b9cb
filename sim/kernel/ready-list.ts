import type { SimEvent } from './event.js';

/** What a strategy chooses from: the events that may run now, oldest first. Never empty when a strategy sees it. */
export interface ReadyEvents {
  readonly length: number;
  /** @param index from 0 to `length - 1`. */
  at(index: number): SimEvent | undefined;
}

/** Decides which of the events that may run now is next. Must depend on nothing but what it is shown and its own seeded stream. */
export interface Strategy {
  /** For traces and failure files. */
  readonly name: string;
  /** @returns an index from 0 to `ready.length - 1`. */
  pick(ready: ReadyEvents): number;
}

/** The ready events, in the order in which they became so. Taking the oldest costs O(1), any other O(n). */
export class ReadyList implements ReadyEvents {
  private items: SimEvent[] = [];
  /** Where the oldest is. What lies before it is spent, and cleared away now and then. */
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  at(index: number): SimEvent | undefined {
    return this.items[this.head + index];
  }

  push(event: SimEvent): void {
    this.items.push(event);
  }

  take(index: number): SimEvent | undefined {
    const event = this.items[this.head + index];
    if (index > 0) {
      this.items.splice(this.head + index, 1);
      return event;
    }
    this.head += 1;
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items.splice(0, this.head);
      this.head = 0;
    }
    return event;
  }

  /** Takes out whatever does not satisfy `keep`. O(n). */
  retain(keep: (event: SimEvent) => boolean): void {
    this.items = this.items.slice(this.head).filter(keep);
    this.head = 0;
  }
}
