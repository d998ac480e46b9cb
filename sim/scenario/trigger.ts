import { z } from 'zod';
import { conditionSchema, type Condition } from './condition.js';
import { durationSchema } from './units.js';

/** When a planned fault happens, once. Events count over the whole run; port operations too, and are the engine's, whoever the fault happens to. */
export type Trigger =
  | { readonly at: 'time'; readonly us: number }
  | { readonly at: 'event'; readonly n: number }
  | { readonly at: 'before' | 'after'; readonly portOperation: number }
  | { readonly at: 'condition'; readonly condition: Condition };

/** The keys by which a fault says when it happens. To be read by {@link triggerOf}. */
export const triggerFields = {
  at: durationSchema.exactOptional(),
  event: z.int().min(1).exactOptional(),
  beforePortOperation: z.int().min(1).exactOptional(),
  afterPortOperation: z.int().min(1).exactOptional(),
  when: conditionSchema.exactOptional(),
};

export type TriggerFields = z.output<z.ZodObject<typeof triggerFields>>;

/** The one moment that the keys name; null, and an issue, if they name none or several. */
export function triggerOf({ at, event, beforePortOperation, afterPortOperation, when }: TriggerFields, context: z.core.$RefinementCtx): Trigger | null {
  const points: readonly Trigger[] = [
    at === undefined ? [] : [{ at: 'time' as const, us: at }],
    event === undefined ? [] : [{ at: 'event' as const, n: event }],
    beforePortOperation === undefined ? [] : [{ at: 'before' as const, portOperation: beforePortOperation }],
    afterPortOperation === undefined ? [] : [{ at: 'after' as const, portOperation: afterPortOperation }],
    when === undefined ? [] : [{ at: 'condition' as const, condition: when }],
  ].flat();
  const [point] = points;
  if (point !== undefined && points.length === 1) return point;
  context.addIssue({ code: 'custom', message: 'say when, in one way: at, event, beforePortOperation, afterPortOperation or when' });
  return null;
}
