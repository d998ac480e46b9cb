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
  return [...program, 'run', scenario, '--seed', String(options.seed), ...settings].map(quoted).join(' ');
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:=@%+/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
