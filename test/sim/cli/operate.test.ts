import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { services } from '../../../sim/cli/seatbelt-services.js';
import { openRun } from '../../../sim/embed/run-store.js';
import { cli } from './terminal.js';

/** `held`: b cannot be undone, the first time. `stuck`: cannot go on past its point of no return, the first time. */
const SCENARIO = `
verbs:
  make: { kind: spm, effect: 'thing/\${args.thing}', latency: 1s }
  unmake: { kind: spm, reverses: 'thing/\${args.thing}', latency: 1s }
  cross: { kind: hsm, effect: 'thing/\${args.thing}' }
  isThere: { kind: read, reads: 'thing/\${args.thing}' }
define:
  - type: Held
    handlers:
      - { name: a, createTask: { verb: make, args: { thing: a } }, undo: { tasks: { verb: unmake, args: { thing: a }, doneCodes: [9202] } } }
      - { name: b, createTask: { verb: make, args: { thing: b } }, undo: { tasks: { verb: unmake, args: { thing: b }, doneCodes: [9202] } }, undoRetry: { attempts: 1 } }
      - { name: c, createTask: { verb: make, args: { thing: c } }, endWithFailure: {} }
  - type: Stuck
    handlers:
      - name: cross
        endSuccessfully: { calls: { host: host2, verb: cross, args: { thing: p } } }
        pointOfNoReturn: { part: endSuccessfully, passedIf: { host: host2, verb: isThere, args: { thing: p } } }
      - { name: s, createTask: { verb: make, args: { thing: s } }, undoRetry: { attempts: 1 } }
commands:
  - { id: held, type: Held }
  - { id: stuck, type: Stuck }
faults:
  - failTask: { verb: unmake, match: { thing: b }, code: 100 }
  - failTask: { verb: make, match: { thing: c }, code: 100 }
  - failTask: { verb: make, match: { thing: s }, code: 100 }
`;

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-operate-'));
  await writeFile(join(cwd, 'held.yaml'), SCENARIO);
});

afterEach(() => rm(cwd, { recursive: true }));

const seatbelt = (...argv: string[]) => cli(argv, { cwd, services });
const operate = (...argv: string[]) => seatbelt('operate', ...argv, '--db', 'store');

async function statuses(): Promise<readonly string[]> {
  const { stdout } = await seatbelt('inspect', '--db', 'store', '--json');
  return (JSON.parse(stdout) as { commands: { status: string }[] }).commands.map(({ status }) => status);
}

describe('operate', () => {
  it('acts on a run that has stopped; resume goes on from there, and no invariant breaks', async () => {
    expect((await seatbelt('run', 'held.yaml', '--db', 'store')).exitCode).toBe(0);
    expect(await statuses()).toEqual(['ROLLBACK_INCOMPLETE', 'STUCK']);
    const acted = await operate('retry', 'held', '--reason', 'it is mended');
    expect(acted).toMatchObject({ exitCode: 0, stderr: '' });
    expect(acted.stdout).toMatch(/^held {2}Held version 1 {2}ROLLING_BACK/);
    expect(acted.stdout).toContain('operator: retry while ROLLBACK_INCOMPLETE (it is mended)');
    const resolved = await operate('resolve', 'stuck', '--output', '{"made":"by hand"}', '--json');
    expect(JSON.parse(resolved.stdout)).toMatchObject({ command: { status: 'CLOSED_BY_OPERATOR', steps: [{}, { closed: 'resolved', output: { made: 'by hand' } }] }, locks: [] });
    const resumed = await seatbelt('resume', '--db', 'store', '--json');
    expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);
    const { commands } = JSON.parse(resumed.stdout) as { commands: { id: string; status: string }[] };
    expect(Object.fromEntries(commands.map(({ id, status }) => [id, status]))).toEqual({ stuck: 'CLOSED_BY_OPERATOR', held: 'ROLLED_BACK' });
  });

  it.each([
    ['skip', 'held', 'ROLLING_BACK', 'CLOSED_BY_OPERATOR'],
    ['abandon', 'held', 'CLOSED_BY_OPERATOR', 'CLOSED_BY_OPERATOR'],
  ])('%s %s: %s, and after resume %s', async (action, id, then, end) => {
    await seatbelt('run', 'held.yaml', '--db', 'store');
    await operate(action, id);
    expect(await statuses()).toEqual([then, 'STUCK']);
    const resumed = await seatbelt('resume', '--db', 'store', '--json');
    expect(resumed.exitCode).toBe(0);
    const { commands } = JSON.parse(resumed.stdout) as { commands: { id: string; status: string }[] };
    expect(Object.fromEntries(commands.map(({ id: which, status }) => [which, status]))).toEqual({ held: end, stuck: 'STUCK' });
  });

  it('is refused in one line where it does not fit, and changes nothing', async () => {
    await seatbelt('run', 'held.yaml', '--db', 'store');
    const before = await seatbelt('inspect', '--db', 'store', '--json');
    const refused: [string[], string][] = [
      [['retry', 'nobody'], 'UNKNOWN_COMMAND'],
      [['resolve', 'held', '--output', '7'], 'OPERATOR_REFUSED'],
      [['skip', 'held', '--output', '7'], 'OPERATOR_REFUSED'],
      [['retry', 'held', '--reason', ''], 'BAD_REQUEST'],
      [['retry', 'held', '--reason', 'x'.repeat(1001)], 'BAD_REQUEST'],
      [['resolve', 'stuck', '--output', '{'], 'Give JSON'],
      [['undo', 'held'], 'Allowed choices are retry, skip, resolve, abandon'],
      [['retry'], "missing required argument 'command'"],
      [['retry', 'held', 'stuck'], 'too many arguments'],
    ];
    for (const [argv, what] of refused) {
      const { exitCode, stdout, stderr } = await operate(...argv);
      expect([argv, exitCode, stdout, stderr.split('\n').length]).toEqual([argv, 2, '', 2]);
      expect(stderr).toContain(what);
    }
    expect((await seatbelt('inspect', '--db', 'store', '--json')).stdout).toBe(before.stdout);
    await operate('abandon', 'held');
    expect((await operate('retry', 'held')).stderr).toContain('it is CLOSED_BY_OPERATOR');
  });

  it('wants the directory of a run, and that no other process goes on with it', async () => {
    expect(await operate('retry', 'held')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[STORE_MISSING]') as string });
    expect((await seatbelt('operate', 'retry', 'held')).stderr).toContain("required option '--db <dir>' not specified");
    await seatbelt('run', 'held.yaml', '--db', 'store');
    const { world } = await openRun(join(cwd, 'store'), async () => []);
    try {
      expect(await operate('retry', 'held')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[STORE_LOCKED]') as string });
    } finally {
      await world?.close();
    }
  });
});
