import { createReadStream } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { builtInFile, builtInNames } from './builtin.js';
import { checkParams, crossCheck, type Vocabulary } from './check.js';
import { ownNames } from './define/own.js';
import { parseYaml, type ScenarioDocument } from './document.js';
import { applyOverride, parseOverride, type Override } from './override.js';
import { pathText, problemsOf, wording, type Path, type Problem } from './problem.js';
import { scenarioSchema, type Scenario } from './schema.js';

export interface LoadOptions {
  readonly vocabulary: Vocabulary;
  /** What relative file names are relative to. */
  readonly cwd: string;
  /** `path=value`, applied in order before anything is checked. */
  readonly set?: readonly string[];
}

/** Bytes. A scenario is written by a person, or by a script of theirs. */
const LARGEST_FILE = 2 ** 20;

const DATA_FILE = new Set(['.yaml', '.yml', '.json']);
const MODULE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Whether a scenario of this name is a TypeScript or JavaScript module, by its ending. */
export function isModule(name: string): boolean {
  return MODULE.has(extname(name).toLowerCase());
}

/**
 * Loads a scenario by the name of a built-in one, or from a YAML or JSON file.
 * @throws SeatbeltError `UNKNOWN_SCENARIO` no such name or file; `BAD_SCENARIO` one line that names file, line, column and field
 */
export async function loadScenario(name: string, options: LoadOptions): Promise<Scenario> {
  const ending = extname(name).toLowerCase();
  if (isModule(name)) {
    throw new SeatbeltError('BAD_SCENARIO', `${name}: is a module, and so code: import it, and give its defineScenario to Simulation.create`);
  }
  const isFile = DATA_FILE.has(ending) || /[/\\]/.test(name);
  const file = isFile ? resolve(options.cwd, name) : await builtInFile(name);
  return parseScenario(await readText(file, name), isFile ? name : basename(file), options);
}

/** Name and description of each built-in scenario, by name. */
export async function builtInScenarios(vocabulary: Vocabulary): Promise<readonly Scenario[]> {
  return Promise.all((await builtInNames()).map((name) => loadScenario(name, { vocabulary, cwd: '.' })));
}

/**
 * The scenario that a text describes.
 * @param file names the text in errors, and the scenario, if it does not name itself
 * @throws SeatbeltError `BAD_SCENARIO`
 */
export function parseScenario(text: string, file: string, options: Pick<LoadOptions, 'vocabulary' | 'set'>): Scenario {
  return scenarioOf(parseYaml(text, file), file, options);
}

/** The scenario that a document describes. @throws SeatbeltError `BAD_SCENARIO` */
export function scenarioOf(
  document: ScenarioDocument,
  file: string,
  options: Pick<LoadOptions, 'vocabulary' | 'set'> & { readonly definitions?: readonly CommandDefinition[] },
): Scenario {
  const overrides = (options.set ?? []).map(parseOverride);
  const refuseIf = (problems: readonly Problem[]): void => {
    const [first, ...rest] = problems;
    if (first === undefined) return;
    const place = culprit(first, overrides, document)?.name ?? document.place(first.path, first.at);
    const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
    throw new SeatbeltError('BAD_SCENARIO', [place, pathText(first.path), `${first.message}${more}`].filter((part) => part !== '').join(': '));
  };

  const parsed = scenarioSchema.safeParse(overrides.reduce(applyOverride, document.value), { error: wording });
  if (!parsed.success) {
    refuseIf(problemsOf(parsed.error.issues));
    throw new SeatbeltError('INTERNAL', `${file}: refused without a reason`, { cause: parsed.error });
  }
  const { definitions = [] } = options;
  const scenario: Scenario = {
    ...parsed.data,
    name: parsed.data.name ?? nameFrom(file),
    ...(definitions.length === 0 ? {} : { definitions }),
  };
  const own = ownNames(scenario, options.vocabulary);
  refuseIf(own.problems);
  refuseIf(crossCheck(scenario, own.vocabulary));
  const { commands, problems } = checkParams(scenario, own.vocabulary);
  refuseIf(problems);
  return { ...scenario, commands };
}

/** `flow` of `dir/flow.yaml` and of `dir/flow.scenario.ts`. */
function nameFrom(file: string): string {
  return basename(basename(file, extname(file)), '.scenario');
}

/** The override that a problem is about: one that set the place itself, or made the section that the place is in. */
function culprit({ path }: Problem, overrides: readonly Override[], document: ScenarioDocument): Override | undefined {
  const depth = document.depth(path);
  const made = depth < path.length ? path.slice(0, depth + 1) : undefined;
  return overrides.findLast((override) => isPrefix(override.path, path) || (made !== undefined && isPrefix(made, override.path)));
}

function isPrefix(path: Path, of: Path): boolean {
  return path.length <= of.length && path.every((key, i) => String(key) === String(of[i]));
}

async function readText(file: string, name: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    // Bounded while it is read: the name may be that of a pipe or a device, whose size nobody knows.
    for await (const chunk of createReadStream(file, { end: LARGEST_FILE })) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > LARGEST_FILE) throw new SeatbeltError('BAD_SCENARIO', `${name}: is larger than 1 MiB`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof SeatbeltError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new SeatbeltError('UNKNOWN_SCENARIO', `${name}: no such file`, { cause });
    if (code === 'EISDIR') throw new SeatbeltError('BAD_SCENARIO', `${name}: is a directory`, { cause });
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new SeatbeltError('BAD_SCENARIO', `${name}: is not UTF-8 text`, { cause });
    throw new SeatbeltError('BAD_SCENARIO', `${name}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
