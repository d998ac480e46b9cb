import { z } from 'zod';
import { id } from '../ids.js';

/** Makes a disk of what a repository outside the pool offers. */
export const importRepoImageParams = z.strictObject({
  /** The storage pool that the domain belongs to. */
  pool: id,
  repository: id,
  image: id,
  /** Where the disk is to be. */
  domain: id,
});

export type ImportRepoImageParams = z.output<typeof importRepoImageParams>;
