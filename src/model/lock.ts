/** `shared` locks of one key go together; an `exclusive` one goes with no other. */
export type LockMode = 'exclusive' | 'shared';

/** What a command locks. All of a command's locks are granted together, or none is. */
export type LockRequest = { readonly key: string; readonly mode: LockMode };

/** A lock as it is kept on disk: its owner is always a root command. */
export type LockRecord = { readonly key: string; readonly mode: LockMode; readonly owner: string };

/**
 * What a command does whose locks are not to be had. `refuse`: it is `REJECTED` at once. `limitMs`, from 0 to a year: it waits that long from its submission,
 * a crash of the engine included.
 */
export type LockWait = { readonly limitMs: number } | 'refuse';

/** Whether one owner may have the key in mode `a` while another has it in mode `b`. */
export function compatible(a: LockMode, b: LockMode): boolean {
  return a === 'shared' && b === 'shared';
}

/** The mode that allows all that either does. */
export function stronger(a: LockMode, b: LockMode): LockMode {
  return a === 'exclusive' || b === 'exclusive' ? 'exclusive' : 'shared';
}
