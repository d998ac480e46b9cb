import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { CommandResult } from '../../../sim/report/result.js';
import { isTerminal } from '../../../src/flow/state.js';
import { endOf, type FailureCase } from '../failure-case.js';
import { crashAt, scenarioWith, reproduction, type EnginePoint } from '../scenario.js';

export interface Course {
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  readonly traceHash: string;
  readonly events: number;
  readonly portOperations: number;
  /** The engine was up when the crash was to happen. */
  readonly crashed: boolean;
}

/** One case of a campaign, without a crash: the source of its crash points. */
export interface Reference {
  readonly of: FailureCase;
  readonly seed: number;
  readonly course: Course;
}

/** A run that went wrong. */
export interface Finding {
  readonly case: string;
  /** Null: the run without a crash. */
  readonly point: EnginePoint | null;
  readonly problems: readonly string[];
  /** A command line that gives the same run again. */
  readonly again: string;
}

export async function reference(of: FailureCase, seed: number): Promise<Reference> {
  return { of, seed, course: await follow(of, seed) };
}

/** Just before every event, and before and after every port operation of the engine. */
export function pointsOf({ course }: Reference): readonly EnginePoint[] {
  const counted = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
  return [
    ...counted(course.events).map((n): EnginePoint => ({ at: 'event', n })),
    ...counted(course.portOperations).flatMap((portOperation): EnginePoint[] => [
      { at: 'before', portOperation },
      { at: 'after', portOperation },
    ]),
  ];
}

/** The run of a case in which the engine crashes at `point`, its disk in memory. */
export function crash({ of, seed }: Reference, point: EnginePoint): Promise<Course> {
  return follow(withCrash(of, point), seed);
}

/** The same on LevelDB, in a directory that is gone afterwards. */
async function crashOnLevelDb({ of, seed }: Reference, point: EnginePoint): Promise<Course> {
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-crash-'));
  try {
    return await follow(withCrash(of, point), seed, join(directory, 'db'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** So many runs in memory go with one on LevelDB. */
const LEVELDB_SHARE = 20;

/** A crash of a sweep. */
export interface Crash {
  readonly course: Course;
  /** It was also run on LevelDB. */
  readonly onLevelDb: boolean;
  readonly finding: Finding | null;
}

/**
 * Crashes the engine at every `every`-th point of a case, one after the other.
 * @param mine which of those, by their number from 0: the others are somebody else's
 */
export async function* sweep(unhurt: Reference, every: number, mine: (n: number) => boolean = () => true): AsyncGenerator<Crash> {
  const points = pointsOf(unhurt).filter((_, i) => i % every === 0);
  for (const [n, point] of points.entries()) {
    if (!mine(n)) continue;
    const course = await crash(unhurt, point);
    const problems = [...course.problems];
    const onLevelDb = n % LEVELDB_SHARE === 0;
    if (onLevelDb) {
      const { traceHash } = await crashOnLevelDb(unhurt, point);
      if (traceHash !== course.traceHash) problems.push(`determinism: trace ${traceHash} on LevelDB, ${course.traceHash} in memory`);
    }
    yield { course, onLevelDb, finding: problems.length === 0 ? null : findingOf(unhurt, point, problems) };
  }
}

export function findingOf({ of, seed }: Reference, point: EnginePoint | null, problems: readonly string[]): Finding {
  return { case: of.name, point, problems, again: reproduction(point === null ? of : withCrash(of, point), seed) };
}

function withCrash(of: FailureCase, point: EnginePoint): FailureCase {
  return { ...of, faults: [...of.faults, crashAt(point)] };
}

async function follow(of: FailureCase, seed: number, db?: string): Promise<Course> {
  const simulation = await Simulation.create(await scenarioWith(of), db === undefined ? { seed } : { seed, db });
  let crashed = false;
  simulation.on('probe', ({ probe }) => (crashed ||= probe.type === 'engineCrashed'));
  try {
    const defect = await simulation.run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const { invariants, commands } = simulation.result();
    const broken = invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`);
    return {
      problems: defect !== null ? [`defect: ${defect.message}`, ...broken] : broken.length > 0 ? broken : unexpectedEnds(of, commands),
      traceHash: simulation.fingerprint(),
      events: simulation.events,
      portOperations: simulation.enginePortOperations,
      crashed,
    };
  } finally {
    await simulation.dispose();
  }
}

function unexpectedEnds(of: FailureCase, commands: readonly Pick<CommandResult, 'id' | 'status' | 'exists'>[]): readonly string[] {
  const open = commands.filter(({ status }) => !isTerminal(status)).map(({ id, status }) => `ends: ${id} is ${status}`);
  if (open.length > 0) return open;
  const ends = commands
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map(endOf)
    .join(', ');
  const expected = typeof of.ends === 'string' ? [of.ends] : of.ends;
  return expected === null || expected.includes(ends) ? [] : [`ends: ${ends || 'no command'}, expected ${expected.join(' or ')}`];
}
