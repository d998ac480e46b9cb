import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../sim/scenario/package-root.js';

/** Compiles the campaigns once, for all the tests that run them in other processes. */
export function setup(): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', join('test', 'torture')], { cwd: PACKAGE_ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the campaigns do not compile:\n${stdout}${stderr}`);
}
