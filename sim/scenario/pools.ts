import { z } from 'zod';
import { idSchema } from './fields.js';

/** A storage pool: hosts of which one is the SPM, and the storage domains that they share. */
export const poolSchema = z
  .strictObject({
    id: idSchema,
    /** False: its hosts make their own task ids, as vdsm does, and recognise nothing that is sent twice. */
    clientTaskIds: z.boolean().default(true),
  })
  .readonly();
export type Pool = z.output<typeof poolSchema>;

/** One pool may be written as `pool`, and what there is may leave out that it belongs to it. */
export const poolSections = {
  pool: poolSchema.exactOptional(),
  pools: z.array(poolSchema).min(1).max(1000).readonly().exactOptional(),
};

type Refuse = (path: readonly (string | number)[], message: string) => void;

/** @param refuse is told if both ways to write it are used */
export function poolsOf({ pool, pools }: { readonly pool?: Pool; readonly pools?: readonly Pool[] }, refuse: Refuse): readonly Pool[] {
  if (pool !== undefined && pools !== undefined) refuse(['pools'], 'there is a pool already: list it here, or leave this out');
  return pools ?? [pool ?? { id: 'pool1', clientTaskIds: true }];
}

/**
 * The same things, each with the pool that it belongs to: the only one, unless it says so.
 * @param refuse is told of each that does not say so where there are several
 */
export function inPools<T extends { readonly pool?: string }>(
  section: 'hosts' | 'domains',
  things: readonly T[],
  pools: readonly Pool[],
  refuse: Refuse,
): readonly (T & { readonly pool: string })[] {
  const [first, second] = pools;
  return things.map((thing, i) => {
    if (thing.pool === undefined && second !== undefined) refuse([section, i], `say which pool it belongs to: ${namesOf(pools)}`);
    return { ...thing, pool: thing.pool ?? first?.id ?? '' };
  });
}

/** `a, b, c and 17 more` */
export function namesOf(pools: readonly Pool[]): string {
  const shown = pools.slice(0, 3).map(({ id }) => id).join(', ');
  return pools.length > 3 ? `${shown} and ${pools.length - 3} more` : shown;
}
