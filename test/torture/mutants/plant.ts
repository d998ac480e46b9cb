import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Mutant } from './table.js';

/** The repository, seen from a compiled file or from the source of this one. */
export interface Places {
  readonly sources: string;
  /** All that the campaign needs, compiled. */
  readonly compiled: string;
}

/** The changed source. @throws Error unless the text to be changed occurs exactly once */
export function mutated({ name, file, find, replace }: Mutant, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`mutant '${name}': ${JSON.stringify(find)} occurs ${parts.length - 1} times in ${file}, and not once`);
  return parts.join(replace);
}

/** Copies the compiled program into `target`, with the mutant in it. What was there is gone. @throws as {@link mutated} */
export function plant(mutant: Mutant, { sources, compiled }: Places, target: string): void {
  const source = mutated(mutant, readFileSync(join(sources, mutant.file), 'utf8'));
  // Not checked for its types: a wrong program need not be a well-typed one.
  const { outputText } = ts.transpileModule(source, {
    fileName: mutant.file,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  rmSync(target, { recursive: true, force: true });
  cpSync(compiled, target, { recursive: true, filter: (path) => !path.endsWith('.map') });
  writeFileSync(join(target, mutant.file.replace(/\.ts$/, '.js')), outputText);
}
