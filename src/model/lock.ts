/** What a command locks. All of a command's locks are granted together, or none is. */
export type LockRequest = { readonly key: string; readonly mode: 'exclusive' };

/** A lock as it is kept on disk: its owner is always a root command. */
export type LockRecord = { readonly key: string; readonly mode: 'exclusive'; readonly owner: string };
