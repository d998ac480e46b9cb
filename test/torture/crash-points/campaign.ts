import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { FailureCase } from '../failure-case.js';
import { scenarioWith, reproduction, type EnginePoint } from '../scenario.js';
import { blowAt, type Blow } from './blow.js';
import { wrongEnds, wrongEndsWithoutSpm } from './ends.js';

export interface Course {
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  readonly traceHash: string;
  readonly events: number;
  readonly portOperations: number;
  /** What was to happen at the point has happened: the engine was up, or there was an SPM. */
  readonly struck: boolean;
  /** The commands, in order. */
  readonly ids: readonly string[];
  /** All of them ended as in the case without any blow. */
  readonly unchanged: boolean;
}

/** One case of a campaign, without any blow: the source of its points. */
export interface Reference {
  readonly of: FailureCase;
  readonly seed: number;
  readonly course: Course;
}

/** A run that went wrong. */
export interface Finding {
  readonly case: string;
  /** Null: the run without any. */
  readonly blow: Struck | null;
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

/** What happens, and where. */
export interface Struck {
  readonly blow: Blow;
  readonly point: EnginePoint;
}

/** The run of a case in which the engine crashes at `point`, its disk in memory. */
export function crash(unhurt: Reference, point: EnginePoint): Promise<Course> {
  return strike(unhurt, { blow: 'engine', point });
}

/** The same for any blow. */
export function strike(unhurt: Reference, struck: Struck): Promise<Course> {
  return follow(withBlow(unhurt.of, struck), unhurt.seed, { struck, unhurt: unhurt.course });
}

/** The same on LevelDB, in a directory that is gone afterwards. */
async function strikeOnLevelDb(unhurt: Reference, struck: Struck): Promise<Course> {
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-crash-'));
  try {
    return await follow(withBlow(unhurt.of, struck), unhurt.seed, { struck, unhurt: unhurt.course }, join(directory, 'db'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** So many runs in memory go with one on LevelDB. */
const LEVELDB_SHARE = 20;

/** A blow of a sweep. */
export interface Stroke {
  readonly course: Course;
  /** It was also run on LevelDB. */
  readonly onLevelDb: boolean;
  readonly finding: Finding | null;
}

/** Which blows of a case a sweep takes. */
export interface Sweep {
  readonly blow: Blow;
  /** Only every so many-th point, from the first. */
  readonly every: number;
  /** From which point, from 0. Default: the first. */
  readonly from?: number;
  /** Which of those, by their number from 0: the others are somebody else's. Default: all. */
  readonly mine?: (n: number) => boolean;
}

/** Strikes at points of a case, one after the other. */
export async function* sweep(unhurt: Reference, { blow, every, from = 0, mine = () => true }: Sweep): AsyncGenerator<Stroke> {
  const points = pointsOf(unhurt).filter((_, i) => i >= from && (i - from) % every === 0);
  for (const [n, point] of points.entries()) {
    if (!mine(n)) continue;
    const struck = { blow, point };
    const course = await strike(unhurt, struck);
    const problems = [...course.problems];
    const onLevelDb = n % LEVELDB_SHARE === 0;
    if (onLevelDb) {
      const { traceHash } = await strikeOnLevelDb(unhurt, struck);
      if (traceHash !== course.traceHash) problems.push(`determinism: trace ${traceHash} on LevelDB, ${course.traceHash} in memory`);
    }
    yield { course, onLevelDb, finding: problems.length === 0 ? null : findingOf(unhurt, struck, problems) };
  }
}

export function findingOf({ of, seed }: Reference, blow: Struck | null, problems: readonly string[]): Finding {
  return { case: of.name, blow, problems, again: reproduction(blow === null ? of : withBlow(of, blow), seed) };
}

function withBlow(of: FailureCase, { blow, point }: Struck): FailureCase {
  return { ...of, faults: [...of.faults, blowAt(blow, point)] };
}

/** @param hit what happens in the run, as the last of its faults, and the course without it; default: nothing does */
async function follow(of: FailureCase, seed: number, hit: { readonly struck: Struck; readonly unhurt: Course } | null = null, db?: string): Promise<Course> {
  const simulation = await Simulation.create(await scenarioWith(of), db === undefined ? { seed } : { seed, db });
  try {
    const defect = await simulation.run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const { invariants, commands, unused } = simulation.result();
    const broken = invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`);
    const different = wrongEnds(of, commands);
    const wrong = hit === null || hit.struck.blow === 'engine' ? different : wrongEndsWithoutSpm(of, hit.unhurt.ids, commands);
    return {
      problems: defect !== null ? [`defect: ${defect.message}`, ...broken] : broken.length > 0 ? broken : wrong,
      traceHash: simulation.fingerprint(),
      events: simulation.events,
      portOperations: simulation.enginePortOperations,
      struck: hit !== null && !unused.some(({ fault }) => fault === of.faults.length - 1),
      ids: commands.map(({ id }) => id).toSorted((one, other) => (one < other ? -1 : 1)),
      unchanged: different.length === 0,
    };
  } finally {
    await simulation.dispose();
  }
}
