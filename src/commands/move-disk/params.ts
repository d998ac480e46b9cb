import { z } from 'zod';
import { id } from '../ids.js';

/** Moves a disk that no running VM has to another storage domain of the pool. */
export const moveDiskParams = z.strictObject({ pool: id, disk: id, targetDomain: id });

export type MoveDiskParams = z.output<typeof moveDiskParams>;
