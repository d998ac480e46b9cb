import { z } from 'zod';
import { id } from '../ids.js';

/** Suspends a running VM: its memory goes to storage, and it no longer runs. */
export const hibernateVmParams = z.strictObject({
  /** The storage pool that the domain belongs to. */
  pool: id,
  vm: id,
  /** Where its memory is to be kept. */
  domain: id,
});

export type HibernateVmParams = z.output<typeof hibernateVmParams>;
