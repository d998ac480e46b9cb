import type { SeenCommits, Stamp } from '../wire.js';

/** How far one store had come when its engine last sent something, and which start of the engine that was. */
export type SeenStore = SeenCommits & { readonly life: string };

/**
 * By which an engine is told that goes on from an older copy of its store: each start of an engine begins with a commit, so a later start begins beyond all
 * that an earlier one has shown. What comes late from an earlier start is refused as well, and nobody waits for the answer.
 */
export class SeenStores {
  constructor(private readonly seen: Map<string, SeenStore> = new Map()) {}

  /** Null: it is in order, and remembered. Otherwise what is known of commits that this engine does not have. */
  witness({ incarnation, commitSeq, store }: Stamp): SeenCommits | null {
    if (store === undefined) return null;
    const known = this.seen.get(store.id);
    if (known !== undefined && known.life !== store.life && store.beganAt <= known.commitSeq) return { commitSeq: known.commitSeq, incarnation: known.incarnation };
    // Messages overtake each other.
    const last = known?.life === store.life ? Math.max(known.commitSeq, commitSeq) : commitSeq;
    if (known?.life !== store.life || known.commitSeq !== last) this.seen.set(store.id, { life: store.life, incarnation, commitSeq: last });
    return null;
  }
}
