/** A change outside the engine, as a ledger names it: what was done, to what. */
export type Effect = { readonly verb: string; readonly object: string };
