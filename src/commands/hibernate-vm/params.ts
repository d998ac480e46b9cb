import { z } from 'zod';

const id = z.string().min(1).max(64);

/** Suspends a running VM: its memory goes to storage, and it no longer runs. */
export const hibernateVmParams = z.strictObject({
  /** The storage pool that the domain belongs to. */
  pool: id,
  vm: id,
  /** Where its memory is to be kept. */
  domain: id,
});

export type HibernateVmParams = z.output<typeof hibernateVmParams>;
