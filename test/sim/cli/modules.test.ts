import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../../sim/report/result.js';
import { services } from '../../../sim/cli/seatbelt-services.js';
import { cli } from './terminal.js';

/** A command in code, with an error class of ours and a neighbour of its own. */
const FLOW = `
import { z } from 'zod';
import { CallFailed, defineCommand } from 'seatbelt';
import { defineScenario } from 'seatbelt/sim';
import { VERB } from './verb.js';

const Mark = defineCommand({ type: 'Mark', params: z.strictObject({ what: z.string() }) })
  .step({
    name: 'mark',
    beforeTask: async ({ call, params }) => {
      try {
        await call('host2', VERB, { what: params.what });
      } catch (error: unknown) {
        if (!(error instanceof CallFailed) || error.hostCode !== 77) throw error;
      }
    },
    endWithFailure: () => undefined,
    compensate: () => undefined,
  })
  .build();

export default defineScenario({
  verbs: { [VERB]: { kind: 'hsm', effect: 'mark/\${args.what}' } },
  definitions: [Mark],
  commands: [{ id: 'one', type: 'Mark', params: { what: 'x' } }],
});
`;

const FILES: Readonly<Record<string, string>> = {
  'flow.scenario.ts': FLOW,
  'verb.ts': "export const VERB: string = 'stamp';",
  'plain.mjs': "import { defineScenario } from 'seatbelt/sim';\nexport default defineScenario({ name: 'plain' });",
  'plain.js': "import { defineScenario } from 'seatbelt/sim';\nexport default defineScenario({});",
  'syntax.ts': "import { defineScenario } from 'seatbelt/sim';\nexport default defineScenario({ name: 'x'\n  limit: '1d' });",
  'throws.ts': "function fail() {\n  throw new Error('not today\\nnor tomorrow');\n}\nfail();",
  'missing.ts': "import nothing from './nothing.js';\nexport default nothing;",
  'none.ts': 'export const scenario = {};',
  'definition.ts': "import { defineCommand } from 'seatbelt';\nimport { z } from 'zod';\n\ndefineCommand({ type: 'No', params: z.strictObject({}) }).build();",
  'field.ts': "import { defineScenario } from 'seatbelt/sim';\nexport default defineScenario({ hosts: [{ id: 'a', spm: true }, { id: 'b', spm: true }] });",
  'twin.ts': FLOW.replaceAll("'Mark'", "'LiveMigrateDisk'"),
};

let cwd: string;

beforeAll(async () => {
  // Outside of any package: what the modules import can only be this very program.
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-module-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(cwd, name), text);
});

afterAll(() => rm(cwd, { recursive: true }));

const run = (...args: readonly string[]) => cli(['run', ...args], { cwd, services });

describe('a scenario module', () => {
  it('brings its own commands and verbs, typed and in several files', async () => {
    const { exitCode, stdout, stderr } = await run('flow.scenario.ts', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const report = JSON.parse(stdout) as RunReport;
    expect(report).toMatchObject({ scenario: 'flow', commands: [{ id: 'one', type: 'Mark', status: 'SUCCEEDED' }] });
    expect(report.invariants.at(-1)).toEqual({ name: 'determinism', held: true });
  });

  it('can be changed from outside, and its errors are the classes that it imports', async () => {
    const { stdout } = await run('flow.scenario.ts', '--json', '--set', 'faults=[{failCall: {verb: stamp, code: 77}}]');
    expect(JSON.parse(stdout)).toMatchObject({ commands: [{ status: 'SUCCEEDED' }], unused: [] });
    const other = await run('flow.scenario.ts', '--json', '--set', 'faults=[{failCall: {verb: stamp, code: 78}}]');
    expect(JSON.parse(other.stdout)).toMatchObject({ commands: [{ status: 'ROLLED_BACK' }] });
  });

  it.each(['plain.mjs', './plain.js'])('may be JavaScript: %s', async (file) => {
    expect(await run(file, '--json')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['of a syntax error', 'syntax.ts', /^seatbelt: syntax\.ts:3:\d+: Unexpected token/],
    ['that throws', 'throws.ts', /^seatbelt: throws\.ts:2:\d+: not today \[BAD_SCENARIO\]\n$/],
    ['that imports what is not there', 'missing.ts', /^seatbelt: missing\.ts: Cannot find module '\.\/nothing\.js'/],
    ['that exports no scenario', 'none.ts', /^seatbelt: none\.ts: its default export is no scenario/],
    ['of a bad definition', 'definition.ts', /^seatbelt: definition\.ts:4:\d+: command No: it has no handlers/],
    ['of a bad field', 'field.ts', /^seatbelt: field\.ts: hosts\[1\]\.spm: only one host can hold the SPM role/],
    ['of a command that ships', 'twin.ts', /^seatbelt: twin\.ts: definitions\[0\]\.type: there is a command type 'LiveMigrateDisk' already/],
    ['of no file', 'absent.ts', /^seatbelt: absent\.ts: no such file \[UNKNOWN_SCENARIO\]\n$/],
  ])('is refused if it is one %s, in one line', async (_, file, message) => {
    const { exitCode, stdout, stderr } = await run(file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('seatbelt schema', () => {
  it('prints one JSON document', async () => {
    const { exitCode, stdout, stderr } = await cli(['schema'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ title: 'seatbelt scenario' });
  });
});
