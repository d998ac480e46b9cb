import type { OpenDisk } from '../../src/store/disk.js';

/** A disk whose batches are each written only when `first` is done: what they follow from is durable before they are. */
export function writeAhead(disk: OpenDisk, first: () => Promise<void>): OpenDisk {
  return {
    write: async (ops) => {
      await first();
      await disk.write(ops);
    },
    get: (key) => disk.get(key),
    scan: (prefix, limit) => disk.scan(prefix, limit),
    close: () => disk.close(),
  };
}
