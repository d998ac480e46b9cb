/** Told of each change, after it. */
export type MapObserver<K, V> = (key: K, before: V | undefined, after: V | undefined) => void;

/** A map that remembers which of its keys were set or deleted since they were last taken: what its store has yet to be told. */
export class TrackedMap<K extends string, V> extends Map<K, V> {
  readonly #changed = new Set<K>();
  #observer: MapObserver<K, V> | null = null;

  /** From now on; what the store has already is no change. */
  observe(observer: MapObserver<K, V>): void {
    this.#observer = observer;
  }

  override set(key: K, value: V): this {
    this.#changed.add(key);
    const before = this.#observer === null ? undefined : this.get(key);
    super.set(key, value);
    this.#observer?.(key, before, value);
    return this;
  }

  override delete(key: K): boolean {
    this.#changed.add(key);
    const before = this.#observer === null ? undefined : this.get(key);
    const was = super.delete(key);
    if (was) this.#observer?.(key, before, undefined);
    return was;
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
