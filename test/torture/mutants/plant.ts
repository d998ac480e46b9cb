import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { PACKAGE_ROOT } from '../../../sim/scenario/package-root.js';
import { COMPILED } from '../compiled.js';
import type { Mutant } from './mutant.js';

/** The changed source. @throws Error unless the text to be changed occurs exactly once */
export function mutated({ name, file, find, replace }: Mutant): string {
  const parts = readFileSync(join(PACKAGE_ROOT, file), 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`mutant '${name}': ${JSON.stringify(find)} occurs ${parts.length - 1} times in ${file}, and not once`);
  return parts.join(replace);
}

/** Copies the compiled program into `target`, with the mutant in it. What was there is gone. @throws as {@link mutated} */
export function plant(mutant: Mutant, target: string): void {
  const source = mutated(mutant);
  // Not checked for its types: a wrong program need not be a well-typed one.
  const { outputText } = ts.transpileModule(source, {
    fileName: mutant.file,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  rmSync(target, { recursive: true, force: true });
  cpSync(COMPILED, target, { recursive: true, filter: (path) => !path.endsWith('.map') });
  writeFileSync(join(target, mutant.file.replace(/\.ts$/, '.js')), outputText);
}
