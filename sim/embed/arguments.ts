import type { CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError } from '../../src/model/errors.js';

// What the types say of the arguments of the embedding interface, for programs without types. Each is checked before anything is done.

/** @throws SeatbeltError `BAD_SCENARIO` it has none of what every scenario has: it was not loaded */
export function checkScenario(scenario: unknown): void {
  if (isObject(scenario) && ['name', 'pools', 'hosts', 'commands', 'faults', 'limit'].every((field) => field in scenario)) return;
  throw new SeatbeltError('BAD_SCENARIO', `${kindOf(scenario)} is no scenario: load one with loadScenario, parseScenario or defineScenario`);
}

/** @throws SeatbeltError `BAD_SCENARIO` */
export function checkSeed(seed: unknown): void {
  if (!Number.isSafeInteger(seed)) throw new SeatbeltError('BAD_SCENARIO', `seed: ${String(seed)} is not a whole number that a double holds exactly`);
}

/** @throws SeatbeltError `BAD_REQUEST` */
export function checkDirectory(db: unknown): void {
  if (db !== undefined && (typeof db !== 'string' || db === '')) throw new SeatbeltError('BAD_REQUEST', `db: expected the path of a directory, not ${kindOf(db)}`);
}

/** @throws SeatbeltError `BAD_REQUEST` */
export function checkSeenCommits(seen: unknown): void {
  if (seen === undefined) return;
  const numbers = isObject(seen) && 'commitSeq' in seen && 'incarnation' in seen ? [seen.commitSeq, seen.incarnation] : [];
  if (numbers.length === 0 || !numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0)) {
    throw new SeatbeltError('BAD_REQUEST', `acceptOlderStore: expected { commitSeq, incarnation }, whole numbers from 0, not ${kindOf(seen)}`);
  }
}

/** @throws SeatbeltError `BAD_DEFINITION` it is no map, or one of its values is no definition, or is listed under another type than its own */
export function checkCommands(commands: unknown): void {
  if (!(commands instanceof Map)) throw new SeatbeltError('BAD_DEFINITION', `commands: expected a Map of definitions by type, not ${kindOf(commands)}`);
  for (const [type, definition] of commands as Map<unknown, unknown>) {
    if (!isDefinition(definition)) throw new SeatbeltError('BAD_DEFINITION', `commands: what is listed as '${String(type)}' is no definition; defineCommand(…).build() makes one`);
    if (definition.type !== type) throw new SeatbeltError('BAD_DEFINITION', `commands: ${definition.type} is listed as '${String(type)}'`);
  }
}

/** @throws SeatbeltError `BAD_DEFINITION` it is no list, one of it is no definition, or two are of one type */
export function checkDefinitions(definitions: unknown): void {
  if (!Array.isArray(definitions)) throw new SeatbeltError('BAD_DEFINITION', `definitions: expected a list of definitions, not ${kindOf(definitions)}`);
  const types = (definitions as unknown[]).map((definition, i) => {
    if (!isDefinition(definition)) throw new SeatbeltError('BAD_DEFINITION', `definitions.${i}: ${kindOf(definition)} is no definition; defineCommand(…).build() makes one`);
    return definition.type;
  });
  const twin = types.find((type, i) => types.indexOf(type) < i);
  if (twin !== undefined) throw new SeatbeltError('BAD_DEFINITION', `definitions: there are two of the type ${twin}`);
}

/** @throws SeatbeltError `BAD_TIME` it is no whole number of µs, or negative */
export function checkDuration(what: string, us: unknown): void {
  if (typeof us !== 'number' || !Number.isSafeInteger(us) || us < 0) throw new SeatbeltError('BAD_TIME', `${what}: ${String(us)} is no whole number of µs`);
}

/** @throws SeatbeltError `BAD_REQUEST` */
export function checkOptions(what: string, options: unknown): void {
  if (!isObject(options) || Array.isArray(options)) throw new SeatbeltError('BAD_REQUEST', `${what}: expected an object of options, not ${kindOf(options)}`);
}

/** @throws SeatbeltError `BAD_REQUEST` */
export function checkSubmission(command: unknown): void {
  if (!isObject(command)) throw new SeatbeltError('BAD_REQUEST', `submit: expected { type, params, id? }, not ${kindOf(command)}`);
}

/** @throws SeatbeltError `BAD_REQUEST` */
export function checkListener(events: readonly string[], event: unknown, listener: unknown): void {
  if (!events.some((known) => known === event)) throw new SeatbeltError('BAD_REQUEST', `on: there is no event '${String(event)}'; there are ${events.join(', ')}`);
  if (typeof listener !== 'function') throw new SeatbeltError('BAD_REQUEST', `on ${String(event)}: expected a function, not ${kindOf(listener)}`);
}

function isDefinition(value: unknown): value is CommandDefinition {
  return isObject(value) && 'type' in value && 'parseParams' in value && 'handlers' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'another object' : typeof value === 'string' ? JSON.stringify(value) : String(value);
}
