import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { isTerminal, type HistoryEntry } from '../../../src/flow/state.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import { openStoreDirectory } from '../../../src/store/directory.js';
import { scanStore } from '../../../src/store/read-store.js';
import { held, type RunReport } from '../../../sim/report/result.js';
import { start, type Ended } from '../program.js';

export interface KillingSpec {
  readonly scenario: string;
  /** Of the run, and of the moments at which it is killed. */
  readonly seed: number;
  /** How often it is killed, at most: it may come to its end before. */
  readonly kills: number;
  /** How many times as fast as the wall clock it runs. */
  readonly factor: number;
}

export interface KillingResult {
  readonly kills: number;
  readonly report: RunReport;
  /** What was wrong, in words; empty if nothing was. */
  readonly wrong: readonly string[];
  /** How to do the same by hand. */
  readonly again: string;
}

/** Committed callbacks by command. */
type Histories = ReadonlyMap<string, readonly string[]>;

/**
 * Runs a scenario by the wall clock in a process of its own, kills that with SIGKILL at a seeded moment, lets another one go on, kills that, and so on; the
 * last may run to its end. After each kill, what had been committed before must still be, and what is new must follow it.
 */
export async function killAndResume({ scenario, seed, kills, factor }: KillingSpec): Promise<KillingResult> {
  const cwd = await mkdtemp(join(tmpdir(), 'seatbelt-killed-'));
  const random = xoroshiro128plus(seed);
  const wrong: string[] = [];
  const steps: string[] = [];
  let before: Histories = new Map();
  let killed = 0;
  const go = async (args: readonly string[]): Promise<Ended> => {
    const process = start(cwd, ...args);
    // Most moments lie where lines are printed; the rest are spread over the time between two of them.
    const [lines, ms] = [uniformInt(random, 1, 16), uniformInt(random, 0, 40)];
    const dies = killed < kills;
    steps.push(`seatbelt ${args.join(' ')}${dies ? `   # kill -9 after ${lines} lines and ${ms} ms` : ''}`);
    if (dies) void process.lines(lines).then(() => setTimeout(() => process.kill('SIGKILL'), ms));
    return process.ended;
  };
  try {
    let ended = await go(['run', scenario, '--seed', String(seed), '--db', 'store', '--realtime', String(factor)]);
    while (ended.signal === 'SIGKILL') {
      killed += 1;
      const after = await historiesIn(join(cwd, 'store'));
      wrong.push(...differences(before, after).map((what) => `after kill ${killed}: ${what}`));
      before = after;
      ended = await go(['resume', '--db', 'store', '--realtime', String(factor)]);
    }
    if (ended.exitCode !== 0) wrong.push(`the last process ended with ${ended.exitCode}: ${ended.stderr.trim() || ended.stdout.trim().split('\n').slice(-12).join(' / ')}`);
    const last = await start(cwd, 'resume', '--db', 'store', '--json').ended;
    if (last.exitCode !== 0) wrong.push(`resume of what is over ended with ${last.exitCode}: ${last.stderr.trim()}`);
    const report = JSON.parse(last.stdout) as RunReport;
    if (!held(report)) wrong.push(`broken: ${JSON.stringify(report.invariants.filter((invariant) => !invariant.held))}`);
    for (const { id, status } of report.commands) if (!isTerminal(status)) wrong.push(`${id} is ${status} at the end`);
    if (report.commands.length === 0) wrong.push('no command was run');
    const atTheEnd = new Map(report.commands.map(({ id, history }) => [id, history.map(text)]));
    wrong.push(...differences(before, atTheEnd).map((what) => `at the end: ${what}`));
    return { kills: killed, report, wrong, again: steps.join('\n') };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** What has become another past. */
function differences(before: Histories, after: Histories): readonly string[] {
  return [...before].flatMap(([id, entries]) => {
    const now = after.get(id)?.slice(0, entries.length) ?? [];
    return now.join() === entries.join() ? [] : [`${id} had committed ${entries.join(', ')}, and now ${now.join(', ')}`];
  });
}

function text({ index, handler, callback, attempt, outcome }: HistoryEntry): string {
  return `${index} ${handler}.${callback} #${attempt} ${outcome}`;
}

/** From the disk itself. A run that was killed before it had a store has no past. */
async function historiesIn(directory: string): Promise<Histories> {
  const disk = await openStoreDirectory(directory).catch((error: unknown) => {
    if (error instanceof SeatbeltError && error.code === 'STORE_MISSING') return null;
    throw error;
  });
  if (disk === null) return new Map();
  try {
    if ((await disk.scan('', 1)).length === 0) return new Map();
    const { entries, mismatch } = await scanStore(disk);
    if (mismatch !== null) throw mismatch;
    const histories = new Map<string, string[]>();
    for (const entry of entries) {
      if (!entry.ok) throw entry.error;
      if (entry.record.kind === 'command' || entry.record.kind === 'done') histories.set(entry.record.command.id, []);
    }
    for (const entry of entries) {
      if (entry.ok && entry.record.kind === 'history') histories.get(entry.record.commandId)?.push(text(entry.record.entry as HistoryEntry));
    }
    return histories;
  } finally {
    await disk.close();
  }
}
