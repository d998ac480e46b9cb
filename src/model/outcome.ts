import type { ErrorRecord } from './errors.js';

/** How one task or child of a step ended (semantics of `endWithFailure`). */
export type Outcome =
  | { readonly kind: 'succeeded' }
  /** The host ran it and it failed. `takeOver`: a new SPM rolled it back because its host died. */
  | { readonly kind: 'failed'; readonly code: number; readonly message: string; readonly takeOver: boolean }
  /** We asked for it to be stopped, and it did not end well. */
  | { readonly kind: 'aborted'; readonly reason: 'cancelled' | 'timeout' | 'zombie' | 'sibling' }
  /** The host had acknowledged it and then no longer knew it. */
  | { readonly kind: 'lost' }
  /** The host refused the submission; nothing ran. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** It never left the engine; or it was not wanted any more before a host took it, and the SPM has fenced its id. Nothing ran. */
  | { readonly kind: 'notSent' }
  /** Never acknowledged, and cannot be resolved: it may have run. */
  | { readonly kind: 'unknown' }
  /** A child command that ended badly, with its error. */
  | { readonly kind: 'childFailed'; readonly error: ErrorRecord };

/** Any end but an end well. */
export type Failure = Exclude<Outcome, { readonly kind: 'succeeded' }>;
