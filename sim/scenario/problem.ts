import { z } from 'zod';
import { wording as inOurWords } from '../../src/model/wording.js';
import { suggestion } from './nearest.js';

export type Path = readonly (string | number)[];

/** Something wrong with a scenario. `at`: whether the key itself is wrong, or what stands under it. */
export interface Problem {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** `commands[0].params.vm`, as a reader would write it. */
export function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

type Issue = z.core.$ZodIssue;

/** What zod found, one problem a place. */
export function problemsOf(issues: readonly Issue[], under: Path = []): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    const path = [...under, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: issue.message }));
      case 'invalid_key':
        return [{ path, at: 'key', message: issue.message }];
      case 'invalid_union': {
        const branch = likeliest(issue.errors);
        return branch === undefined ? [{ path, at: 'value', message: issue.message }] : problemsOf(branch, path);
      }
      default:
        return [{ path, at: 'value', message: issue.message }];
    }
  });
}

/** The alternative that was probably meant: of the right kind at its root, and with fewer faults than any other. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const [best, second] = branches
    .filter((issues) => issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'))
    .toSorted((a, b) => faults(a) - faults(b));
  return best !== undefined && faults(best) < (second === undefined ? Infinity : faults(second)) ? unknownKeysFirst(best) : undefined;
}

/** Each unknown key is one. */
function faults(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

/** A misspelt key also makes the right one missing, and is the better thing to name. */
function unknownKeysFirst(issues: readonly Issue[]): readonly Issue[] {
  const rank = (issue: Issue): number => (issue.code === 'unrecognized_keys' ? 0 : 1);
  return issues.toSorted((a, b) => rank(a) - rank(b));
}

/** For zod's `error` option: a key that is not known may be meant for one that is. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return inOurWords(issue);
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  return `unknown key${suggestion(issue.keys[0] ?? '', known)}`;
};
