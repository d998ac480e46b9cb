/** `prefix-1`, `prefix-2` and so on, beyond the highest that is in use. */
export class NumberedNames {
  #last: number;

  /** @param used names, of which those of another form do not count */
  constructor(
    private readonly prefix: string,
    used: Iterable<string>,
  ) {
    this.#last = 0;
    for (const name of used) {
      const number = name.startsWith(`${prefix}-`) ? Number(name.slice(prefix.length + 1)) : Number.NaN;
      if (Number.isSafeInteger(number)) this.#last = Math.max(this.#last, number);
    }
  }

  next(): string {
    this.#last += 1;
    return `${this.prefix}-${this.#last}`;
  }
}
