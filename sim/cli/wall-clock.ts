import { performance } from 'node:perf_hooks';
import type { Pace } from '../embed/interface.js';

/** The longest that a timer of Node's can wait, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Lets virtual time pass with the wall clock.
 * @param from the virtual time that it is now, µs
 * @param factor how many times as fast
 * @param signal once aborted, nothing is waited for any more
 */
export function wallClock(from: number, factor: number, signal: AbortSignal): Pace {
  const begin = performance.now();
  const virtualNow = (): number => from + Math.floor((performance.now() - begin) * 1000 * factor);
  return async (t) => {
    const dueMs = begin + (t - from) / 1000 / factor;
    for (let left = dueMs - performance.now(); left > 0 && !signal.aborted; left = dueMs - performance.now()) {
      await waited(Math.min(Math.ceil(left), LONGEST_MS), signal);
    }
    return Math.max(t, virtualNow());
  };
}

/** Resolved after so many ms, or once it is aborted. */
function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
