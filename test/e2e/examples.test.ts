import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const examples = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'examples');

describe('the examples', async () => {
  it.each(await readdir(examples))('%s runs and says that all is well', async (file) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(examples, file)]);
    expect(stderr).toBe('');
    expect(stdout).toContain('all invariants held');
  });
});
