import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunResult } from '../../sim/report/result.js';
import { program, start } from './program.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-older-'));
});

afterEach(() => rm(cwd, { recursive: true }));

const inStore = (name: string) => join(cwd, 'store', name);

/** Resolves once the run has logged this. Reads the file on each turn of the event loop: there is nobody to tell. */
async function until(msg: string): Promise<void> {
  const isLogged = async (): Promise<boolean> => (await readFile(join(cwd, 'log'), 'utf8').catch(() => '')).includes(`"msg":"${msg}"`);
  while (!(await isLogged())) await new Promise((resolve) => setImmediate(resolve));
}

async function statuses(): Promise<readonly string[]> {
  const { stdout } = await program(cwd, 'resume', '--db', 'store', '--json');
  return (JSON.parse(stdout) as RunResult).commands.map(({ status }) => status);
}

it('an engine\'s store that is put back from a copy is refused, gone on from when the operator says so, and what it holds ends as he says', { timeout: 180_000 }, async () => {
  const running = start(cwd, 'run', 'live-migration', '--db', 'store', '--log', 'log', '--realtime', '0.02', '--set', 'commands.0.at=20ms');
  await until('commandSubmitted');
  running.kill('SIGINT');
  expect((await running.ended).exitCode).toBe(130);
  await cp(inStore('engine'), join(cwd, 'copy'), { recursive: true });
  expect(new Set(await statuses())).toEqual(new Set(['SUCCEEDED']));
  await rm(inStore('engine'), { recursive: true });
  await cp(join(cwd, 'copy'), inStore('engine'), { recursive: true });

  const refusal = /^seatbelt: the engine's store is an older copy: it ends with commit \d+ of incarnation 1, and hosts have seen commit \d+ of incarnation \d+; put the right one back; or go on without those commits: seatbelt (resume --db store --accept-older-store \d+\.\d+) \[STORE_ROLLED_BACK\]\n$/;
  const refused = await program(cwd, 'resume', '--db', 'store');
  expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(refusal) as string });
  expect(await program(cwd, 'operate', 'abandon', 'migrate', '--db', 'store')).toEqual(refused);
  expect(await program(cwd, 'resume', '--db', 'store', '--accept-older-store', '1.1')).toEqual(refused);
  const [, line = ''] = refusal.exec(refused.stderr) ?? [];

  const accepted = await program(cwd, ...line.split(' '));
  expect(accepted).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('PARKED') as string });
  expect((await program(cwd, 'inspect', 'migrate', '--db', 'store')).stdout).toContain('in doubt: it was under way in an older store');
  expect((await program(cwd, 'operate', 'abandon', 'migrate', '--db', 'store')).exitCode).toBe(0);
  expect(await statuses()).toEqual(['CLOSED_BY_OPERATOR']);
});
