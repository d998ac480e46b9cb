import { z } from 'zod';
import type { Latency } from '../world/latency.js';
import { durationSchema, positiveDurationSchema } from './units.js';

const lognormalSchema = z
  .strictObject({ median: positiveDurationSchema, p95: positiveDurationSchema })
  .refine(({ median, p95 }) => p95 >= median, { path: ['p95'], error: 'the 95th percentile must not be below the median' })
  .transform(({ median, p95 }): Latency => ({ kind: 'lognormal', median, p95 }))
  .readonly();

const uniformSchema = z
  .strictObject({ min: durationSchema, max: durationSchema })
  .refine(({ min, max }) => max >= min, { path: ['max'], error: 'must not be below min' })
  .transform(({ min, max }): Latency => ({ kind: 'uniform', min, max }))
  .readonly();

const constantSchema = durationSchema.transform((value): Latency => ({ kind: 'constant', value }));

/** How long something takes: always the same, uniform, or lognormal by its median and its 95th percentile. */
export const latencySchema = z.union([constantSchema, lognormalSchema, uniformSchema], {
  error: 'expected a latency: a duration such as 5s, or {median: 2s, p95: 8s}, or {min: 1s, max: 3s}',
});
