/** A moment of a run, as seen from a node. */
export type Moment =
  /** Just before the `n`-th event of the run, of whichever node, from 1. */
  | { readonly at: 'event'; readonly n: number }
  /**
   * Just before or just after the node's `portOperation`-th port operation of the run (a message sent, a disk write or scan issued), from 1. If the node crashes before
   * it, the operation does not take place. The rest of the turn then reaches nobody.
   */
  | { readonly at: 'before' | 'after'; readonly portOperation: number }
  /** At a virtual time in µs. */
  | { readonly at: 'time'; readonly us: number };
