import { z } from 'zod';
import { idSchema } from './fields.js';
import { triggerFields, triggerOf, type Trigger, type TriggerFields } from './trigger.js';
import { durationSchema, positiveDurationSchema } from './units.js';

/** A host: one by its name, or whoever is the SPM of a pool when it is looked for. `spmOf` null: of the only pool. */
export type HostRef = { readonly host: string } | { readonly spmOf: string | null };

const SPM_OF = /^spm(?: of ([A-Za-z0-9_.-]{1,64}))?$/;

const hostRefSchema = z.string().transform((text): HostRef => {
  const spm = SPM_OF.exec(text);
  return spm === null ? { host: text } : { spmOf: spm[1] ?? null };
});

/** What a fault is, with its moment. */
function planned<F>(when: TriggerFields, context: z.core.$RefinementCtx, fault: F): F & { readonly point: Trigger } {
  const point = triggerOf(when, context);
  return point === null ? z.NEVER : { ...fault, point };
}

/** The faults that happen at a moment to a node, or to an SPM. */
export const plannedFaults = {
  /** It is gone at once, and starts again after `down`. */
  crashEngine: z
    .strictObject({ ...triggerFields, down: durationSchema.prefault('5s') })
    .transform(({ down, ...when }, context) => planned(when, context, { kind: 'crashEngine' as const, down })),
  /** It stands still, as in a long garbage collection. */
  pauseEngine: z
    .strictObject({ ...triggerFields, for: positiveDurationSchema })
    .transform(({ for: us, ...when }, context) => planned(when, context, { kind: 'pauseEngine' as const, for: us })),
  /** The same for a host. Without `down`, it is down for as long as the scenario says of all. */
  crashHost: z
    .strictObject({ ...triggerFields, host: hostRefSchema, down: durationSchema.exactOptional() })
    .transform(({ host, down, ...when }, context) => planned(when, context, { kind: 'crashHost' as const, host, down: down ?? null })),
  hangHost: z
    .strictObject({ ...triggerFields, host: hostRefSchema, for: positiveDurationSchema })
    .transform(({ host, for: us, ...when }, context) => planned(when, context, { kind: 'hangHost' as const, host, for: us })),
  /** Storage takes the lease away from the SPM. */
  loseLease: z
    .strictObject({ ...triggerFields, pool: idSchema.exactOptional() })
    .transform(({ pool, ...when }, context) => planned(when, context, { kind: 'loseLease' as const, pool: pool ?? null })),
  /** An operator lets the SPM stop, and when that is done another host start: `to`, or the next one of the pool. */
  moveSpm: z
    .strictObject({ ...triggerFields, pool: idSchema.exactOptional(), to: idSchema.exactOptional() })
    .transform(({ pool, to, ...when }, context) => planned(when, context, { kind: 'moveSpm' as const, pool: pool ?? null, to: to ?? null })),
};
