import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { SimulationEvent } from '../../../sim/embed/interface.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { FAILURE_CASES } from '../failure-cases.js';
import { crashAt, scenarioWith, reproduction, type Changes } from '../scenario.js';

// One run per seed, and the ways to drive it. All randomness is derived from the seed, so that every process makes the same choices.

/** The hash of a run, and how long it was. */
export interface Course {
  readonly traceHash: string;
  readonly events: number;
  /** Virtual µs. */
  readonly end: number;
}

/** A prime, so that a few seeds already have cases of every kind, and many have all. */
const STRIDE = 104_729;

/** Every seed has one of the failures, and a crash of the engine. */
function changesOf(seed: number): Changes {
  const changes: Changes = FAILURE_CASES[(seed * STRIDE) % FAILURE_CASES.length] ?? { faults: [] };
  return { ...changes, faults: [...changes.faults, crashAt({ at: 'event', n: 10 + ((seed * 37) % 500) })] };
}

export function scenarioOf(seed: number): Promise<Scenario> {
  return scenarioWith(changesOf(seed));
}

/** The command line that gives the same run again. */
export function reproductionOf(seed: number): string {
  return reproduction(changesOf(seed), seed);
}

export interface Following {
  /** Default: one `run()`. */
  readonly drive?: Drive;
  /** Is given each event as a line that can be compared with another run's. */
  readonly onEvent?: (line: string) => void;
}

export async function inMemory(seed: number, following: Following = {}): Promise<Course> {
  return courseOf(await Simulation.create(await scenarioOf(seed), { seed }), following);
}

/** On LevelDB, in a directory that is gone afterwards. */
export async function onLevelDb(seed: number, following: Following = {}): Promise<Course> {
  const directory = await mkdtemp(join(tmpdir(), 'seatbelt-determinism-'));
  try {
    return await courseOf(await Simulation.create(await scenarioOf(seed), { seed, db: join(directory, 'db') }), following);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function courseOf(simulation: Simulation, { drive = (it) => it.run(), onEvent }: Following): Promise<Course> {
  if (onEvent !== undefined) simulation.on('event', (event) => onEvent(lineOf(event, simulation.fingerprint())));
  try {
    await drive(simulation);
    return outcomeOf(simulation);
  } finally {
    await simulation.dispose();
  }
}

function outcomeOf(simulation: Simulation): Course {
  return { traceHash: simulation.fingerprint(), events: simulation.events, end: simulation.now };
}

/** Brings a simulation to its end. */
export type Drive = (simulation: Simulation) => Promise<void>;

export const singleSteps: Drive = async (simulation) => {
  while ((await simulation.step()) > 0);
};

/**
 * Slices of time of random lengths; the ends of some are the time of an event, before or after it.
 * @param end of the run, µs: behind it, only background events happen
 */
export function slices(seed: number, end: number): Drive {
  return async (simulation) => {
    const generator = xoroshiro128plus(seed);
    for (;;) {
      const next = simulation.peek() ?? end;
      const to = uniformInt(generator, 0, 2) === 0 ? next : next + uniformInt(generator, 0, 1_000_000);
      if (to >= end) break;
      await simulation.runUntil(to, { inclusive: uniformInt(generator, 0, 1) === 0 });
    }
    await simulation.run();
  };
}

/** Two simulations in one process, taking turns of random lengths. */
export async function interleaved(one: number, other: number): Promise<readonly [Course, Course]> {
  const create = async (seed: number): Promise<Simulation> => Simulation.create(await scenarioOf(seed), { seed });
  const simulations = [await create(one), await create(other)] as const;
  const generator = xoroshiro128plus(one);
  const open = new Set<Simulation>(simulations);
  try {
    while (open.size > 0) {
      for (const simulation of open) if ((await simulation.step(uniformInt(generator, 1, 50))) === 0) open.delete(simulation);
    }
    return [outcomeOf(simulations[0]), outcomeOf(simulations[1])];
  } finally {
    for (const simulation of simulations) await simulation.dispose();
  }
}

/** The hash stands for everything before it, draws included. */
function lineOf({ n, t, node, kind, label, content }: SimulationEvent, traceHash: string): string {
  return `event ${n} at ${t} µs: ${node} ${kind} ${label} ${describe(content)} [${traceHash}]`;
}

function describe(content: unknown): string {
  const seen = new WeakSet<object>();
  const text = JSON.stringify(content, (_, value: unknown) => {
    if (typeof value === 'bigint' || typeof value === 'function') return typeof value;
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '…';
    seen.add(value);
    return value;
  });
  return text === undefined ? '' : text.slice(0, 500);
}
