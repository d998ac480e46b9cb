import { z } from 'zod';
import { id } from '../ids.js';

/** Removes a disk that no running VM has, with all that is written on it. */
export const removeImageParams = z.strictObject({ pool: id, disk: id });

export type RemoveImageParams = z.output<typeof removeImageParams>;
