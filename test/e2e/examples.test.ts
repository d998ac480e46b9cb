import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const examples = join(root, 'examples');

/** Programs are run by themselves, scenarios by seatbelt. */
function commandLine(file: string): readonly string[] {
  const path = join(examples, file);
  return extname(file) === '.mjs' ? [path] : [join(root, 'dist', 'sim', 'cli', 'main.js'), 'run', path];
}

describe('the examples', async () => {
  it.each(await readdir(examples))('%s runs and says that all is well', async (file) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, commandLine(file));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/all (\d+ |invariants )held/);
  });
});
