import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Every file below a directory with its content: equal listings mean that nothing was touched. */
export async function listing(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    files[path] = entry.isDirectory() ? 'directory' : (await readFile(path)).toString('base64');
  }
  return files;
}
