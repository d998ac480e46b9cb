import { access, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SeatbeltError } from '../model/errors.js';
import type { OpenDisk } from './disk.js';
import { openLevelDisk } from './level-disk.js';

/*
 * What the user names as the place of a store:
 *   seatbelt.json   the marker: without it, the directory is not ours and is not touched
 *   engine/         the engine's LevelDB
 * It is made in that order, each step synced, so that after a crash in between it is taken up again.
 */
const MARKER = 'seatbelt.json';
const MARKER_IN_THE_MAKING = `${MARKER}.tmp`;
const ENGINE = 'engine';

const DIRECTORY_VERSION = 1;
const markerShape = z.object({ format: z.literal('seatbelt'), version: z.int().min(1) });

/**
 * Makes a store's directory, which must be absent, empty, or left over from a creation that was cut short, and opens its disk, which is empty: to be
 * given to `SnapshotStore.initialise`. Parents are made as needed.
 * @throws SeatbeltError `STORE_NOT_OURS` the directory holds something else; nothing was touched
 * @throws SeatbeltError `STORE_NOT_EMPTY` it holds a store
 * @throws SeatbeltError `STORE_VERSION` a later version of this program made it
 * @throws SeatbeltError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_READ_FAILED`, `STORE_WRITE_FAILED`
 */
export async function createStoreDirectory(directory: string): Promise<OpenDisk> {
  const found = await lookAt(directory);
  if (found === 'foreign') throw notOurs(directory);
  await orWriteFailed(directory, async () => {
    if (found !== 'marked') await writeMarker(directory);
    await makeDirectory(join(directory, ENGINE));
  });
  const disk = await openLevelDisk(join(directory, ENGINE), { create: true });
  if ((await disk.scan('')).length === 0) return disk;
  await disk.close();
  throw new SeatbeltError('STORE_NOT_EMPTY', `${directory} already holds a store`);
}

/**
 * Opens the disk of a store's directory: for `SnapshotStore.open`, `readStore` and `scanStore`.
 * @throws SeatbeltError `STORE_MISSING` the directory does not exist, is empty, or its creation was cut short; nothing is created
 * @throws SeatbeltError `STORE_NOT_OURS` the directory holds something else; nothing was touched
 * @throws SeatbeltError `STORE_VERSION` a later version of this program made it
 * @throws SeatbeltError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_READ_FAILED`
 */
export async function openStoreDirectory(directory: string): Promise<OpenDisk> {
  const found = await lookAt(directory);
  if (found === 'foreign') throw notOurs(directory);
  if (found === 'vacant') throw new SeatbeltError('STORE_MISSING', `${directory}: there is no store`);
  return openLevelDisk(join(directory, ENGINE), { create: false });
}

/** `vacant`: absent, empty, or with nothing but a marker in the making. Throws if the marker is of a later version, or cannot be read. */
async function lookAt(directory: string): Promise<'vacant' | 'marked' | 'foreign'> {
  const names = await namesIn(directory);
  if (names === 'notADirectory') return 'foreign';
  if (names.includes(MARKER)) return (await hasValidMarker(directory)) ? 'marked' : 'foreign';
  return names.every((name) => name === MARKER_IN_THE_MAKING) ? 'vacant' : 'foreign';
}

async function namesIn(directory: string): Promise<readonly string[] | 'notADirectory'> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    if (isSystemError(error, 'ENOTDIR')) return 'notADirectory';
    throw readFailed(directory, error);
  }
}

async function hasValidMarker(directory: string): Promise<boolean> {
  const file = join(directory, MARKER);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw readFailed(file, error);
  });
  const marker = markerShape.safeParse(parsed(text));
  if (!marker.success) return false;
  if (marker.data.version > DIRECTORY_VERSION) {
    const versions = `version ${marker.data.version}, this program reads version ${DIRECTORY_VERSION}`;
    throw new SeatbeltError('STORE_VERSION', `${file}: the store's directory has ${versions}`);
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Makes it and its parents as needed, each synced. Node's own way of doing that never ends where the file system says of a place that it is not there
 * whatever is made before it, as /proc does.
 */
async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory);
  try {
    await mkdir(directory);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && !(await isThere(parent))) {
      await makeDirectory(parent);
      await mkdir(directory);
    } else if (!isSystemError(error, 'EEXIST')) throw error;
  }
  await syncDirectory(parent);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Atomic: after a crash there is the whole marker, or none. */
async function writeMarker(directory: string): Promise<void> {
  await makeDirectory(directory);
  const temporary = join(directory, MARKER_IN_THE_MAKING);
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(`${JSON.stringify({ format: 'seatbelt', version: DIRECTORY_VERSION })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, MARKER));
}

/** Makes the names in it durable. */
async function syncDirectory(directory: string): Promise<void> {
  // There, a directory cannot be opened, and need not be.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function orWriteFailed(directory: string, operation: () => Promise<void>): Promise<void> {
  try {
    await operation();
  } catch (cause) {
    throw new SeatbeltError('STORE_WRITE_FAILED', `${directory}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function notOurs(directory: string): SeatbeltError {
  const what = `it has no valid ${MARKER}, so it is no seatbelt store`;
  return new SeatbeltError('STORE_NOT_OURS', `${directory} holds something else: ${what}; nothing was touched`);
}

function readFailed(path: string, cause: unknown): SeatbeltError {
  return new SeatbeltError('STORE_READ_FAILED', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
