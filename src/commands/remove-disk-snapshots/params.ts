import { z } from 'zod';
import { id, someOf } from '../ids.js';

/** Takes a disk out of snapshots of its VM, which is down: what each holds is merged into what came after it. */
export const removeDiskSnapshotsParams = z.strictObject({
  pool: id,
  disk: id,
  /** In the order in which they are merged. */
  snapshots: someOf('a snapshot'),
});

export type RemoveDiskSnapshotsParams = z.output<typeof removeDiskSnapshotsParams>;
