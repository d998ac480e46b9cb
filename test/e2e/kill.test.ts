import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandView, StoreView } from '../../sim/report/store-view.js';
import { program, start } from './program.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'seatbelt-kill-'));
});

afterEach(() => rm(cwd, { recursive: true }));

/** Asks after tasks a thousand times a second of virtual time, so that every phase of the run takes a while. */
const SLOW = ['run', 'live-migration', '--db', 'store', '--log', 'log', '--set', 'engine.pollingRate=1ms', '--set', 'verbs.syncImageData.rate=1MiB/s'];

interface LogLine {
  readonly msg: string;
  readonly commandId?: string;
  readonly handler?: string;
  readonly callback?: string;
  readonly attempt?: number;
  readonly verb?: string;
}

/** The log as far as it was written; the last line may be cut short. */
async function log(): Promise<LogLine[]> {
  const lines = (await readFile(join(cwd, 'log'), 'utf8').catch(() => '')).split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LogLine);
}

/** Resolves once the run has logged such a line. Reads the file on each turn of the event loop: there is nobody to tell. */
async function until(seen: (line: LogLine) => boolean): Promise<void> {
  while (!(await log()).some(seen)) await new Promise((resolve) => setImmediate(resolve));
}

describe('a run that is killed', () => {
  it.each([
    ['while the snapshot is taken', (line: LogLine) => line.msg === 'taskPlaced', ['RUNNING']],
    ['while the disks are copied', (line: LogLine) => line.msg === 'hostTaskAccepted' && line.verb === 'syncImageData', ['RUNNING', 'RUNNING', 'RUNNING']],
    ['after the engine has recovered in it', (line: LogLine) => line.msg === 'engineCrashed', ['RUNNING', 'RUNNING', 'RUNNING']],
  ] as const)('%s has left each command at its last committed step', async (_, moment, statuses) => {
    const running = start(cwd, ...SLOW);
    await until(moment);
    running.kill('SIGKILL');
    await running.ended;

    const { exitCode, stdout } = await program(cwd, 'inspect', '--db', 'store', '--json');
    expect(exitCode).toBe(0);
    const store = JSON.parse(stdout) as StoreView;
    expect(store.damaged).toEqual([]);
    expect(store.commands.slice(0, statuses.length).map(({ status }) => status)).toEqual(statuses);

    const told = (await log()).filter((line) => line.msg === 'callbackCommitted');
    for (const command of store.commands) {
      const view = JSON.parse((await program(cwd, 'inspect', '--db', 'store', command.id, '--json')).stdout) as CommandView;
      const onDisk = view.history.map(({ handler, callback, attempt }) => `${handler}.${callback} ${attempt}`);
      const committed = told.filter(({ commandId }) => commandId === command.id).map(({ handler, callback, attempt }) => `${handler}.${callback} ${attempt}`);
      // What was told is on disk; the last batch may be there untold, and holds at most two callbacks of one command.
      expect(onDisk.slice(0, committed.length)).toEqual(committed);
      expect(onDisk.length - committed.length).toBeLessThanOrEqual(2);
      expect(view.command.executionIndex).toBe(Math.max(0, ...view.history.filter(({ callback }) => callback === 'endSuccessfully').map(({ index }) => index + 1)));
    }
  });
});

describe('a store that is in use', () => {
  it('is refused to a second process, in one line, and the first goes on', async () => {
    const running = start(cwd, ...SLOW);
    await until((line) => line.msg === 'taskPlaced');
    for (const args of [['inspect', '--db', 'store'], ['run', 'live-migration', '--db', 'store']]) {
      const second = await program(cwd, ...args);
      expect(second).toMatchObject({ exitCode: 2, stdout: '' });
      expect(second.stderr).toMatch(/^seatbelt: .*store.*\[STORE_LOCKED\]\n$/);
    }
    running.kill('SIGINT');
    expect((await running.ended).exitCode).toBe(130);
  });
});
