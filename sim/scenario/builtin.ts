import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SeatbeltError } from '../../src/model/errors.js';
import { suggestion } from './nearest.js';
import { PACKAGE_ROOT } from './package-root.js';

const DIRECTORY = join(PACKAGE_ROOT, 'sim', 'scenario', 'builtin');
const ENDING = '.yaml';

/** Names of the built-in scenarios, sorted. */
export async function builtInNames(): Promise<readonly string[]> {
  const files = await readdir(DIRECTORY);
  return files
    .filter((file) => file.endsWith(ENDING))
    .map((file) => basename(file, ENDING))
    .toSorted();
}

/** Where a built-in scenario stands. @throws SeatbeltError `UNKNOWN_SCENARIO`, with the nearest name */
export async function builtInFile(name: string): Promise<string> {
  const names = await builtInNames();
  if (names.includes(name)) return join(DIRECTORY, `${name}${ENDING}`);
  const hint = `${suggestion(name, names)} (a file ends in .yaml, .yml or .json)`;
  throw new SeatbeltError('UNKNOWN_SCENARIO', `${name}: no built-in scenario has this name${hint}`);
}
