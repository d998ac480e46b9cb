import { z } from 'zod';
import { asData, type Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';

/** Names that become nodes of the network, parts of keys, and words in a report. */
export const idSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'use 1 to 64 of A-Z a-z 0-9 _ . -' });

/** Names of commands, handlers and what else is referred to. */
export const nameSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, { error: 'use 1 to 64 letters and digits, a letter first' });

export const hostCodeSchema = z.int().min(1);

/** Any plain value. A file can hold nothing else; a module can. */
export const dataSchema = z.unknown().transform((value, context): Data => {
  try {
    return asData(value, 'it');
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof SeatbeltError ? error.message : String(error) });
    return z.NEVER;
  }
});

export const dataMapSchema = z.record(z.string(), dataSchema).readonly();

/** A list, bounded: what is longer was made by mistake. */
export const listOf = <S extends z.ZodType>(item: S, most = 10_000) => z.array(item).max(most).readonly();

/** One, or a list. */
export const oneOrMore = <S extends z.ZodType>(item: S) => z.union([item, listOf(item, 1_000)], { error: ofTheOne });

/** What is wrong with the one as a whole is worth more than that it is no list. */
function ofTheOne(issue: z.core.$ZodRawIssue): string | undefined {
  const branches = issue.code === 'invalid_union' ? issue.errors : [];
  return branches.flat().find(({ code, path }) => code === 'custom' && path.length === 0)?.message;
}
