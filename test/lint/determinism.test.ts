import { ESLint } from 'eslint';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plant, ROOT } from './planted.js';

const LEAKS: Readonly<Record<string, readonly [code: string, rule: string]>> = {
  'the wall clock': ['export const t = Date.now();', 'no-restricted-properties'],
  'the wall clock as an object': ['export const t = new Date();', 'no-restricted-syntax'],
  'the wall clock as text': ['export const t = Date();', 'no-restricted-syntax'],
  'the wall clock under another name': ['const D = Date;\nexport const t = D.now();', 'no-restricted-syntax'],
  'the wall clock taken apart': ['const { now } = Date;\nexport const t = now();', 'no-restricted-properties'],
  'ambient randomness': ['export const r = Math.random();', 'no-restricted-properties'],
  'ambient randomness in brackets': ["export const r = Math['random']();", 'no-restricted-properties'],
  'ambient randomness by way of globalThis': ['export const r = globalThis.Math.random();', 'no-restricted-properties'],
  'a random id': ["import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();", 'no-restricted-imports'],
  'a timer': ['setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  'a macrotask': ['setImmediate(() => undefined);', 'no-restricted-globals'],
  'a microtask': ['queueMicrotask(() => undefined);', 'no-restricted-globals'],
  'a timer from its module': ["import { setTimeout } from 'node:timers/promises';\nawait setTimeout(1);", 'no-restricted-imports'],
  'a stopwatch': ['export const t = performance.now();', 'no-restricted-globals'],
  'another stopwatch': ['export const t = process.hrtime();', 'no-restricted-properties'],
  'the end of the process': ['process.exit(1);', 'no-restricted-syntax'],
  'the console': ["console.log('x');", 'no-console'],
  'nact itself': ["import { start } from 'nact';\nexport const s = start;", 'no-restricted-imports'],
  'a promise that nobody waits for': ['const p = async () => undefined;\np();', '@typescript-eslint/no-floating-promises'],
  'any': ['export const x: any = 1;', '@typescript-eslint/no-explicit-any'],
  'a non-null assertion': ['export const f = (x: string | null) => x!.length;', '@typescript-eslint/no-non-null-assertion'],
  'a case left out': [
    "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
};

const HARMLESS = 'export const t = (us: number): Date => new Date(us / 1000);\nexport const m = Math.max(1, 2);\n';

const names = Object.keys(LEAKS);
const fileOf = (folder: string, name: string): string => `${folder}/leak-${names.indexOf(name)}.ts`;
const FOLDERS = ['src/flow', 'actors', 'sim/kernel'];

describe('the linter', () => {
  let found: ReadonlyMap<string, readonly string[]>;
  let remove: () => Promise<void>;

  beforeAll(async () => {
    const leaksIn = (folder: string) => Object.entries(LEAKS).map(([name, [code]]) => [fileOf(folder, name), `${code}\nexport {};\n`] as const);
    const leaks = FOLDERS.flatMap(leaksIn);
    const exempt = ['actors/runtime.ts', 'sim/kernel/turn-loop.ts', 'sim/cli/x.ts'].map((file) => [file, 'export const t = performance.now();\n'] as const);
    const planted = await plant({ ...Object.fromEntries([...leaks, ...exempt]), 'src/harmless.ts': HARMLESS });
    remove = planted.remove;
    const eslint = new ESLint({
      cwd: planted.directory,
      overrideConfigFile: join(ROOT, 'eslint.config.js'),
      overrideConfig: { languageOptions: { parserOptions: { tsconfigRootDir: planted.directory } } },
    });
    const results = await eslint.lintFiles(['**/*.ts']);
    found = new Map(
      results.map(({ filePath, messages }) => [filePath.slice(planted.directory.length + 1), messages.map(({ ruleId, message }) => ruleId ?? message)]),
    );
  }, 60_000);

  afterAll(() => remove());

  it.each(names)('finds %s, wherever it is planted', (name) => {
    const rule = LEAKS[name]?.[1];
    for (const folder of FOLDERS) expect(found.get(fileOf(folder, name)), folder).toContain(rule);
  });

  it('has nothing against what is a function of its arguments', () => {
    expect(found.get('src/harmless.ts')).toEqual([]);
  });

  it('lets real time in where it belongs', () => {
    for (const file of ['actors/runtime.ts', 'sim/kernel/turn-loop.ts', 'sim/cli/x.ts']) expect(found.get(file), file).toEqual([]);
  });
});
