import { commandLine } from './shell.js';

/**
 * The command line that gives the same run again. The directory is left out: a run wants a new one.
 * @param program how the program is started: by npm in a clone, or as it was
 */
export function rerunLine(
  scenario: string,
  options: { readonly seed: number; readonly set: readonly string[] },
  program: readonly string[] = ['npm', 'run', '-s', 'seatbelt', '--'],
): string {
  const settings = options.set.flatMap((setting) => ['--set', setting]);
  return commandLine([...program, 'run', scenario, '--seed', String(options.seed), ...settings]);
}
