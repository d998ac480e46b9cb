import { existsSync } from 'node:fs';
import { createJiti } from 'jiti';
import * as zod from 'zod';
import * as engine from '../../actors/index.js';
import * as seatbelt from '../../src/index.js';
import { SeatbeltError } from '../../src/model/errors.js';
import * as sim from '../index.js';
import { ScenarioDefinition } from '../scenario/code.js';

/** What a module imports by these names is this very program, wherever the module lies and whatever is installed there: classes must be the same. */
const OURS = { seatbelt, 'seatbelt/engine': engine, 'seatbelt/sim': sim, zod };

/**
 * Runs a TypeScript or JavaScript module, and gives the scenario that is its default export.
 * @param name of the file, for errors
 * @throws SeatbeltError `UNKNOWN_SCENARIO` no such file; `BAD_SCENARIO` one line with the file, and the line in it where there is one
 */
export async function loadScenarioModule(file: string, name: string): Promise<ScenarioDefinition> {
  if (!existsSync(file)) throw new SeatbeltError('UNKNOWN_SCENARIO', `${name}: no such file`);
  const exported = await evaluated(file, name);
  if (exported instanceof ScenarioDefinition) return exported;
  throw new SeatbeltError('BAD_SCENARIO', `${name}: its default export is no scenario: write export default defineScenario({ … })`);
}

async function evaluated(file: string, name: string): Promise<unknown> {
  // Nothing is kept between runs, on disk or in memory: the module is as it stands in its file.
  const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false, virtualModules: OURS });
  try {
    return await jiti.import(file, { default: true });
  } catch (cause) {
    throw new SeatbeltError('BAD_SCENARIO', `${placeOf(cause, file, name)}: ${firstLine(cause)}`, { cause });
  }
}

/** `flow.ts:3:5`: the innermost place in the module itself that its error tells of, or else the file. */
function placeOf(cause: unknown, file: string, name: string): string {
  const told = cause instanceof Error ? `${cause.message}\n${cause.stack ?? ''}` : '';
  const at = told.indexOf(`${file}:`);
  const [, line, column] = at < 0 ? [] : (/^:(\d+):(\d+)/.exec(told.slice(at + file.length)) ?? []);
  // What fails to resolve has no line: its place is in what the module was compiled to.
  const isPlace = line !== undefined && !(cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND');
  return isPlace ? `${name}:${line}:${column ?? 1}` : name;
}

function firstLine(cause: unknown): string {
  const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return first.replace(/^ParseError: /, '').trim();
}
