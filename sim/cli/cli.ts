import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { OPERATOR_ACTIONS, type OperatorAction } from '../../src/model/operator.js';
import { printable } from '../report/style.js';
import { packageVersion } from '../scenario/package-root.js';
import { inspect, type InspectOptions } from './inspect.js';
import { EXIT, type CliIo } from './io.js';
import { list, type ListOptions } from './list.js';
import { seenCommits } from './older-store.js';
import { operate, type OperateOptions } from './operate.js';
import { resume, type ResumeOptions } from './resume.js';
import { run, type RunOptions } from './run.js';
import { schema } from './schema.js';
import type { Services } from './services.js';

/**
 * The command line.
 * @param argv the arguments alone, without program and script
 * @returns the exit code. Bad usage and bad input are told in one line on stderr; nothing is thrown.
 */
export async function runCli(argv: readonly string[], io: CliIo, services: Services): Promise<number> {
  let exitCode: number = EXIT.held;
  const program = createProgram(io, services, (code) => {
    exitCode = code;
  });
  try {
    if (argv.length === 0) throw new CommanderError(EXIT.badInput, 'seatbelt.noCommand', 'name a command, such as run, inspect, list or schema (--help tells all)');
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, io);
  }
}

function createProgram(io: CliIo, services: Services, done: (exitCode: number) => void): Command {
  const program = new Command('seatbelt')
    .description('Crash-tests serial flows of asynchronous tasks with undo, in virtual time.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Errors are told once, by `report`.
      outputError: () => undefined,
    });

  program
    .command('run')
    .description('run a scenario, with the crashes and failures that it holds')
    .argument('<scenario>', 'a built-in name, a YAML or JSON file, or a TypeScript or JavaScript module')
    .option('--seed <n>', 'what all randomness follows from: a whole number from 0', seedNumber, 1)
    .option('--db <dir>', 'keep the run in this new or empty directory, so that resume can go on with it (default: a temporary one)', path)
    .addOption(realtime())
    .option('--json', 'print one JSON document and nothing else', false)
    .option('--log <file>', 'write what happens to this file, a line of JSON each', path)
    .option('--set <path=value>', 'change one value of the scenario, as in commands.0.params.vm=vm2; repeatable', append, [])
    .action(async (scenario: string, options: RunOptions) => done(await run(scenario, options, io, services)));

  program
    .command('resume')
    .description('go on with a run whose process was stopped or has died')
    .requiredOption('--db <dir>', 'the directory that run was given', path)
    .addOption(realtime())
    .option('--accept-older-store <commit.incarnation>', 'go on from an older copy of the engine\'s store, without the commits up to this one that hosts have seen', seenCommits)
    .option('--json', 'print one JSON document and nothing else', false)
    .option('--log <file>', 'write what happens to the end of this file, a line of JSON each', path)
    .action(async (options: ResumeOptions) => done(await resume(options, io, services)));

  program
    .command('inspect')
    .description("show what is in an engine's snapshot store")
    .argument('[command]', 'the id of one command, to be shown in full')
    .requiredOption('--db <dir>', 'the directory that run was given', path)
    .option('--json', 'print one JSON document and nothing else', false)
    .action(async (command: string | undefined, options: InspectOptions) => done(await inspect(command, options, io)));

  program
    .command('operate')
    .description('act as an operator on a held command of a run that has stopped')
    .addArgument(new Argument('<action>', 'what to do with it').choices(OPERATOR_ACTIONS))
    .argument('<command>', 'the id of the command, or of a child')
    .requiredOption('--db <dir>', 'the directory that run was given', path)
    .option('--reason <text>', 'why, for the log')
    .option('--output <json>', 'of resolve: the output of the step that it completes', jsonData)
    .option('--json', 'print one JSON document and nothing else', false)
    .action(async (action: OperatorAction, command: string, options: OperateOptions) => done(await operate(action, command, options, io, services)));

  program
    .command('list')
    .description('list the built-in scenarios and commands')
    .option('--json', 'print one JSON document and nothing else', false)
    .action(async (options: ListOptions) => done(await list(options, io, services)));

  program
    .command('schema')
    .description('print the JSON Schema of a scenario file')
    .action(() => done(schema(io)));

  return program;
}

function report(error: unknown, io: CliIo): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.held;
    return complain(io, `${error.message.replace(/^error: /, '')}`, EXIT.badInput);
  }
  if (error instanceof SeatbeltError && error.code !== 'INTERNAL' && error.code !== 'TURN_BLOCKED') {
    return complain(io, `${error.message} [${error.code}]`, EXIT.badInput);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`seatbelt: a defect of seatbelt's own: ${stack}\n`);
  return EXIT.internal;
}

function complain(io: CliIo, message: string, exitCode: number): number {
  io.stderr.write(`seatbelt: ${printable(message.trim().replaceAll(/\s*\n\s*/g, ' '))}\n`);
  return exitCode;
}

/** An empty one, as a shell makes it of a variable that is not set, would be the directory where the user happens to be. */
function path(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

function realtime(): Option {
  return new Option('--realtime [factor]', 'by the wall clock, or so many times as fast, from 0.001 to 1000000').preset('1').argParser(factorNumber);
}

function factorNumber(text: string): number {
  const factor = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || factor < 0.001 || factor > 1e6) {
    throw new InvalidArgumentError('Give a number from 0.001 to 1000000; a scenario is named before the option, or after another.');
  }
  return factor;
}

function seedNumber(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) throw new InvalidArgumentError(`Give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  return seed;
}

function jsonData(text: string): Data {
  try {
    return JSON.parse(text) as Data;
  } catch {
    throw new InvalidArgumentError('Give JSON, such as 7 or \'{"disk": "d1"}\'.');
  }
}

function append(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
