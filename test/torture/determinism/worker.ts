import { tell } from '../processes.js';
import { inMemory, onLevelDb } from './course.js';

// Runs seeds in an order: `worker memory|leveldb forwards|backwards FIRST LAST [TRACED]`. With TRACED, it ends after that seed,
// and tells its events.

export type WorkerMessage =
  | { readonly type: 'ran'; readonly seed: number; readonly traceHash: string }
  | { readonly type: 'traced'; readonly lines: readonly string[] };

const [disk = 'memory', order = 'forwards', first = '1', last = '1', traced] = process.argv.slice(2);
const send = (message: WorkerMessage): Promise<void> => tell(message);
const follow = disk === 'leveldb' ? onLevelDb : inMemory;

const seeds = Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
for (const seed of order === 'backwards' ? seeds.toReversed() : seeds) {
  if (traced !== undefined && seed === Number(traced)) {
    const lines: string[] = [];
    await follow(seed, { onEvent: (line) => lines.push(line) });
    await send({ type: 'traced', lines });
    break;
  }
  const { traceHash } = await follow(seed);
  await send({ type: 'ran', seed, traceHash });
}

// The channel to the parent would keep this process.
process.disconnect();
