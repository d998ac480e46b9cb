import type { SimEvent } from './event.js';

/** A binary heap of events: the earliest first, and of those of one time the one that was scheduled first. */
export class EventHeap {
  private readonly items: SimEvent[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): SimEvent | undefined {
    return this.items[0];
  }

  push(event: SimEvent): void {
    this.items.push(event);
    this.up(this.items.length - 1, event);
  }

  pop(): SimEvent | undefined {
    const first = this.items[0];
    const last = this.items.pop();
    if (first !== last && last !== undefined) this.down(0, last);
    return first;
  }

  /** Takes out whatever does not satisfy `keep`. O(n). */
  retain(keep: (event: SimEvent) => boolean): void {
    const kept = this.items.filter(keep);
    this.items.length = 0;
    for (const event of kept) this.push(event);
  }

  private up(from: number, event: SimEvent): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.items[above];
      if (parent === undefined || !before(event, parent)) break;
      this.items[at] = parent;
      at = above;
    }
    this.items[at] = event;
  }

  private down(from: number, event: SimEvent): void {
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      let child = this.items[below];
      if (child === undefined) break;
      const right = this.items[below + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        below += 1;
      }
      if (!before(child, event)) break;
      this.items[at] = child;
      at = below;
    }
    this.items[at] = event;
  }
}

function before(one: SimEvent, other: SimEvent): boolean {
  return one.time < other.time || (one.time === other.time && one.seq < other.seq);
}
