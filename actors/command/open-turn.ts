/**
 * Whether a user's callback is computing, as opposed to waiting for one of the engine's ports. While it computes, no event of a simulation may run: what
 * it awaits then is not the simulation's.
 */
export class OpenTurn {
  readonly #begins: () => () => void;
  #ends: (() => void) | null;
  #waits = 0;
  #over = false;

  /** @param begins tells the port that the callback computes, and returns what tells it that it no longer does */
  constructor(begins: () => () => void) {
    this.#begins = begins;
    this.#ends = begins();
  }

  /** Waits for a port on the callback's behalf. It computes again when nothing that it asked for is outstanding. */
  async waitFor<T>(asked: Promise<T>): Promise<T> {
    this.#waits += 1;
    this.#settle();
    try {
      return await asked;
    } finally {
      this.#waits -= 1;
      this.#settle();
    }
  }

  end(): void {
    this.#over = true;
    this.#settle();
  }

  #settle(): void {
    const computes = !this.#over && this.#waits === 0;
    if (computes && this.#ends === null) this.#ends = this.#begins();
    if (!computes && this.#ends !== null) {
      this.#ends();
      this.#ends = null;
    }
  }
}
