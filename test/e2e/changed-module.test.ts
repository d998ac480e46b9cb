import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../sim/report/result.js';
import { program, start, type Ended } from './program.js';

// A run of a scenario module is killed, and the module is another one when the run goes on: commands are code, which no store can keep.

const MODULE = 'flow.scenario.ts';
let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-module-'));
});

afterEach(() => rm(cwd, { recursive: true }));

const makes = (name: string): string => `.step({
    name: '${name}',
    retry: { attempts: 9, backoffMs: 1000 },
    createTask: () => ({ verb: 'make', args: { thing: '${name}' }, pool: 'pool1' }),
    endWithFailure: () => ({ verb: 'unmake', args: { thing: '${name}' }, pool: 'pool1', doneCodes: [9202] }),
    compensate: () => ({ verb: 'unmake', args: { thing: '${name}' }, pool: 'pool1' }),
  })`;

const command = (type: string, fields: string, names: readonly string[]): string =>
  `const ${type} = defineCommand({ type: '${type}', params: z.strictObject({}), ${fields} })${names.map((name) => makes(name)).join('')}.build();`;

const OTHER = command('Other', '', ['other']);
const FLOW = command('Flow', '', ['first', 'second', 'third']);
const AFTER = ['before', 'first', 'second', 'middle', 'third'];
const MIGRATION = `migrations: { 1: { handlers: [${AFTER.map((name) => `{ name: '${name}' }`).join(', ')}], outputs: { before: () => ({}) } } }`;

/** The module with these commands. */
function moduleOf(...definitions: readonly string[]): string {
  const types = definitions.map((text) => /^const (\w+)/.exec(text)?.[1]);
  return `
import { z } from 'zod';
import { defineCommand } from 'seatbelt';
import { defineScenario } from 'seatbelt/sim';
${definitions.join('\n')}
export default defineScenario({
  engine: { pollingRate: '1s' },
  verbs: {
    make: { kind: 'spm', effect: 'thing/\${args.thing}', latency: '5s' },
    unmake: { kind: 'spm', reverses: 'thing/\${args.thing}' },
  },
  definitions: [${types.join(', ')}],
  commands: [{ id: 'flow', type: 'Flow' }, { id: 'other', type: 'Other', at: '3s' }],
});`;
}

/** Kills a run of the module as it is first, while the task of its second step is under way. */
async function killed(): Promise<void> {
  await writeFile(join(cwd, MODULE), moduleOf(FLOW, OTHER));
  const running = start(cwd, 'run', MODULE, '--realtime', '10', '--db', 'store');
  await running.says(/flow +1 second .* make runs$/m);
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
}

const resumed = (...options: readonly string[]): Promise<Ended> => program(cwd, 'resume', '--db', 'store', ...options);

/** What a run has come to that goes on well. */
async function wentOn(): Promise<RunResult> {
  const { exitCode, stdout, stderr } = await resumed('--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const result = JSON.parse(stdout) as RunResult;
  expect(result.invariants.filter(({ held }) => !held)).toEqual([]);
  return result;
}

const statuses = ({ commands }: RunResult) => Object.fromEntries(commands.map(({ id, status }) => [id, status]));

const flowOf = ({ commands }: RunResult) => commands.find(({ id }) => id === 'flow');

const completedBy = (result: RunResult) => flowOf(result)?.history.flatMap(({ callback, handler }) => (callback === 'endSuccessfully' ? [handler] : []));

describe('a run of a scenario module that was killed goes on', () => {
  it('to its end, with the module as it was', async () => {
    await killed();
    const result = await wentOn();
    expect(statuses(result)).toEqual({ flow: 'SUCCEEDED', other: 'SUCCEEDED' });
    expect(completedBy(result)).toEqual(['first', 'second', 'third']);
  });

  it('to its end with a later version, migrated', async () => {
    await killed();
    await writeFile(join(cwd, MODULE), moduleOf(command('Flow', `version: 2, ${MIGRATION}`, AFTER), OTHER));
    const result = await wentOn();
    expect(statuses(result)).toEqual({ flow: 'SUCCEEDED', other: 'SUCCEEDED' });
    expect(flowOf(result)?.handlers).toEqual(AFTER);
    expect(completedBy(result)).toEqual(['first', 'second', 'middle', 'third']);
    expect((await program(cwd, 'inspect', 'flow', '--db', 'store')).stdout).toMatch(/migrated from version 1 to 2; it was past the new step before$/m);
  });

  it('with a later version that has no migration: what is under way is parked, all else ends, and the right module lets it go on', async () => {
    await killed();
    await writeFile(join(cwd, MODULE), moduleOf(command('Flow', 'version: 2', AFTER), OTHER));
    const result = await wentOn();
    expect(statuses(result)).toEqual({ flow: 'PARKED', other: 'SUCCEEDED' });
    expect(flowOf(result)?.heldBy).toMatchObject({
      code: 'DEFINITION_CHANGED',
      message: 'it was submitted with Flow version 1 [first, second, third], this program has version 2 [before, first, second, middle, third]',
    });
    // The same again, of a run that is over: with the exit code that it had.
    const told = await resumed();
    expect({ exitCode: told.exitCode, stderr: told.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(told.stdout).toMatch(/PARKED.*DEFINITION_CHANGED/s);
    await writeFile(join(cwd, MODULE), moduleOf(FLOW, OTHER));
    expect(statuses(await wentOn())).toEqual({ flow: 'SUCCEEDED', other: 'SUCCEEDED' });
  });
});

describe('a run of a scenario module that was killed is refused, and goes on once the module is there again', () => {
  it.each<readonly [what: string, change: (file: string) => Promise<void>, says: RegExp]>([
    ['that is gone', (file) => rm(file), /flow\.scenario\.ts: no such file; .* Flow, Other/],
    ['without a command that it had', (file) => writeFile(file, moduleOf(OTHER)), /flow\.scenario\.ts: .*: Flow/],
    ['that is no module any more', (file) => writeFile(file, 'export default ['), /flow\.scenario\.ts:1:\d+: .* Flow, Other/],
    ['that has no scenario any more', (file) => writeFile(file, 'export default 7;'), /flow\.scenario\.ts: its default export is no scenario.* Flow, Other/],
  ])('one %s', { timeout: 120_000 }, async (_, change, says) => {
    await killed();
    await change(join(cwd, MODULE));
    for (const refused of [await resumed(), await program(cwd, 'operate', 'retry', 'flow', '--db', 'store')]) {
      expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/^seatbelt: [^\n]*\[[A-Z_]+\]\n$/) as string });
      expect(refused.stderr).toMatch(says);
    }
    await writeFile(join(cwd, MODULE), moduleOf(FLOW, OTHER));
    expect(statuses(await wentOn())).toEqual({ flow: 'SUCCEEDED', other: 'SUCCEEDED' });
  });
});
