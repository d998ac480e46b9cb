import { join } from 'node:path';
import type { SeenCommits } from '../../actors/wire.js';
import type { CommandDefinition } from '../../src/model/command.js';
import { asData, type Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { createStoreDirectory, openStoreDirectory } from '../../src/store/directory.js';
import type { DiskEntry, OpenDisk } from '../../src/store/disk.js';
import { openLevelDisk } from '../../src/store/level-disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { readStore } from '../../src/store/read-store.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { packageVersion } from '../scenario/package-root.js';
import type { Scenario } from '../scenario/schema.js';
import { initialEntities } from '../world/initial-entities.js';
import { WorldStore } from '../world/world-store.js';
import { lostCommits } from './older-store.js';

/*
 * The directory of a run:
 *   seatbelt.json   the marker of a store's directory
 *   engine/         the engine's LevelDB
 *   world/          the LevelDB of the world around it
 * The world's is made first: from what it says of the run, an engine's store that was not made in time can be made later.
 */
const WORLD = 'world';

/** What a run is: all that follows, follows from this. */
export interface Run {
  readonly scenario: Scenario;
  readonly seed: number;
  /** The file that the scenario's own commands come from, if they are code in a file; absolute. */
  readonly module: string | null;
}

/** Finds the commands that a scenario brings along in code, which no store can hold. @param module as in {@link Run} */
export type FindDefinitions = (module: string | null) => Promise<readonly CommandDefinition[]>;

/** What a run is kept on. */
export interface RunStore {
  readonly run: Run;
  /** What the engine's disk holds, in the order of keys. */
  readonly entries: readonly DiskEntry[];
  /** Opens the engine's disk, with all that was written before; called at each start of the engine. */
  readonly reopen: () => Promise<OpenDisk>;
  /** Null if the run ends with the process. */
  readonly world: WorldStore | null;
  /** What an operator has decided to go on without, though hosts have seen it; null if the engine's store is not older. */
  readonly lost: SeenCommits | null;
}

/** The disks under a run: of the engine, opened anew at each of its starts, and of the world, null if the run ends with the process. */
export interface RunDisks {
  readonly engine: () => Promise<OpenDisk>;
  readonly world: OpenDisk | null;
}

/** A run that ends with the process: the engine's disk is in memory. */
export function createInMemory(run: Run): Promise<RunStore> {
  let disk = new MemoryDisk();
  return begin({ engine: async () => (disk = disk.clone()), world: null }, run);
}

/**
 * A new run, kept in `directory`.
 * @throws SeatbeltError `STORE_NOT_EMPTY`, `STORE_NOT_OURS`, `STORE_LOCKED` and the other errors of creating a store there
 */
export async function createRun(directory: string, run: Run): Promise<RunStore> {
  await (await createStoreDirectory(directory)).close();
  const world = await openLevelDisk(join(directory, WORLD), { create: true });
  return closedUnlessDone(world, () => begin({ engine: () => openStoreDirectory(directory), world }, run));
}

/**
 * A run that another process has begun in `directory`.
 * @throws SeatbeltError `BAD_SCENARIO` a command that its scenario brings along is missing
 * @throws SeatbeltError `STORE_MISSING` there is none, or only an engine's store, or the process died before it had begun
 * @throws SeatbeltError `STORE_VERSION` another version of this program began it
 * @throws OlderStore the engine's store is an older copy, and the decision is not about just that; nothing was changed
 * @throws SeatbeltError `STORE_NOT_OURS`, `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_READ_FAILED`
 */
export async function openRun(directory: string, find: FindDefinitions, decision?: SeenCommits): Promise<RunStore> {
  await (await openStoreDirectory(directory)).close();
  const world = await openLevelDisk(join(directory, WORLD), { create: false });
  return closedUnlessDone(world, () => goOn({ engine: () => openStoreDirectory(directory), world }, find, decision));
}

/** Makes empty disks those of a run. @throws SeatbeltError `STORE_NOT_EMPTY`, `STORE_WRITE_FAILED` */
export async function begin({ engine, world }: RunDisks, run: Run): Promise<RunStore> {
  const kept = world === null ? null : await WorldStore.create(world, recordOf(run));
  const disk = await engine();
  return closedAfter(disk, async () => {
    await initialise(disk, run);
    return { run, entries: await disk.scan(''), reopen: engine, world: kept, lost: null };
  });
}

/** Reads what another process has left on the disks. @throws as {@link openRun} */
export async function goOn(
  { engine, world }: RunDisks & { readonly world: OpenDisk },
  find: FindDefinitions = async () => [],
  decision?: SeenCommits,
): Promise<RunStore> {
  const kept = await WorldStore.open(world);
  const run = await runOf(kept.run, find);
  const disk = await engine();
  return closedAfter(disk, async () => {
    if ((await disk.scan('')).length === 0) await initialise(disk, run);
    const { identity, head } = await readStore(disk);
    if (identity.storeId !== storeId(run)) {
      throw new SeatbeltError('STORE_NOT_OURS', `the engine's store is of the run ${identity.storeId}, and the world's of ${storeId(run)}`);
    }
    return { run, entries: await disk.scan(''), reopen: engine, world: kept, lost: lostCommits(kept, identity.storeId, head, decision) };
  });
}

/** Not drawn at random: the trace must not depend on it. */
function storeId({ scenario, seed }: Run): string {
  return `${scenario.name}-${seed}`;
}

function initialise(disk: OpenDisk, run: Run): Promise<void> {
  return SnapshotStore.initialise(disk, { storeId: storeId(run), entities: initialEntities(run.scenario) });
}

/** A {@link Run} on disk. */
type RunRecord = {
  /** The version of the program that began it. */
  readonly program: string;
  /** But for what is code. */
  readonly scenario: Data;
  readonly seed: number;
  readonly module: string | null;
  /** The types of the commands that the scenario brings along in code. */
  readonly definitions: readonly string[];
};

function recordOf({ scenario, seed, module }: Run): RunRecord {
  const { definitions = [], ...data } = scenario;
  return { program: packageVersion(), scenario: asData(data, 'the scenario'), seed, module, definitions: definitions.map(({ type }) => type) };
}

async function runOf(found: Data, find: FindDefinitions): Promise<Run> {
  // This program wrote it, and its checksum says that it is what was written.
  const record = found as RunRecord;
  if (record.program !== packageVersion()) {
    const versions = `version ${record.program} of seatbelt, and this is version ${packageVersion()}, which may understand its scenario differently`;
    throw new SeatbeltError('STORE_VERSION', `the run was begun by ${versions}`);
  }
  const definitions = await definitionsOf(record, find);
  const scenario = record.scenario as unknown as Scenario;
  return { scenario: definitions.length === 0 ? scenario : { ...scenario, definitions }, seed: record.seed, module: record.module };
}

/** What the scenario brings along in code, as it is now: of other versions perhaps, but nothing may be missing. */
async function definitionsOf({ module, definitions: types }: RunRecord, find: FindDefinitions): Promise<readonly CommandDefinition[]> {
  const definitions = await find(module).catch((cause: unknown) => {
    if (!(cause instanceof SeatbeltError) || types.length === 0) throw cause;
    throw new SeatbeltError(cause.code, `${cause.message}; the run has commands of this file: ${types.join(', ')}`, { cause });
  });
  const missing = types.filter((type) => definitions.every((definition) => definition.type !== type));
  if (missing.length > 0) throw new SeatbeltError('BAD_SCENARIO', `${module ?? 'the run'}: the scenario brought along commands that are not there any more: ${missing.join(', ')}`);
  return definitions;
}

async function closedAfter<T>(disk: OpenDisk, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await disk.close();
  }
}

async function closedUnlessDone<T>(disk: OpenDisk, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await disk.close();
    throw error;
  }
}
