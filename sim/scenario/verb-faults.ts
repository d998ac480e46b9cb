import { z } from 'zod';
import type { FailureRule, HangRule, LossRule, RollbackRule, SlowRule } from '../faults/failures.js';
import { hostCodeSchema } from './fields.js';
import { durationSchema } from './units.js';

const executions = {
  verb: z.string(),
  /** Only executions whose arguments have these values count. */
  match: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).readonly().prefault({}),
  /** Which of those executions is meant, from 1. */
  nth: z.union([z.int().min(1), z.literal('every')], { error: "expected a whole number from 1, or 'every'" }).default(1),
};

interface Chosen {
  readonly nth: number | 'every';
}

/** `every` is what a rule means that does not count. */
function counted<R extends Chosen>({ nth, ...rule }: R): Omit<R, 'nth'> & { readonly nth?: number } {
  return nth === 'every' ? rule : { ...rule, nth };
}

const failureSchema = z.strictObject({
  ...executions,
  /** The host's error code, e.g. 261. */
  code: hostCodeSchema,
  when: z.enum(['refuse', 'atStart', 'atEnd']).default('atEnd'),
});

/** What becomes of chosen tasks or calls. */
export const verbFaults = {
  failTask: failureSchema.transform((rule): { kind: 'failTask' } & FailureRule => ({ kind: 'failTask', ...counted(rule) })),
  failCall: failureSchema.transform((rule): { kind: 'failCall' } & FailureRule => ({ kind: 'failCall', ...counted(rule) })),
  /** The host forgets the task: at once and without having done anything, or when it has done all. */
  loseTask: z
    .strictObject({ ...executions, when: z.enum(['atStart', 'atEnd']).default('atEnd') })
    .transform(({ when: lost, ...rule }): { kind: 'loseTask' } & LossRule => ({ kind: 'loseTask', ...counted(rule), lost })),
  /** Its job does not return. */
  hangTask: z.strictObject(executions).transform((rule): { kind: 'hangTask' } & HangRule => ({ kind: 'hangTask', ...counted(rule), hangs: true })),
  /** Its job takes so many times its time, and so much more. */
  slowTask: z
    .strictObject({
      ...executions,
      factor: z.number().min(1).max(1_000_000).default(1),
      by: durationSchema.prefault('0s'),
    })
    .refine(({ factor, by }) => factor !== 1 || by > 0, { error: 'say how slow: factor, above 1, or by' })
    .transform(({ factor, by, ...rule }): { kind: 'slowTask' } & SlowRule => ({ kind: 'slowTask', ...counted(rule), slower: { factor, by } })),
  /** What a task has registered to be taken back is not. */
  failRollback: z.strictObject(executions).transform((rule): { kind: 'failRollback' } & RollbackRule => ({ kind: 'failRollback', ...counted(rule), rollback: 'fails' })),
};

type VerbFaultKind = keyof typeof verbFaults;

/** Of faults that only a task can have: what is said of a call. */
export const TASKS_ONLY = {
  loseTask: 'only a task can be lost',
  hangTask: 'only a task can hang',
  slowTask: 'only a task can be slow; a call has a latency',
  failRollback: 'only a task is rolled back',
} as const satisfies { readonly [kind in Exclude<VerbFaultKind, 'failTask' | 'failCall'>]: string };
