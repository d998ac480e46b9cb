import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { RunLog } from '../report/log.js';
import { held, type RunReport } from '../report/result.js';
import { COLOURED, PLAIN, type Style } from '../report/style.js';
import { summary } from '../report/summary.js';
import { Timeline } from '../report/timeline.js';
import { EXIT, type CliIo } from './io.js';
import { showProgress } from './progress.js';
import { rerunLine } from './rerun.js';
import type { RunnableSimulation, Services } from './services.js';
import { findScenario } from './scenario-file.js';
import { withStoreDirectory } from './store-directory.js';

export interface RunOptions {
  readonly seed: number;
  readonly db?: string;
  readonly json: boolean;
  readonly set: readonly string[];
  readonly log?: string;
}

/** `seatbelt run`. @returns the exit code. @throws SeatbeltError on bad input */
export async function run(name: string, options: RunOptions, io: CliIo, services: Services): Promise<number> {
  const scenario = await findScenario(name, { vocabulary: services.vocabulary, cwd: io.cwd, set: options.set });
  const log = options.log === undefined ? null : new RunLog(resolve(io.cwd, options.log));
  return withStoreDirectory(options.db, io.cwd, async (db) => {
    const simulation = await services.createSimulation(scenario, { seed: options.seed, db });
    try {
      if (log !== null) {
        simulation.on('probe', (event) => log.probe(event));
        simulation.on('violation', (violation) => log.violation(violation));
      }
      const first = await observed(simulation, options, io);
      if (first === undefined) return EXIT.interrupted;
      const repetition = await firstOf(services.repeats(scenario, { seed: options.seed }, first.traceHash), io.signal);
      if (repetition === 'interrupted') return EXIT.interrupted;
      const report = { ...first, invariants: [...first.invariants, repetition] };
      if (options.json) io.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
      else io.stdout.write(`\n${summary(report, rerunLine(name, options, io.program), styleFor(io)).join('\n')}\n`);
      return held(report) ? EXIT.held : EXIT.broken;
    } finally {
      await simulation.dispose();
      log?.close();
    }
  });
}

/** Runs to the end, or until the user interrupts: then there is no report. */
async function observed(simulation: RunnableSimulation, options: RunOptions, io: CliIo): Promise<RunReport | undefined> {
  if (!options.json) printTimeline(simulation, io);
  // A timeline on a terminal is progress enough.
  const stopProgress = options.json || !io.stdout.isTTY ? showProgress(simulation, io.stderr) : () => undefined;
  const begin = performance.now();
  try {
    if ((await firstOf(simulation.run(), io.signal)) === 'interrupted') return undefined;
    const wallTimeMs = Math.round(performance.now() - begin);
    return { ...simulation.result(), wallTimeMs };
  } finally {
    stopProgress();
  }
}

function printTimeline(simulation: RunnableSimulation, io: CliIo): void {
  const timeline = new Timeline(styleFor(io));
  io.stdout.write(`${timeline.heading()}\n`);
  simulation.on('probe', (event) => {
    const line = timeline.line(event);
    if (line !== undefined) io.stdout.write(`${line}\n`);
  });
}

async function firstOf<T>(running: Promise<T>, signal: AbortSignal): Promise<T | 'interrupted'> {
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

function styleFor(io: CliIo): Style {
  return io.stdout.isTTY && (io.env['NO_COLOR'] ?? '') === '' ? COLOURED : PLAIN;
}
