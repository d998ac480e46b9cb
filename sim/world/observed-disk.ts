import type { DiskOp, OpenDisk } from '../../src/store/disk.js';

/** A disk whose batches somebody is shown at the moment they take effect. */
export function observedDisk(disk: OpenDisk, onBatch: (ops: readonly DiskOp[]) => void): OpenDisk {
  return {
    write: async (ops) => {
      await disk.write(ops);
      onBatch(ops);
    },
    get: (key) => disk.get(key),
    scan: (prefix, limit) => disk.scan(prefix, limit),
    close: () => disk.close(),
  };
}
