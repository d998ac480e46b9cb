/**
 * The disk port: an ordered map of ASCII keys to bytes, with atomic synced batches. LevelDB is one implementation, memory the other; the
 * same test suite runs against both, and a run gives the same trace on either.
 */
export type DiskOp = { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } | { readonly type: 'del'; readonly key: string };

export interface DiskEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Disk {
  /** Applies all of `ops`, or none; resolved once they would survive a power cut. Batches take effect in the order they were asked for. */
  write(ops: readonly DiskOp[]): Promise<void>;
  /** The value under this key, if there is one. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** All entries whose key starts with `prefix`, in byte order of their keys; with `limit`, at most so many, the first ones. */
  scan(prefix: string, limit?: number): Promise<readonly DiskEntry[]>;
}

/** A disk that was opened and is to be closed. */
export interface OpenDisk extends Disk {
  /** Idempotent. Afterwards nothing else may be called. */
  close(): Promise<void>;
}
