import type { LockRecord } from '../src/model/lock.js';
import type { LocksMessage } from './messages.js';

/** Who holds what: exclusive locks, each owned by a root command; whoever belongs to that root shares them. */
export interface LockReader {
  keysOf(owner: string): readonly string[];
  entries(): IterableIterator<[string, string]>;
}

/** The engine's memory of the lock records. Only the locks actor changes it. */
export class LockTable implements LockReader {
  readonly #owners = new Map<string, string>();
  readonly #keys = new Map<string, Set<string>>();

  /** @param held the lock records on disk, re-acquired before the engine accepts anything */
  constructor(held: Iterable<LockRecord>) {
    for (const lock of held) this.grant(lock.key, lock.owner);
  }

  holderOf(key: string): string | undefined {
    return this.#owners.get(key);
  }

  keysOf(owner: string): readonly string[] {
    return [...(this.#keys.get(owner) ?? [])];
  }

  entries(): IterableIterator<[string, string]> {
    return this.#owners.entries();
  }

  grant(key: string, owner: string): void {
    this.#owners.set(key, owner);
    const keys = this.#keys.get(owner);
    if (keys === undefined) this.#keys.set(owner, new Set([key]));
    else keys.add(key);
  }

  release(owner: string): void {
    for (const key of this.keysOf(owner)) this.#owners.delete(key);
    this.#keys.delete(owner);
  }
}

/** The actor that grants and releases. */
export function createLocks(table: LockTable): (message: LocksMessage) => void {
  return (message) => {
    switch (message.type) {
      case 'acquire': {
        for (const { key } of message.requests) {
          const holder = table.holderOf(key);
          if (holder !== undefined && holder !== message.owner) {
            message.wake({ kind: 'refused', key, holder });
            return;
          }
        }
        for (const { key } of message.requests) table.grant(key, message.owner);
        message.wake({ kind: 'granted' });
        return;
      }
      case 'release':
        table.release(message.owner);
        return;
    }
  };
}
