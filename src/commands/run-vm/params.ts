import { z } from 'zod';
import { id } from '../ids.js';

/** Starts a VM that is down, or lets one that is suspended go on. */
export const runVmParams = z.strictObject({
  /** The storage pool that its disks belong to. */
  pool: id,
  vm: id,
  /** The host that it is to run on. Default: where it ran last. */
  host: id.exactOptional(),
});

export type RunVmParams = z.output<typeof runVmParams>;
