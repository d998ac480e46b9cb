/**
 * What is to notice: an invariant by its name; `determinism`: the same run has two traces; `ends`: commands end otherwise than they should, and no
 * invariant is broken.
 */
export type Watch = 'liveness' | 'callback-order' | 'exactly-once' | 'locks' | 'spm-lease' | 'disk-data' | 'at-rest' | 'truth' | 'determinism' | 'ends';

/** A wrong change of the engine, to see whether the campaign notices. */
export interface Mutant {
  readonly name: string;
  /** Where it is expected to be noticed first. */
  readonly breaks: Watch;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Why nothing notices it, if that is known. */
  readonly unnoticed?: string;
}
