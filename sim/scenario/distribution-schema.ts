import { z } from 'zod';
import { truncated, type Distribution, type QuantilePoint } from '../world/distribution.js';
import { listOf } from './fields.js';
import { durationSchema, positiveDurationSchema, rateSchema } from './units.js';

/** A distribution as a file has it; values are texts with their units. */
export type DistributionInput =
  | string
  | { readonly median: string; readonly p95: string }
  | { readonly min: string; readonly max: string }
  | { readonly constant: string }
  | { readonly lognormal: { readonly median: string; readonly p95: string } }
  | { readonly uniform: { readonly min: string; readonly max: string } }
  | { readonly exponential: { readonly mean: string } }
  | { readonly pareto: { readonly minimum: string; readonly alpha: number } }
  | { readonly samples: readonly string[] }
  | { readonly quantiles: { readonly [quantile: string]: string } }
  | { readonly shifted: { readonly of: DistributionInput; readonly plus: string } }
  | { readonly truncated: { readonly of: DistributionInput; readonly min?: string | undefined; readonly max?: string | undefined } }
  | { readonly mixture: readonly { readonly weight: number; readonly of: DistributionInput }[] };

type Quantity = z.ZodType<number, string>;

const QUANTILE = /^(?:min|max|p\d{1,2}(?:\.\d{1,6})?)$/;

/** @param value from 0 @param positive above 0 @param expected what is expected, in words */
function distributionSchema(value: Quantity, positive: Quantity, expected: string): z.ZodType<Distribution, DistributionInput> {
  const lognormal = z
    .strictObject({ median: positive, p95: positive })
    .refine(({ median, p95 }) => p95 >= median, { path: ['p95'], error: 'the 95th percentile must not be below the median' })
    .transform(({ median, p95 }): Distribution => ({ kind: 'lognormal', median, p95 }));

  const uniform = z
    .strictObject({ min: value, max: value })
    .refine(({ min, max }) => max >= min, { path: ['max'], error: 'must not be below min' })
    .transform(({ min, max }): Distribution => ({ kind: 'uniform', min, max }));

  const exponential = z.strictObject({ mean: positive }).transform(({ mean }): Distribution => ({ kind: 'exponential', mean }));

  const pareto = z
    .strictObject({ minimum: positive, alpha: z.number().min(0.01).max(1_000) })
    .transform(({ minimum, alpha }): Distribution => ({ kind: 'pareto', minimum, alpha }));

  const samples = listOf(value)
    .refine((values) => values.length > 0, { error: 'name at least one' })
    .transform((values): Distribution => ({ kind: 'samples', values: values.toSorted((a, b) => a - b) }));

  const quantiles = z
    .record(z.string().regex(QUANTILE, { error: 'expected min, max, or a percentile such as p50 or p99.9' }), value)
    .transform((named, context): Distribution => {
      const points = Object.entries(named)
        .map(([name, at]): QuantilePoint & { readonly name: string } => ({ name, share: shareOf(name), value: at }))
        .toSorted((a, b) => a.share - b.share);
      const missing = ['min', 'max'].find((name) => !Object.hasOwn(named, name));
      if (missing !== undefined) context.addIssue({ code: 'custom', message: `${missing} is missing: between which values it lies must be said` });
      const fallen = points.find((point, i) => point.value < (points[i - 1]?.value ?? 0));
      if (fallen !== undefined) context.addIssue({ code: 'custom', path: [fallen.name], message: 'must not be below the one before it' });
      const twice = points.find((point, i) => point.share === points[i - 1]?.share);
      if (twice !== undefined) context.addIssue({ code: 'custom', path: [twice.name], message: 'is said twice' });
      return { kind: 'quantiles', points: points.map(({ share, value: at }) => ({ share, value: at })) };
    });

  const schema: z.ZodType<Distribution, DistributionInput> = z.lazy(() =>
    z.union(
      [
        value.transform((constant): Distribution => ({ kind: 'constant', value: constant })),
        lognormal,
        uniform,
        z.strictObject({ constant: value }).transform(({ constant }): Distribution => ({ kind: 'constant', value: constant })),
        z.strictObject({ lognormal }).transform((named) => named.lognormal),
        z.strictObject({ uniform }).transform((named) => named.uniform),
        z.strictObject({ exponential }).transform((named) => named.exponential),
        z.strictObject({ pareto }).transform((named) => named.pareto),
        z.strictObject({ samples }).transform((named) => named.samples),
        z.strictObject({ quantiles }).transform((named) => named.quantiles),
        z
          .strictObject({ shifted: z.strictObject({ of: schema, plus: value }) })
          .transform(({ shifted: { of, plus } }): Distribution => ({ kind: 'shifted', of, plus })),
        z
          .strictObject({ truncated: z.strictObject({ of: schema, min: value.optional(), max: value.optional() }) })
          .transform(({ truncated: { of, min = 0, max = Number.MAX_SAFE_INTEGER } }, context): Distribution => {
            const left = truncated(of, min, max);
            if (left !== null) return left;
            context.addIssue({ code: 'custom', path: ['truncated'], message: 'nothing of the distribution lies between min and max' });
            return z.NEVER;
          }),
        z
          .strictObject({
            mixture: listOf(z.strictObject({ weight: z.number().positive().max(1e9), of: schema }), 100).refine((parts) => parts.length > 0, { error: 'name at least one part' }),
          })
          .transform(({ mixture: parts }): Distribution => ({ kind: 'mixture', parts })),
      ],
      { error: `expected ${expected}` },
    ),
  );
  return schema;
}

/** `p99.9` as 0.999. */
function shareOf(quantile: string): number {
  if (quantile === 'min') return 0;
  return quantile === 'max' ? 1 : Number(quantile.slice(1)) / 100;
}

/** How long something takes, µs. */
export const latencySchema = distributionSchema(
  durationSchema,
  positiveDurationSchema,
  'a latency: a duration such as 5s, or {median: 2s, p95: 8s}, or {min: 1s, max: 3s}, or another distribution by its name',
);

/** How fast bytes move, bytes per second. */
export const rateDistributionSchema = distributionSchema(
  rateSchema,
  rateSchema,
  'a rate: such as 75 MiB/s, or {median: 250 MiB/s, p95: 670 MiB/s}, or another distribution by its name',
);
