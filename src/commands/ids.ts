import { z } from 'zod';

/** A name of something on storage or in a pool. */
export const id = z.string().min(1).max(64);

/** Some of a kind, each once. */
export function someOf(what: string) {
  return z
    .array(id)
    .min(1)
    .max(100)
    .refine((ids) => new Set(ids).size === ids.length, `${what} is named twice`);
}
