import { drawFrom, type Distribution } from './distribution.js';

/** How long something takes, in whole µs. */
export type Latency = Distribution;

/** A century: longer than any run, and still a whole number that a double holds exactly when a clock is added. */
export const FOREVER_US = 100 * 365 * 24 * 3600 * 1e6;

/** Turns one draw into a latency, whole µs from 0 to {@link FOREVER_US}. @param draw from [0, 1) */
export function drawLatency(latency: Latency, draw: number): number {
  return Math.min(FOREVER_US, Math.max(0, Math.round(drawFrom(latency, draw))));
}
