import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A small tree of its own that the repo's rules can be tried on. `files`: text by path. @returns its directory and what removes it */
export async function plant(files: Readonly<Record<string, string>>): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'seatbelt-lint-')));
  const settings = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: { types: [] }, include: ['src', 'actors', 'sim'] };
  const all = { 'package.json': '{ "type": "module", "dependencies": { "nact": "*" } }', 'tsconfig.json': JSON.stringify(settings), ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
