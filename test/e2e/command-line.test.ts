import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../sim/report/result.js';
import type { CommandView, StoreView } from '../../sim/report/store-view.js';
import { program, start } from './program.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-e2e-'));
});

afterEach(() => rm(cwd, { recursive: true }));

/** Keeps the program busy for long: it asks after tasks hundreds of times a second, for hours. */
const LONG_RUN = ['run', 'live-migration', '--set', 'engine.pollingRate=1ms', '--set', 'verbs.syncImageData.rate=1MiB/s'];

describe('seatbelt run live-migration', () => {
  it('survives its crash and moves both disks', async () => {
    const { exitCode, stdout, stderr } = await program(cwd, 'run', 'live-migration', '--json', '--seed', '7');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const report = JSON.parse(stdout) as RunReport;
    expect(report).toMatchObject({ scenario: 'live-migration', seed: 7, recoveries: 1 });
    expect(report.commands.map(({ type, status }) => [type, status])).toEqual([
      ['LiveMigrateVmDisks', 'SUCCEEDED'],
      ['LiveMigrateDisk', 'SUCCEEDED'],
      ['LiveMigrateDisk', 'SUCCEEDED'],
    ]);
    expect(report.invariants.length).toBeGreaterThan(0);
  });

  it('takes the same course in every process, and another with another seed', async () => {
    const hash = async (seed: string): Promise<string> =>
      (JSON.parse((await program(cwd, 'run', 'live-migration', '--json', '--seed', seed)).stdout) as RunReport).traceHash;
    const [first, again, other] = await Promise.all([hash('7'), hash('7'), hash('8')]);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('shows the crash and the recovery to a reader, and leaves no temporary store', async () => {
    const { exitCode, stdout } = await program(cwd, 'run', 'live-migration');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/CRASH of engine.*RECOVERED 3 commands/s);
    expect(stdout).toContain('again: seatbelt run live-migration --seed 1');
    expect(await readdir(cwd)).toEqual([]);
  });

  it('stops when interrupted, and leaves no temporary store', async () => {
    const running = start(cwd, ...LONG_RUN);
    await running.speaks;
    running.kill('SIGINT');
    const { exitCode, stderr } = await running.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('does not mind a reader that has seen enough', async () => {
    const running = start(cwd, 'run', 'live-migration');
    await running.speaks;
    running.stopListening();
    expect(await running.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('seatbelt run live-migration-failure', () => {
  it('moves one disk and undoes the other, across a crash in the rollback', async () => {
    const { exitCode, stdout, stderr } = await program(cwd, 'run', 'live-migration-failure', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const report = JSON.parse(stdout) as RunReport;
    expect(report.recoveries).toBe(1);
    expect(report.commands.map(({ type, status }) => [type, status])).toEqual([
      ['LiveMigrateVmDisks', 'SUCCEEDED'],
      ['LiveMigrateDisk', 'SUCCEEDED'],
      ['LiveMigrateDisk', 'ROLLED_BACK'],
    ]);
    expect(report.commands[2]?.error).toMatchObject({ code: 'TASK_FAILED', hostCode: 261 });
  });
});

describe('seatbelt inspect', () => {
  it('shows what a run left in its store, as a whole and by command', async () => {
    expect((await program(cwd, 'run', 'live-migration', '--db', 'store')).exitCode).toBe(0);
    const whole = await program(cwd, 'inspect', '--db', 'store', '--json');
    expect({ exitCode: whole.exitCode, stderr: whole.stderr }).toEqual({ exitCode: 0, stderr: '' });
    const store = JSON.parse(whole.stdout) as StoreView;
    expect(store).toMatchObject({ incarnation: 2, tasks: [], locks: [], damaged: [] });
    expect(store.commands.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);

    const one = JSON.parse((await program(cwd, 'inspect', '--db', 'store', 'migrate', '--json')).stdout) as CommandView;
    expect(one.command).toMatchObject({ id: 'migrate', type: 'LiveMigrateVmDisks' });
    expect(one.history.length).toBeGreaterThan(0);
    expect((await program(cwd, 'inspect', '--db', 'store', 'migrate')).stdout).toContain('migrateDisks');
  });

  it('is refused a second run in the same store, and leaves it as it is', async () => {
    await program(cwd, 'run', 'live-migration', '--db', 'store');
    const before = await program(cwd, 'inspect', '--db', 'store', '--json');
    const second = await program(cwd, 'run', 'live-migration', '--db', 'store', '--json');
    expect(second).toMatchObject({ exitCode: 2, stdout: '' });
    expect(second.stderr).toContain('[STORE_NOT_EMPTY]');
    expect((await program(cwd, 'inspect', '--db', 'store', '--json')).stdout).toBe(before.stdout);
  });

  it('of what is no store creates nothing', async () => {
    expect(await program(cwd, 'inspect', '--db', 'nowhere')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('seatbelt list', () => {
  it('names the built-in scenarios, the commands and the verbs', async () => {
    const { exitCode, stdout } = await program(cwd, 'list', '--json');
    expect(exitCode).toBe(0);
    const { scenarios, commands, verbs } = JSON.parse(stdout) as { scenarios: { name: string }[]; commands: unknown; verbs: unknown };
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(['live-migration', 'live-migration-failure', 'move-disk', 'hibernate-vm']));
    expect({ commands, verbs }).toMatchObject({
      commands: expect.arrayContaining([expect.objectContaining({ type: 'LiveMigrateVmDisks', handlers: ['takeSnapshot', 'migrateDisks'] })]) as unknown[],
      verbs: expect.arrayContaining(['syncImageData']) as string[],
    });
    expect((await program(cwd, 'list')).stdout).toContain('LiveMigrateVmDisks');
  });
});
