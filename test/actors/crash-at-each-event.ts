import type { EngineRig } from './engine-rig.js';

/** Runs a rig to its end. */
export type ToTheEnd = (rig: EngineRig) => Promise<void>;

/**
 * Plays a case without a crash, and then again for each event: with a crash of the engine right after it, wherever it is up.
 * @param play sets up a rig, runs it with what it is given, and says what must be true then
 * @returns how many events there are without a crash
 */
export async function crashAtEachEvent(play: (run: ToTheEnd) => Promise<void>): Promise<number> {
  const events = await withCrashAt(play, null);
  for (let event = 1; event < events; event += 1) {
    try {
      await withCrashAt(play, event);
    } catch (error) {
      throw new Error(`with a crash after event ${event} of ${events}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return events;
}

async function withCrashAt(play: (run: ToTheEnd) => Promise<void>, event: number | null): Promise<number> {
  let ran = 0;
  await play(async (rig) => {
    while ((await rig.kernel.step()) > 0) {
      ran += 1;
      if (ran === event && rig.engine.life !== null) rig.restart();
    }
    // Nothing is left to run: this says whether an actor threw.
    await rig.run();
  });
  return ran;
}
