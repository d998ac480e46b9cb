import { z } from 'zod';

const id = z.string().min(1).max(64);

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
