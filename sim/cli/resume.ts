import { resolve } from 'node:path';
import type { SeenCommits } from '../../actors/wire.js';
import { held } from '../report/result.js';
import { summary } from '../report/summary.js';
import { observed, openLog, styleFor, tellHowToGoOn, type CourseOptions } from './course.js';
import { EXIT, type CliIo } from './io.js';
import { orTellHowToAccept } from './older-store.js';
import type { Services } from './services.js';

export interface ResumeOptions extends CourseOptions {
  readonly db: string;
  readonly acceptOlderStore?: SeenCommits;
}

/** `seatbelt resume`. @returns the exit code, as `run` would. @throws SeatbeltError on bad input */
export async function resume(options: ResumeOptions, io: CliIo, services: Services): Promise<number> {
  const { db, acceptOlderStore } = options;
  const decision = acceptOlderStore === undefined ? {} : { acceptOlderStore };
  const simulation = await orTellHowToAccept(db, io, () => services.resumeSimulation(resolve(io.cwd, db), decision));
  try {
    const log = openLog(options, io, 'append');
    try {
      const report = await observed(simulation, options, log, io);
      if (report === undefined) {
        tellHowToGoOn(simulation, db, io);
        return EXIT.interrupted;
      }
      if (options.json) io.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
      else io.stdout.write(`\n${summary(report, null, styleFor(io)).join('\n')}\n`);
      return held(report) ? EXIT.held : EXIT.broken;
    } finally {
      log?.close();
    }
  } finally {
    await simulation.dispose();
  }
}
