/** A map that remembers which of its keys were set or deleted since they were last taken: what its store has yet to be told. */
export class TrackedMap<K extends string, V> extends Map<K, V> {
  readonly #changed = new Set<K>();

  override set(key: K, value: V): this {
    this.#changed.add(key);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.#changed.add(key);
    return super.delete(key);
  }

  override clear(): void {
    for (const key of this.keys()) this.#changed.add(key);
    super.clear();
  }

  /** Sets what the store has already. */
  restore(key: K, value: V): void {
    super.set(key, value);
  }

  /** The changed keys with what they have now; undefined where that is nothing. They count as unchanged from then on. */
  takeChanges(): readonly (readonly [key: K, value: V | undefined])[] {
    const changes = [...this.#changed].map((key) => [key, this.get(key)] as const);
    this.#changed.clear();
    return changes;
  }
}
