import type { SeenCommits, Stamp, StoreLives } from '../wire.js';

/** How far one store had come when its engine last sent something, and which start of the engine that was. */
export type SeenStore = SeenCommits & { readonly life: string };

/**
 * By which an engine is told that goes on from an older copy of its store. A store names the starts of its engine, and which commits each of them made; so it is in
 * order if the last commit that hosts have seen is among those that it has of that start. What comes late from an earlier start is refused as well, and nobody
 * waits for the answer.
 */
export class SeenStores {
  constructor(private readonly seen: Map<string, SeenStore> = new Map()) {}

  /** Null: it is in order, and remembered. Otherwise what is known of commits that this engine does not have. */
  witness({ incarnation, commitSeq, store }: Stamp): SeenCommits | null {
    if (store === undefined) return null;
    const known = this.seen.get(store.id);
    if (known !== undefined && !hasSeen(store, known)) return { commitSeq: known.commitSeq, incarnation: known.incarnation };
    // Messages overtake each other.
    const last = known?.life === store.life ? Math.max(known.commitSeq, commitSeq) : commitSeq;
    if (known?.life !== store.life || known.commitSeq !== last) this.seen.set(store.id, { life: store.life, incarnation, commitSeq: last });
    return null;
  }
}

/** Whether what hosts have seen is in this store: by the start that they know, or else because the first start it names began beyond it, and hosts had heard of that one. */
export function hasSeen({ life, beganAt, earlier }: StoreLives, known: SeenStore): boolean {
  if (known.life === life) return true;
  const start = earlier.find((one) => one.life === known.life);
  return start === undefined ? known.commitSeq < (earlier[0]?.beganAt ?? beganAt) : known.commitSeq <= start.endedAt;
}
