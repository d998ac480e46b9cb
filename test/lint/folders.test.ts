import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plant, ROOT } from './planted.js';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What dependency-cruiser has against a tree, under the repo's own rules. */
async function violations(directory: string): Promise<readonly Violation[]> {
  const program = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [program, '--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src', 'actors', 'sim'];
  const stdout = await new Promise<string>((resolve, reject) => {
    // Its exit code counts the violations.
    execFile(process.execPath, args, { cwd: directory, maxBuffer: 2 ** 26 }, (_error, out, err) => {
      if (out === '') reject(new Error(err));
      else resolve(out);
    });
  });
  return (JSON.parse(stdout) as { readonly summary: { readonly violations: readonly Violation[] } }).summary.violations;
}

const PLANTED: Readonly<Record<string, string>> = {
  'src/model/a.ts': "import { b } from './b.js';\nexport const a = (): unknown => b;\n",
  'src/model/b.ts': "import { a } from './a.js';\nexport const b = (): unknown => a;\n",
  'src/model/upwards.ts': "import type { flow } from '../flow/flow.js';\nexport type T = typeof flow;\n",
  'src/flow/flow.ts': "import { readFile } from 'node:fs/promises';\nexport const flow = readFile;\n",
  'src/commands/upwards.ts': "import { engine } from '../../actors/engine.js';\nexport const x = engine;\n",
  'actors/engine.ts': "import { start } from 'nact';\nexport const engine = start;\n",
  'actors/runtime.ts': "import { start } from 'nact';\nexport const runtime = start;\n",
  'actors/upwards.ts': "import type { main } from '../sim/cli/main.js';\nexport type T = typeof main;\n",
  'sim/cli/main.ts': 'export const main = 1;\n',
  'sim/world/outside.ts': "import { main } from '../cli/main.js';\nexport const x = main;\n",
  'sim/world/borrowed.ts': "import { it } from 'vitest';\nexport const x = it;\n",
  'sim/world/missing.ts': "import { gone } from './gone.js';\nexport const x = gone;\n",
};

describe('the folder rules', () => {
  let found: readonly string[];
  let remove: () => Promise<void>;

  beforeAll(async () => {
    const planted = await plant(PLANTED);
    remove = planted.remove;
    found = (await violations(planted.directory)).map(({ rule, from }) => `${rule.name}: ${from}`);
  }, 60_000);

  afterAll(() => remove());

  it.each([
    'no-cycles: src/model/a.ts',
    'model-first: src/model/upwards.ts',
    'pure-core: src/flow/flow.ts',
    'src-stands-alone: src/commands/upwards.ts',
    'nact-in-one-place: actors/engine.ts',
    'actors-do-not-know-the-simulator: actors/upwards.ts',
    'cli-is-the-outside: sim/world/outside.ts',
    'declared-dependencies-only: sim/world/borrowed.ts',
    'resolvable: sim/world/missing.ts',
  ])('find %s', (violation) => {
    expect(found).toContain(violation);
  });

  it('let the runtime load nact', () => {
    expect(found.filter((violation) => violation.endsWith(': actors/runtime.ts'))).toEqual([]);
  });
});
