/**
 * The part of nact 7.6.2 that we use, as it really behaves. nact's own declarations lack `start({ name })`, and what we leave out of them
 * (`query`, persistence, anonymous actors, supervision) we leave out on purpose.
 */
export interface Nact {
  start(options: { readonly name: string }): NactReference;
  spawn(parent: NactReference, turn: NactTurn, name: string, properties: { readonly onCrash: NactCrashHandler }): NactReference;
  dispatch(actor: NactReference, message: unknown): void;
  stop(actor: NactReference): void;
}

/** nact's name for an actor or a system. Opaque. */
export interface NactReference {
  readonly name: string;
}

/** What nact runs for one message. */
export interface NactTurn {
  (state: unknown, message: unknown): unknown;
  /** Our name for the actor, for traces. */
  readonly actor: string;
}

export type NactCrashHandler = (message: unknown, error: unknown, context: { readonly resume: symbol }) => symbol;

/** The hidden class of nact's actors, as far as its turns are observed. */
export interface NactActor {
  readonly f: NactTurn;
  handleMessage(message: unknown, sender: unknown): void;
}
