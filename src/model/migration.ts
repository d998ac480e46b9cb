import { z } from 'zod';
import type { Data } from './data.js';
import { flawsText, IN_OUR_WORDS } from './wording.js';

/** How a command in flight goes on from one version of its definition to the next. Its functions must be pure. */
export interface Migration {
  /**
   * The steps of the next version, in order. `from` names the step of this version that one goes on from, and may be left out where the name is the same;
   * null: it is new. Default: the steps are the same.
   */
  readonly handlers?: readonly { readonly name: string; readonly from?: string | null }[];
  /** Steps of this version that may go even where they are completed: from then on nobody undoes them. */
  readonly drops?: readonly string[];
  /** What becomes of the params; after the last migration they must fit the definition. Default: they are kept. */
  readonly params?: (params: Data) => unknown;
  /** By the names of the next version: what becomes of what `beforeTask` returned. */
  readonly before?: { readonly [handler: string]: (before: Data | undefined) => unknown };
  /** The same of outputs; of a new step that the command is past, its output is made here, from nothing. */
  readonly outputs?: { readonly [handler: string]: (output: Data | undefined) => unknown };
}

/** By the version that they lead away from. */
export type Migrations = { readonly [version: number]: Migration };

const functionShape = z.custom<(value: Data | undefined) => unknown>((value) => typeof value === 'function', 'must be a function');
const migrationShape = z.strictObject({
  handlers: z.array(z.strictObject({ name: z.string(), from: z.string().nullable().optional() })).min(1).optional(),
  drops: z.array(z.string()).optional(),
  params: functionShape.optional(),
  before: z.record(z.string(), functionShape).optional(),
  outputs: z.record(z.string(), functionShape).optional(),
});

/** What is wrong with the migrations of a definition of this version, in words, or null. @param handlers the definition's own, which the last must lead to; null: they depend on the params */
export function migrationProblem(migrations: Migrations, version: number, handlers: readonly string[] | null): string | null {
  for (const [key, migration] of Object.entries(migrations)) {
    const from = Number(key);
    if (!Number.isSafeInteger(from) || from < 1 || from >= version) return `migrations.${key}: it must lead away from a version from 1 to ${version - 1}`;
    const parsed = migrationShape.safeParse(migration, IN_OUR_WORDS);
    if (!parsed.success) return flawsText(parsed.error.issues, ['migrations', key]);
    const names = parsed.data.handlers?.map(({ name }) => name);
    if (names !== undefined && new Set(names).size < names.length) return `migrations.${key}.handlers: a name is there twice`;
    if (names !== undefined && handlers !== null && from === version - 1 && names.join() !== handlers.join()) {
      return `migrations.${key}.handlers: it leads to [${names.join(', ')}], and the definition has [${handlers.join(', ')}]`;
    }
  }
  return null;
}
