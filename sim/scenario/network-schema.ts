import { z } from 'zod';
import { WIRE_EVENTS, WIRE_OPS } from '../../actors/wire.js';
import type { MessageRule } from '../faults/network-faults.js';
import { latencySchema } from './distribution-schema.js';
import { listOf } from './fields.js';
import { triggerFields, triggerOf } from './trigger.js';
import { durationSchema, positiveDurationSchema } from './units.js';

const share = z.number().min(0).max(1);

const quality = {
  latency: latencySchema.exactOptional(),
  /** The share of messages that never arrive, 0 to 1. */
  loss: share.exactOptional(),
  /** The share of messages that arrive twice, 0 to 1; the second time after a latency of its own. */
  duplication: share.exactOptional(),
};

/** What links between nodes are like. */
export const networkSchema = z
  .strictObject({
    latency: latencySchema.prefault({ median: '1ms', p95: '5ms' }),
    loss: share.default(0),
    duplication: share.default(0),
    /** What is different on some links, in one direction; the last one that says something of a link holds. */
    links: listOf(z.strictObject({ from: z.string().exactOptional(), to: z.string().exactOptional(), ...quality }).readonly()).prefault([]),
  })
  .readonly();

/** Nodes that cannot reach each other for a while. */
export const partitionSchema = z
  .strictObject({
    ...triggerFields,
    /** These two. */
    between: z.tuple([z.string(), z.string()]).readonly().exactOptional(),
    /** This one and all others. */
    isolate: z.string().exactOptional(),
    /** Only what the first one sends to the second is lost, or what the isolated one sends. */
    oneWay: z.boolean().default(false),
    for: positiveDurationSchema.prefault('60s'),
  })
  .transform(({ between, isolate, oneWay, for: us, ...when }, context) => {
    const point = triggerOf(when, context);
    const [from, to] = between ?? [isolate, null];
    if (from !== undefined && (between === undefined || isolate === undefined)) {
      return point === null ? z.NEVER : { kind: 'partition' as const, point, from, to, oneWay, us };
    }
    context.addIssue({ code: 'custom', message: 'say who cannot reach whom, in one way: between or isolate' });
    return z.NEVER;
  });

const messages = {
  /** Default: whoever sends it. */
  from: z.string().exactOptional(),
  to: z.string().exactOptional(),
  /** What is asked, or told without being asked; with `reply`, what the reply answers. */
  op: z.enum([...WIRE_OPS, ...WIRE_EVENTS]).exactOptional(),
  /** Whether replies are meant, or requests. Default: requests, if there is an `op`, else both. */
  reply: z.boolean().exactOptional(),
  nth: z.union([z.int().min(1), z.literal('every')], { error: "expected a whole number from 1, or 'every'" }).default(1),
};

function selection({ from, to, op, reply, nth }: z.output<z.ZodObject<typeof messages>>): Omit<MessageRule, 'does'> {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(op === undefined ? {} : { op }),
    ...(reply === undefined && op === undefined ? {} : { reply: reply ?? false }),
    ...(nth === 'every' ? {} : { nth }),
  };
}

/** A message that never arrives. */
export const dropMessageSchema = z.strictObject(messages).transform((fields) => ({ kind: 'dropMessage' as const, ...selection(fields), does: { what: 'drop' as const } }));

/** A message that arrives once more. */
export const duplicateMessageSchema = z
  .strictObject({ ...messages, after: durationSchema.prefault('1s') })
  .transform(({ after, ...fields }) => ({ kind: 'duplicateMessage' as const, ...selection(fields), does: { what: 'duplicate' as const, after } }));

/** A message that takes longer. */
export const delayMessageSchema = z
  .strictObject({ ...messages, by: positiveDurationSchema })
  .transform(({ by, ...fields }) => ({ kind: 'delayMessage' as const, ...selection(fields), does: { what: 'delay' as const, by } }));
