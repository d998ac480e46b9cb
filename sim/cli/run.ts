import { held } from '../report/result.js';
import { summary } from '../report/summary.js';
import { firstOf, observed, openLog, styleFor, tellHowToGoOn, type CourseOptions } from './course.js';
import { EXIT, type CliIo } from './io.js';
import { rerunLine } from './rerun.js';
import { findScenario } from './scenario-file.js';
import type { Services } from './services.js';
import { withStoreDirectory } from './store-directory.js';

export interface RunOptions extends CourseOptions {
  readonly seed: number;
  readonly db?: string;
  readonly set: readonly string[];
}

/** `seatbelt run`. @returns the exit code. @throws SeatbeltError on bad input */
export async function run(name: string, options: RunOptions, io: CliIo, services: Services): Promise<number> {
  const { scenario, module } = await findScenario(name, { vocabulary: services.vocabulary, cwd: io.cwd, set: options.set });
  const { seed } = options;
  const log = openLog(options, io, 'new');
  return withStoreDirectory(options.db, io.cwd, async (db) => {
    const simulation = await services.createSimulation(scenario, { seed, db, ...(module === null ? {} : { module }) });
    try {
      const first = await observed(simulation, options, log, io);
      if (first === undefined) {
        if (options.db !== undefined) tellHowToGoOn(simulation, options.db, io);
        return EXIT.interrupted;
      }
      const repetition = await firstOf(services.repeats(scenario, { seed, signal: io.signal }, first.traceHash), io.signal);
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
