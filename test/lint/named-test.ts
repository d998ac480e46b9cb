import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './planted.js';

/** A test by the file that it is in and its own title, or its group's. */
export interface NamedTest {
  readonly file: string;
  readonly test: string;
}

/** Whether there is such a test. The title is the text in the source: of a table of tests, with its `%s`. */
export async function exists({ file, test }: NamedTest): Promise<boolean> {
  const source = await readFile(join(ROOT, file), 'utf8').catch(() => '');
  const title = test.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll("'", "\\\\?'");
  return new RegExp(`(?:\\b(?:it|test|describe)|\\))\\(\\s*(['"\`])${title}\\1`).test(source);
}
