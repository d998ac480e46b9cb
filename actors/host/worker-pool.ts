/** A few workers before a first-in first-out queue: of jobs, and of roll-backs too. No priority and no preemption. */
export class WorkerPool {
  readonly #queue: string[] = [];
  readonly #busy = new Set<string>();

  /**
   * @param workers how many work at once, at least 1
   * @param start begins the work of that name; false: nothing is begun any more
   */
  constructor(
    private readonly workers: number,
    private readonly start: (id: string) => boolean,
  ) {}

  /** Whether no worker is free, and as many wait as may. */
  isFull(queueLimit: number): boolean {
    return this.#busy.size >= this.workers && this.#queue.length >= queueLimit;
  }

  put(id: string): void {
    this.#queue.push(id);
    this.#fill();
  }

  /** What waits is not begun any more. */
  withdraw(id: string): void {
    const at = this.#queue.indexOf(id);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** A worker is through with it. It is free for the next when `settle` has returned. */
  done(id: string, settle: () => void): void {
    this.#busy.delete(id);
    settle();
    this.#fill();
  }

  #fill(): void {
    while (this.#busy.size < this.workers) {
      const id = this.#queue.shift();
      if (id === undefined) return;
      this.#busy.add(id);
      if (!this.start(id)) return;
    }
  }
}
