import type { DiskOp, OpenDisk } from '../../src/store/disk.js';

/** A disk whose batches somebody is shown at the moment they take effect. */
export function observedDisk(disk: OpenDisk, onBatch: (ops: readonly DiskOp[]) => void): OpenDisk {
  return {
    write: async (ops) => {
      await disk.write(ops);
      onBatch(ops);
    },
    scan: (prefix) => disk.scan(prefix),
    close: () => disk.close(),
  };
}
