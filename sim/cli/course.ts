import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { RunLog } from '../report/log.js';
import type { RunReport } from '../report/result.js';
import { clock, COLOURED, PLAIN, type Style } from '../report/style.js';
import { Timeline } from '../report/timeline.js';
import type { CliIo } from './io.js';
import { showProgress } from './progress.js';
import type { RunnableSimulation } from './services.js';
import { commandLine } from './shell.js';
import { wallClock } from './wall-clock.js';

export interface CourseOptions {
  readonly json: boolean;
  /** How many times as fast as the wall clock; undefined: as fast as it goes. */
  readonly realtime?: number;
  readonly log?: string;
}

/** How a run is to be shown: a log file, if there is to be one, is open from now on, so that one that cannot be written stops nothing half-way. */
export function openLog(options: CourseOptions, io: CliIo, mode: 'new' | 'append'): RunLog | null {
  return options.log === undefined ? null : new RunLog(resolve(io.cwd, options.log), mode);
}

/** Runs to the end and shows what happens, or until the user interrupts: then there is no report. */
export async function observed(simulation: RunnableSimulation, options: CourseOptions, log: RunLog | null, io: CliIo): Promise<RunReport | undefined> {
  if (log !== null) {
    simulation.on('probe', (event) => log.probe(event));
    simulation.on('violation', (violation) => log.violation(violation));
  }
  if (!options.json) printTimeline(simulation, io);
  // A timeline on a terminal is progress enough.
  const stopProgress = options.json || !io.stdout.isTTY ? showProgress(simulation, io.stderr) : () => undefined;
  const begin = performance.now();
  const pace = options.realtime === undefined ? undefined : wallClock(simulation.now, options.realtime, io.signal);
  try {
    if ((await firstOf(simulation.run(pace), io.signal)) === 'interrupted') return undefined;
    const wallTimeMs = Math.round(performance.now() - begin);
    return { ...simulation.result(), wallTimeMs };
  } finally {
    stopProgress();
  }
}

/** Of a run that is kept: tells how to go on with it. @param db as the user named it */
export function tellHowToGoOn(simulation: RunnableSimulation, db: string, io: CliIo): void {
  const toGoOn = commandLine([...io.program, 'resume', '--db', db]);
  io.stderr.write(`seatbelt: stopped at ${clock(simulation.now)} of virtual time; to go on: ${toGoOn}\n`);
}

function printTimeline(simulation: RunnableSimulation, io: CliIo): void {
  const timeline = new Timeline(styleFor(io));
  timeline.remember(simulation.result());
  io.stdout.write(`${timeline.heading()}\n`);
  simulation.on('probe', (event) => {
    const line = timeline.line(event);
    if (line !== undefined) io.stdout.write(`${line}\n`);
  });
}

export async function firstOf<T>(running: Promise<T>, signal: AbortSignal): Promise<T | 'interrupted'> {
  let stop = (): void => undefined;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    stop = () => resolve('interrupted');
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([interrupted, running]);
  } finally {
    signal.removeEventListener('abort', stop);
    // What an interrupted run still rejects with, as it is disposed of, is nobody's concern.
    running.catch(() => undefined);
  }
}

export function styleFor(io: CliIo): Style {
  return io.stdout.isTTY && (io.env['NO_COLOR'] ?? '') === '' ? COLOURED : PLAIN;
}
