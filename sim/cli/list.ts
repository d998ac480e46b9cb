import { printable } from '../report/style.js';
import { builtInScenarios } from '../scenario/load.js';
import { EXIT, type CliIo } from './io.js';
import type { Services } from './services.js';

export interface ListOptions {
  readonly json: boolean;
}

/** `seatbelt list`. @returns the exit code */
export async function list(options: ListOptions, io: CliIo, services: Services): Promise<number> {
  const scenarios = (await builtInScenarios(services.vocabulary)).map(({ name, description }) => ({ name, description }));
  const commands = services.commands.map(({ type, version, handlers }) => ({ type, version, handlers: typeof handlers === 'function' ? null : handlers.map((handler) => handler.name) }));
  const verbs = services.vocabulary.verbs.map(({ name }) => name).toSorted();
  const text = options.json ? JSON.stringify({ scenarios, commands, verbs }, undefined, 2) : asText(scenarios, commands, verbs);
  io.stdout.write(`${text}\n`);
  return EXIT.held;
}

function asText(
  scenarios: readonly { readonly name: string; readonly description: string }[],
  commands: readonly { readonly type: string; readonly handlers: readonly string[] | null }[],
  verbs: readonly string[],
): string {
  const width = Math.max(0, ...scenarios.map(({ name }) => name.length), ...commands.map(({ type }) => type.length));
  const row = (name: string, what: string): string => `  ${name.padEnd(width)}  ${printable(what.trim().replaceAll(/\s+/g, ' '))}`;
  return [
    'scenarios',
    ...scenarios.map(({ name, description }) => row(name, description)),
    'commands',
    ...commands.map(({ type, handlers }) => row(type, handlers?.join(' → ') ?? 'as many steps as its params ask for')),
    'verbs of hosts',
    `  ${verbs.join(', ')}`,
  ].join('\n');
}
