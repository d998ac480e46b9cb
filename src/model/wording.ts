import type { z } from 'zod';

// What is wrong with a value, in our words: zod's own would leave a reader guessing, and speak of zod.

/** For zod's `error` option of a parse. What a schema says itself comes first. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return mismatch(issue.input, EXPECTED[issue.expected] ?? issue.expected, kindOf(issue.input));
    case 'invalid_value':
      return mismatch(issue.input, listed(issue.values.map((value) => quoted(value))), wordOf(issue.input));
    case 'too_small':
      return limit(issue.origin, issue.inclusive === false ? 'more than' : issue.exact === true ? 'exactly' : 'at least', issue.minimum);
    case 'too_big':
      return limit(issue.origin, issue.inclusive === false ? 'less than' : issue.exact === true ? 'exactly' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'unknown key';
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is no key that may be here';
    case 'invalid_union':
      return ofUnion(issue.input, issue.errors) ?? 'has none of the forms that it may have';
    case 'invalid_format':
    case 'invalid_element':
    case 'custom':
      return 'does not have the form that it must have';
  }
};

/** To parse with. */
export const IN_OUR_WORDS = { error: wording } as const;

type Issue = Pick<z.core.$ZodIssueBase, 'path' | 'message'> & { readonly code?: string; readonly keys?: readonly string[] };

/** The places that issues are about, an unknown key being one, each with what is wrong there. */
export function flawsOf(issues: readonly Issue[]): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return issues.flatMap(({ path, message, code, keys }) => {
    const at = path.map((key) => (typeof key === 'number' ? key : String(key)));
    return code === 'unrecognized_keys' && keys !== undefined ? keys.map((key) => ({ path: [...at, key], message })) : [{ path: at, message }];
  });
}

/** The same in one line: `task.args: expected object, got array; task.pool: is missing; expected string`. @param under what the places are in */
export function flawsText(issues: readonly Issue[], under: readonly string[] = []): string {
  return flawsOf(issues)
    .map(({ path, message }) => ({ place: [...under, ...path].join('.'), message }))
    .map(({ place, message }) => (place === '' ? message : `${place}: ${message}`))
    .join('; ');
}

const EXPECTED: Readonly<Record<string, string>> = { int: 'whole number', record: 'object', nonoptional: 'a value' };

function mismatch(input: unknown, expected: string, got: string): string {
  return input === undefined ? `is missing; expected ${expected}` : `expected ${expected}, got ${got}`;
}

/** Of kinds of values, such as a string or an array, all of which the value is not. */
function ofUnion(input: unknown, branches: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const kinds = branches.map((branch) => branch.find(({ code, path }) => code === 'invalid_type' && path.length === 0));
  const expected = kinds.flatMap((issue) => (issue?.code === 'invalid_type' ? [EXPECTED[issue.expected] ?? issue.expected] : []));
  return expected.length > 0 && expected.length === branches.length ? mismatch(input, listed([...new Set(expected)]), kindOf(input)) : undefined;
}

/** Where one of several words is wanted, the wrong one says more than that it is a string. */
function wordOf(value: unknown): string {
  return typeof value === 'string' && value.length <= 64 ? quoted(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? `number ${value}` : typeof value;
}

function limit(origin: string, relation: string, bound: number | bigint): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' || origin === 'set' || origin === 'map' ? 'item' : null;
  if (unit === null) return `must be ${relation} ${bound}`;
  return relation === 'at least' && bound === 1 ? 'must not be empty' : `must have ${relation} ${bound} ${unit}${bound === 1 ? '' : 's'}`;
}

function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
