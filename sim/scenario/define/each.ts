import type { Data } from '../../../src/model/data.js';
import type { Path } from '../problem.js';
import type { Moment, Names } from './names.js';

/** A list as a file has it: one item stands for a list of one. */
export function placed<T>(items: T | readonly T[], path: Path): readonly { readonly item: T; readonly path: Path }[] {
  if (Array.isArray(items)) return items.map((item: T, i) => ({ item, path: [...path, i] }));
  return [{ item: items as T, path }];
}

/** What an entry stands for: itself, or itself once for each item of the list that its `each` refers to. */
export function repeated(entry: { readonly each?: string }, path: Path, names: Names): { readonly names: Names; readonly moments: (at: Moment) => readonly Moment[] } {
  if (entry.each === undefined) return { names, moments: (at) => [at] };
  const { each } = entry;
  const list = names.value(each, [...path, 'each']);
  const param = /^\$\{params\.([A-Za-z0-9]+)\}$/.exec(each)?.[1];
  const declared = param === undefined || !Object.hasOwn(names.known.params, param) ? undefined : names.known.params[param];
  if (declared !== undefined && !declared.list && declared.type !== 'any') names.refuse([...path, 'each'], `${each} is no list`);
  if (!each.startsWith('${')) names.refuse([...path, 'each'], 'refer to a list, as in ${params.names}');
  return {
    names: names.with({ item: true }),
    moments: (at) => {
      const items = list(at);
      if (!Array.isArray(items)) throw new Error(`${each} is no list`);
      return items.map((item: Data) => ({ ...at, item }));
    },
  };
}
