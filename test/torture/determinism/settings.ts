import { program } from '../compiled.js';
import { runProcess } from '../processes.js';
import type { WorkerMessage } from './worker.js';

/** A process to run seeds in: what must not matter differs from one to the other. */
export interface Setting {
  readonly name: string;
  readonly disk: 'memory' | 'leveldb';
  readonly order: 'forwards' | 'backwards';
  readonly timeZone: string;
  readonly heapMb: number;
}

export const ONE: Setting = { name: 'one process', disk: 'memory', order: 'forwards', timeZone: 'UTC', heapMb: 256 };
export const ANOTHER: Setting = {
  name: 'another process, time zone, heap and order',
  disk: 'memory',
  order: 'backwards',
  timeZone: 'Asia/Kathmandu',
  heapMb: 2048,
};
export const LEVELDB: Setting = { name: 'LevelDB', disk: 'leveldb', order: 'forwards', timeZone: 'America/St_Johns', heapMb: 512 };

/** Runs the seeds from `first` to `last` in a process of its own. */
export async function hashesOf(setting: Setting, first: number, last: number, onRun: () => void): Promise<ReadonlyMap<number, string>> {
  const hashes = new Map<number, string>();
  await worker(setting, [first, last], (message) => {
    if (message.type !== 'ran') return;
    hashes.set(message.seed, message.traceHash);
    onRun();
  });
  return hashes;
}

/** The events of one seed, after the same ones have run in the same process as in {@link hashesOf}. */
export async function eventsOf(setting: Setting, first: number, last: number, seed: number): Promise<readonly string[]> {
  let events: readonly string[] = [];
  await worker(setting, [first, last, seed], (message) => {
    if (message.type === 'traced') events = message.lines;
  });
  return events;
}

function worker({ disk, order, timeZone, heapMb }: Setting, numbers: readonly number[], onMessage: (message: WorkerMessage) => void): Promise<void> {
  const options = { env: { ...process.env, TZ: timeZone }, execArgv: [`--max-old-space-size=${heapMb}`] };
  return runProcess(program('determinism/worker.js'), [disk, order, ...numbers.map(String)], (message) => onMessage(message as WorkerMessage), options);
}
