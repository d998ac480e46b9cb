import { sameData, type Data } from '../../../src/model/data.js';
import type { PivotContext } from '../../../src/model/handler.js';
import type { Path } from '../problem.js';
import { readHost } from './actions.js';
import type { QuestionDeclaration } from './declaration.js';
import type { Moment, Names } from './names.js';
import { readVerb } from './requests.js';
import type { Surroundings } from './surroundings.js';

/** As the context of a callback that only looks has it. */
type Reader = Pick<PivotContext<unknown, unknown>, 'read'>;

/** A question to a host, which gives true if the answer is the expected one. It fails as the read does. */
export type Question = (at: Moment, reader: Reader) => Promise<boolean>;

export function readQuestion({ host, is, ...use }: QuestionDeclaration, path: Path, names: Names, around: Surroundings): Question {
  const args = readVerb(use, ['read'], path, names, around);
  const asked = readHost(host, path, names, around);
  const expected = names.value(is, [...path, 'is']);
  return async (at, { read }) => fits(await read(asked(at), use.verb, args(at)), expected(at));
}

/** Of a mapping, only the fields that are expected count. */
function fits(answer: Data, expected: Data): boolean {
  if (!isMapping(answer) || !isMapping(expected)) return sameData(answer, expected);
  return Object.entries(expected).every(([key, value]) => sameData(answer[key], value));
}

function isMapping(value: Data): value is { readonly [key: string]: Data } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
