import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Processor time of this process so far, µs: on a machine that others use too, the clock on the wall measures them. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Collects all garbage. @returns the bytes of the heap that are in use then */
export function collectGarbage(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a first pass finalises, a second frees.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
