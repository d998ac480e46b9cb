import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flawsOf, flawsText, IN_OUR_WORDS } from '../../../src/model/wording.js';

/** What is said of a value that does not fit. */
function said(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value, IN_OUR_WORDS);
  return parsed.success ? 'fits' : flawsText(parsed.error.issues);
}

describe('what is wrong with a value', () => {
  it.each<readonly [schema: z.ZodType, value: unknown, says: string]>([
    [z.string(), 7, 'expected string, got number 7'],
    [z.string(), undefined, 'is missing; expected string'],
    [z.object({}), null, 'expected object, got null'],
    [z.record(z.string(), z.string()), [], 'expected object, got array'],
    [z.int(), 0.5, 'expected whole number, got number 0.5'],
    [z.enum(['a', 'b', 'c']), 'd', "expected 'a', 'b' or 'c', got 'd'"],
    [z.enum(['a', 'b']), 'd'.repeat(65), "expected 'a' or 'b', got string"],
    [z.literal(true), 'yes', "expected true, got 'yes'"],
    [z.number().min(1), 0, 'must be at least 1'],
    [z.number().positive(), 0, 'must be more than 0'],
    [z.number().max(1), 2, 'must be at most 1'],
    [z.number().negative(), 0, 'must be less than 0'],
    [z.number().multipleOf(5), 7, 'must be a multiple of 5'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(3), 'ab', 'must have at least 3 characters'],
    [z.string().max(1), 'ab', 'must have at most 1 character'],
    [z.string().length(3), 'ab', 'must have exactly 3 characters'],
    [z.string().length(1), 'ab', 'must have exactly 1 character'],
    [z.array(z.string()).min(2), [], 'must have at least 2 items'],
    [z.array(z.string()).max(0), ['a'], 'must have at most 0 items'],
    [z.string().regex(/^a/), 'b', 'does not have the form that it must have'],
    [z.email(), 'b', 'does not have the form that it must have'],
    [z.string().refine(() => false), 'b', 'does not have the form that it must have'],
    [z.string().refine(() => false, 'is never good'), 'b', 'is never good'],
    [z.union([z.string(), z.array(z.string())]), 7, 'expected string or array, got number 7'],
    [z.union([z.string(), z.array(z.string())]), [7], 'has none of the forms that it may have'],
    [z.discriminatedUnion('is', [z.object({ is: z.literal('a') }), z.object({ is: z.literal('b') })]), { is: 'c' }, 'is: has none of the forms that it may have'],
    [z.record(z.string().regex(/^a/, 'begins with an a'), z.string()), { b: 'c' }, 'b: begins with an a'],
    [z.set(z.string()), new Set([7]), 'expected string, got number 7'],
    [z.strictObject({ a: z.strictObject({ b: z.string() }), c: z.string() }), { a: { b: 'x', d: 1, e: 2 } }, 'a.d: unknown key; a.e: unknown key; c: is missing; expected string'],
  ])('%#', (schema, value, says) => {
    expect(said(schema, value)).toBe(says);
  });

  it('is said with its place, and in a list with its number', () => {
    const { error } = z.object({ disks: z.array(z.string()) }).safeParse({ disks: ['a', 7] }, IN_OUR_WORDS);
    expect(flawsOf(error?.issues ?? [])).toEqual([{ path: ['disks', 1], message: 'expected string, got number 7' }]);
    expect(flawsText(error?.issues ?? [], ['task'])).toBe('task.disks.1: expected string, got number 7');
  });

  it('is what a schema says itself, if it says something', () => {
    expect(said(z.string({ error: 'must be a name' }), 7)).toBe('must be a name');
  });
});
