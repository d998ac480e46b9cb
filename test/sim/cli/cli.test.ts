import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../sim/cli/services.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import { cli, StagedSimulations } from './terminal.js';

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-cli-'));
  await writeFile(join(cwd, 'demo.yaml'), 'commands: [{ id: good, type: MoveDisk, params: { vm: vm1, disks: [d] } }]');
  await writeFile(join(cwd, 'bad.yaml'), 'commands: [{ id: good, type: MoveDisk, params: { vm: 1, disks: [d] } }]');
});

afterAll(() => rm(cwd, { recursive: true }));

describe('run', () => {
  it('prints a timeline and a summary, and exits with 0 when all invariants held', async () => {
    const { exitCode, stdout, stderr } = await cli(['run', 'demo.yaml', '--seed', '7'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ +TIME +COMMAND/);
    expect(stdout).toContain('CRASH of engine');
    expect(stdout).toContain('\n\ngood    MoveDisk  SUCCEEDED\n');
    expect(stdout).toMatch(/again: npm run -s seatbelt -- run demo\.yaml --seed 7\n$/);
    expect(stdout).not.toContain('\u001b');
  });

  it('prints exactly one JSON document with --json', async () => {
    const { exitCode, stdout, stderr } = await cli(['run', 'demo.yaml', '--json', '--seed', '3'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ scenario: 'demo', seed: 3, wallTimeMs: expect.any(Number) as number, recoveries: 1 });
  });

  it('exits with 1 when an invariant broke', async () => {
    const staged = new StagedSimulations({ result: { invariants: [{ name: 'locks', held: false, detail: 'two holders' }] } });
    const { exitCode, stdout } = await cli(['run', 'demo.yaml'], { cwd, services: staged.services });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('  locks: two holders');
  });

  it('hands over the scenario with its settings, and tells how to run it so again', async () => {
    const staged = new StagedSimulations();
    const settings = ['--set', 'commands.0.params.vm=vm 2', '--set', 'engine.pollingRate=3s'];
    const { stdout } = await cli(['run', 'demo.yaml', ...settings], { cwd, services: staged.services });
    expect(staged.created[0]?.scenario.commands[0]?.params).toMatchObject({ vm: 'vm 2' });
    expect(staged.created[0]?.scenario.engine.pollingRateMs).toBe(3_000);
    expect(staged.created[0]?.seed).toBe(1);
    expect(stdout).toContain(`again: npm run -s seatbelt -- run demo.yaml --seed 1 --set 'commands.0.params.vm=vm 2' --set engine.pollingRate=3s\n`);
  });

  it('keeps the store where --db says, relative to where the user is', async () => {
    const staged = new StagedSimulations();
    await cli(['run', 'demo.yaml', '--db', 'store'], { cwd, services: staged.services });
    expect(staged.created[0]?.db).toBe(join(cwd, 'store'));
  });

  it('uses a temporary directory without --db, and removes it, however the run ends', async () => {
    let existed = false;
    const staged: StagedSimulations = new StagedSimulations({
      run: async () => {
        existed = existsSync(staged.created[0]?.db ?? '');
        throw new Error('boom');
      },
    });
    const { exitCode, stderr } = await cli(['run', 'demo.yaml'], { cwd, services: staged.services });
    expect(existed).toBe(true);
    expect(existsSync(staged.created[0]?.db ?? '')).toBe(false);
    expect(staged.disposed).toBe(1);
    expect(exitCode).toBe(70);
    expect(stderr).toContain('boom');
  });

  it.each(['before it runs', 'while it runs'])('stops with 130 when interrupted %s, disposes, and leaves nothing behind', async (when) => {
    const interruption = new AbortController();
    const staged = new StagedSimulations({
      run: () => {
        interruption.abort();
        return new Promise(() => undefined);
      },
    });
    if (when === 'before it runs') interruption.abort();
    const { exitCode, stdout } = await cli(['run', 'demo.yaml', '--json'], { cwd, services: staged.services, signal: interruption.signal });
    expect(exitCode).toBe(130);
    expect(stdout).toBe('');
    expect(staged.disposed).toBe(1);
    expect(existsSync(staged.created[0]?.db ?? '')).toBe(false);
  });

  it.each([[['--json']], [[]]])('stops with 130 when interrupted while the run is repeated, disposes, and tells nothing more: %j', async (options) => {
    const interruption = new AbortController();
    const staged = new StagedSimulations();
    let db = '';
    let wasThere = false;
    const repeats: Services['repeats'] = () => {
      db = staged.created[0]?.db ?? '';
      wasThere = existsSync(db);
      interruption.abort();
      return new Promise(() => undefined);
    };
    const { exitCode, stdout, stderr } = await cli(['run', 'demo.yaml', ...options], { cwd, services: { ...staged.services, repeats }, signal: interruption.signal });
    expect([exitCode, stderr, staged.disposed]).toEqual([130, '', 1]);
    // A timeline was told while it ran; there is no summary, for what it would say is not known.
    if (options.length > 0) expect(stdout).toBe('');
    else expect(stdout).not.toContain('again: npm');
    expect([wasThere, existsSync(db)]).toEqual([true, false]);
  });

  it('exits with 1 when the run, repeated, takes another course', async () => {
    const staged = new StagedSimulations();
    const repeats: Services['repeats'] = async () => ({ name: 'determinism', held: false, detail: 'another trace' });
    const { exitCode, stdout } = await cli(['run', 'demo.yaml'], { cwd, services: { ...staged.services, repeats } });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('determinism: another trace');
  });

  it('uses colours on a terminal, unless NO_COLOR is set', async () => {
    expect((await cli(['run', 'demo.yaml'], { cwd, isTTY: true })).stdout).toContain('\u001b[31m');
    expect((await cli(['run', 'demo.yaml'], { cwd, isTTY: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
    expect((await cli(['run', 'demo.yaml'], { cwd, isTTY: true, env: { NO_COLOR: '' } })).stdout).toContain('\u001b[31m');
  });

  it('tells of a store that it cannot use in one line', async () => {
    const staged = new StagedSimulations({ refuse: new SeatbeltError('STORE_NOT_EMPTY', '/x already holds a store') });
    const { exitCode, stdout, stderr } = await cli(['run', 'demo.yaml', '--json'], { cwd, services: staged.services });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: 'seatbelt: /x already holds a store [STORE_NOT_EMPTY]\n' });
  });
});

describe('run --realtime', () => {
  it.each([
    [[], undefined],
    [['--realtime'], 1],
    [['--realtime', '10'], 10],
    [['--realtime=0.5'], 0.5],
  ])('%j: waits for the wall clock, if it is asked to', async (options, factor) => {
    const staged = new StagedSimulations();
    expect((await cli(['run', 'demo.yaml', ...options, '--json'], { cwd, services: staged.services })).exitCode).toBe(0);
    expect(staged.paces.map((pace) => pace !== undefined)).toEqual([factor !== undefined]);
  });
});

describe('resume', () => {
  it('goes on with what is kept there, and tells what it came to; nothing would give the same run again', async () => {
    const staged = new StagedSimulations({ result: { resumptions: 2 } });
    const { exitCode, stdout, stderr } = await cli(['resume', '--db', 'store'], { cwd, services: staged.services });
    expect([exitCode, stderr, staged.disposed]).toEqual([0, '', 1]);
    expect(staged.resumed).toEqual([join(cwd, 'store')]);
    expect(stdout).toMatch(/^ +TIME +COMMAND/);
    expect(stdout).toContain('resumed 2 times');
    expect(stdout).not.toContain('\nagain:');
  });

  it('prints one JSON document with --json, and exits with 1 when an invariant broke', async () => {
    const staged = new StagedSimulations({ result: { invariants: [{ name: 'locks', held: false, detail: 'two holders' }] } });
    const { exitCode, stdout } = await cli(['resume', '--db', 'store', '--json', '--realtime', '1000'], { cwd, services: staged.services });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ scenario: 'resumed', invariants: [{ name: 'locks', held: false }] });
    expect(staged.paces).toEqual([expect.any(Function)]);
  });

  it.each([['resume', '--db', 'my store'], ['run', 'demo.yaml', '--db', 'my store']])('%s: says how to go on when it is interrupted, for a shell to take', async (...argv) => {
    const interruption = new AbortController();
    const staged = new StagedSimulations({
      run: () => {
        interruption.abort();
        return new Promise(() => undefined);
      },
    });
    const { exitCode, stderr } = await cli([...argv, '--json'], { cwd, services: staged.services, signal: interruption.signal });
    expect([exitCode, staged.disposed]).toEqual([130, 1]);
    expect(stderr).toBe("seatbelt: stopped at 0:00.000 of virtual time; to go on: npm run -s seatbelt -- resume --db 'my store'\n");
  });

  it('keeps what a log file holds', async () => {
    await writeFile(join(cwd, 'kept.log'), 'before\n');
    await cli(['resume', '--db', 'store', '--json', '--log', 'kept.log'], { cwd });
    const lines = (await readFile(join(cwd, 'kept.log'), 'utf8')).split('\n');
    expect(lines[0]).toBe('before');
    expect(lines.length).toBeGreaterThan(2);
  });
});

describe('bad usage', () => {
  it.each([
    ['no command', [], 'name a command'],
    ['an unknown command', ['rum'], "unknown command 'rum' (Did you mean run?)"],
    ['an unknown option', ['run', 'demo.yaml', '--sed', '1'], "unknown option '--sed' (Did you mean one of --seed, --set?)"],
    ['no scenario', ['run'], "missing required argument 'scenario'"],
    ['too many scenarios', ['run', 'demo.yaml', 'x'], 'too many arguments'],
    ['a seed that is no number', ['run', 'demo.yaml', '--seed', 'x'], 'Give a whole number from 0 to 9007199254740991.'],
    ['a negative seed', ['run', 'demo.yaml', '--seed', '-1'], 'Give a whole number'],
    ['a huge seed', ['run', 'demo.yaml', '--seed', '9007199254740992'], 'Give a whole number'],
    ['an option without its value', ['run', 'demo.yaml', '--db'], "option '--db <dir>' argument missing"],
    ['a factor that is no number', ['run', 'demo.yaml', '--realtime', 'x'], 'Give a number from 0.001 to 1000000'],
    ['a factor that takes the place of the scenario', ['run', '--realtime', 'demo.yaml'], 'a scenario is named before the option'],
    ['a factor of nothing', ['run', 'demo.yaml', '--realtime', '0'], 'Give a number from 0.001 to 1000000'],
    ['an empty directory', ['run', 'demo.yaml', '--db', ''], "option '--db <dir>' argument '' is invalid. It is empty."],
    ['a factor that is too large', ['resume', '--db', 'x', '--realtime', '1000001'], 'Give a number from 0.001 to 1000000'],
    ['no store to resume', ['resume'], "required option '--db <dir>' not specified"],
    ['no store to inspect', ['inspect'], "required option '--db <dir>' not specified"],
    ['a store that is not there', ['inspect', '--db', 'nowhere'], 'nowhere: there is no store [STORE_MISSING]'],
    ['an unknown scenario', ['run', 'live-migratio'], "did you mean 'live-migration'?"],
    ['a bad file', ['run', 'bad.yaml'], 'bad.yaml:1:54: commands[0].params.vm: expected string, got number 1 [BAD_SCENARIO]'],
    ['a bad setting', ['run', 'demo.yaml', '--set', 'x=1'], '--set x=1: x: unknown key'],
    ['text that would break the line', ['run', 'a\u001b[2J\nb.yaml'], 'a\\u001b[2J b.yaml: no such file'],
  ])('of %s: exit code 2 and one line', async (_, argv, message) => {
    const { exitCode, stdout, stderr } = await cli(argv, { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^seatbelt: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });
});

describe('list', () => {
  // The built-in scenarios name commands that this stage does not have; what really ships is tried end to end.
  it('needs no scenario', async () => {
    const { exitCode, stderr } = await cli(['list', 'x'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('too many arguments');
  });
});

describe('help', () => {
  it.each([['--help'], ['run', '--help'], ['help', 'run'], ['--version']])('%s is no error', async (...argv) => {
    const { exitCode, stdout, stderr } = await cli(argv, { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).not.toBe('');
    expect(stderr).toBe('');
  });
});
