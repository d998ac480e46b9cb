import { SeatbeltError } from '../../src/model/errors.js';
import { parseYaml } from './document.js';
import { pathText, type Path } from './problem.js';

/** One `--set path=value`. */
export interface Override {
  /** As it was given, to be named in errors: `--set commands.0.params.vm=vm2`. */
  readonly name: string;
  readonly path: Path;
  readonly value: unknown;
}

/**
 * Reads `commands.0.params.vm=vm2` (or `commands[0].params.vm=vm2`); what follows the first `=` is YAML.
 * @throws SeatbeltError `BAD_SCENARIO` naming the argument
 */
export function parseOverride(argument: string): Override {
  const name = `--set ${argument}`;
  const equals = argument.indexOf('=');
  if (equals < 1) throw new SeatbeltError('BAD_SCENARIO', `${name}: give a path and a value, as in --set commands.0.params.vm=vm2`);
  const keys = argument.slice(0, equals).replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  if (keys.includes('')) throw new SeatbeltError('BAD_SCENARIO', `${name}: an empty name in the path`);
  return {
    name,
    path: keys.map((key) => (/^\d{1,9}$/.test(key) ? Number(key) : key)),
    value: parseYaml(argument.slice(equals + 1), name).value,
  };
}

/**
 * `value` with the override applied. Sections that a file leaves out are made, list items are not, but for one after the last.
 * @throws SeatbeltError `BAD_SCENARIO` when the path leads into something that has no parts
 */
export function applyOverride(value: unknown, override: Override): unknown {
  return replaced(value, override, 0);
}

function replaced(value: unknown, override: Override, depth: number): unknown {
  const key = override.path[depth];
  if (key === undefined) return override.value;
  const refuse = (what: string): never => {
    throw new SeatbeltError('BAD_SCENARIO', `${override.name}: ${pathText(override.path.slice(0, depth)) || 'the scenario'} ${what}`);
  };
  const absent = value === undefined || value === null;
  if (Array.isArray(value) || (absent && typeof key === 'number')) {
    const items: unknown[] = Array.isArray(value) ? [...value] : [];
    if (typeof key !== 'number') return refuse(`is a list: '${key}' is no index`);
    if (key > items.length) return refuse(`has ${items.length} items: there is no [${key}]`);
    items[key] = replaced(items[key], override, depth + 1);
    return items;
  }
  if (absent) return { [key]: replaced(undefined, override, depth + 1) };
  if (typeof value !== 'object') return refuse(`is ${JSON.stringify(value)}: it has no part '${key}'`);
  const fields = value as { readonly [field: string]: unknown };
  return { ...fields, [key]: replaced(Object.hasOwn(fields, key) ? fields[key] : undefined, override, depth + 1) };
}
