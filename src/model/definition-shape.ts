import { z } from 'zod';
import type { ErasedHandler } from './handler.js';
import { flawsText, IN_OUR_WORDS } from './wording.js';

// What the types say of a definition, for programs without types: a misspelt callback would never be called, and nobody would notice.

export const fn = z.custom<unknown>((value) => typeof value === 'function', 'must be a function');
/** Checked by value elsewhere. */
const any = z.unknown().optional();
const policy = z.strictObject({ attempts: z.unknown(), backoffMs: any, maxBackoffMs: any, retryIf: any });

const handlerShape = z.strictObject({
  name: z.string(),
  effectFree: z.boolean().optional(),
  timeoutMs: any,
  retry: policy.optional(),
  undoRetry: policy.optional(),
  pointOfNoReturn: z.strictObject({ part: z.enum(['beforeTask', 'task', 'endSuccessfully']), hasPassed: fn }).optional(),
  onUndoFailed: z.enum(['stop', 'continue']).optional(),
  beforeTask: fn.optional(),
  createTask: fn.optional(),
  beforeRetry: fn.optional(),
  probe: fn.optional(),
  endSuccessfully: fn.optional(),
  endWithFailure: fn.optional(),
  compensate: fn.optional(),
  compensationEnded: fn.optional(),
  leaves: fn.optional(),
} satisfies { readonly [K in keyof Required<ErasedHandler>]: z.ZodType });

/** What is wrong with the fields of a handler, or null. */
export function handlerProblem(handler: unknown): string | null {
  return fieldProblem(handlerShape, handler);
}

/** What is wrong with the fields of something, each with its name; or null. */
export function fieldProblem(shape: z.ZodType, value: unknown): string | null {
  const parsed = shape.safeParse(value, IN_OUR_WORDS);
  return parsed.success ? null : flawsText(parsed.error.issues);
}
