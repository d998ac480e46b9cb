import { z } from 'zod';
import { id, someOf } from '../ids.js';

/** A snapshot of a VM's disks. */
export const createAllSnapshotsParams = z.strictObject({ pool: id, vm: id, disks: someOf('a disk') });

export type CreateAllSnapshotsParams = z.output<typeof createAllSnapshotsParams>;
