/** Whose turn it is, and in which lane. */
export interface Claim {
  readonly root: string;
  readonly undoes: boolean;
}

interface Place<T> {
  readonly item: T;
  /** When it came, among all. */
  readonly n: number;
}

interface Root<T> {
  /** When it came, or was last served. */
  turn: number;
  /** In the order in which they came. */
  readonly places: Place<T>[];
}

/** So many that undo something are served for one that goes forward, while both wait: what holds up is got out of the way first, and starves nobody. */
const UNDO_SHARE = 3;

/**
 * What waits for room. Root commands take turns, those first that have waited longest; of one root's, those first that came first, be it that they had left and come back.
 * What undoes comes before what goes forward, but not always.
 */
export class FairQueue<T extends object> {
  readonly #lanes = { undo: new Map<string, Root<T>>(), forward: new Map<string, Root<T>>() };
  readonly #came = new WeakMap<T, number>();
  /** The turns that those had taken who have left. */
  readonly #taken = new WeakMap<T, number>();
  #clock = 0;
  /** How many that undo have been served since the last that goes forward. */
  #undone = 0;

  /** One that was here before has its old place, and its root has its turn back. */
  add(item: T, claim: Claim): void {
    const lane = this.#lane(claim);
    const n = this.#came.get(item) ?? this.#tick();
    this.#came.set(item, n);
    const turn = this.#taken.get(item) ?? n;
    const root = lane.get(claim.root) ?? { turn, places: [] };
    root.turn = Math.min(root.turn, turn);
    lane.set(claim.root, root);
    root.places.splice(root.places.findLastIndex((place) => place.n < n) + 1, 0, { item, n });
  }

  /** Takes out whose turn it is. */
  next(): T | undefined {
    const { undo, forward } = this.#lanes;
    const undoes = undo.size > 0 && (forward.size === 0 || this.#undone < UNDO_SHARE);
    const lane = undoes ? undo : forward;
    let first: { readonly name: string; readonly root: Root<T> } | undefined;
    for (const [name, root] of lane) if (first === undefined || root.turn < first.root.turn) first = { name, root };
    const place = first?.root.places.shift();
    if (first === undefined || place === undefined) return undefined;
    const { name, root } = first;
    this.#undone = undoes ? this.#undone + 1 : 0;
    this.#taken.set(place.item, root.turn);
    root.turn = this.#tick();
    if (root.places.length === 0) lane.delete(name);
    return place.item;
  }

  remove(item: T, claim: Claim): void {
    const lane = this.#lane(claim);
    const root = lane.get(claim.root);
    const at = root?.places.findIndex((place) => place.item === item) ?? -1;
    if (root === undefined || at < 0) return;
    root.places.splice(at, 1);
    if (root.places.length === 0) lane.delete(claim.root);
  }

  #lane({ undoes }: Claim): Map<string, Root<T>> {
    return undoes ? this.#lanes.undo : this.#lanes.forward;
  }

  #tick(): number {
    this.#clock += 1;
    return this.#clock;
  }
}
