/** How long each command has been under way while nothing stopped it, µs. All can begin anew at once, whatever their number. */
export class Clocks {
  readonly #clocks = new Map<string, Clock>();
  #epoch = { n: 0, from: 0 };

  constructor(private readonly now: () => number) {}

  ids(): IterableIterator<string> {
    return this.#clocks.keys();
  }

  /** One that has begun goes on. */
  begin(id: string, runs: boolean): void {
    if (!this.#clocks.has(id)) this.#clocks.set(id, { epoch: this.#epoch.n, counted: 0, since: runs ? this.now() : null });
  }

  end(id: string): void {
    this.#clocks.delete(id);
  }

  /** All have 0 now; those that are stopped stay so. */
  beginAnew(): void {
    this.#epoch = { n: this.#epoch.n + 1, from: this.now() };
  }

  let(id: string, run: boolean): void {
    const clock = this.#clocks.get(id);
    if (clock === undefined || (clock.since !== null) === run) return;
    this.#clocks.set(id, { epoch: this.#epoch.n, counted: this.#read(clock), since: run ? this.now() : null });
  }

  /** Null: it has not begun. */
  read(id: string): number | null {
    const clock = this.#clocks.get(id);
    return clock === undefined ? null : this.#read(clock);
  }

  #read({ epoch, counted, since }: Clock): number {
    const isOld = epoch !== this.#epoch.n;
    const running = since === null ? 0 : this.now() - (isOld ? Math.max(since, this.#epoch.from) : since);
    return (isOld ? 0 : counted) + running;
  }
}

interface Clock {
  readonly epoch: number;
  readonly counted: number;
  /** Null: it is stopped. */
  readonly since: number | null;
}
