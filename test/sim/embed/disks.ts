import { begin, goOn, type RunStore } from '../../../sim/embed/run-store.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import type { OpenDisk } from '../../../src/store/disk.js';
import { finished } from './finished.js';

/** The two disks of a run, which a power cut leaves as they are at that moment. */
export class Disks {
  #engine = new MemoryDisk();
  #world = new MemoryDisk();

  begin(scenario: Scenario, seed: number): Promise<RunStore> {
    return begin({ engine: this.#openEngine, world: this.#world }, { scenario, seed, module: null });
  }

  goOn(): Promise<RunStore> {
    this.#world = this.#world.clone();
    return goOn({ engine: this.#openEngine, world: this.#world });
  }

  readonly #openEngine = async (): Promise<OpenDisk> => (this.#engine = this.#engine.clone());
}

/** A run whose power is cut after that many further events, as often as there are numbers, and which then goes on to its end. */
export async function cutAt(scenario: Scenario, seed: number, cuts: readonly number[]): Promise<RunResult> {
  const disks = new Disks();
  let simulation = await Simulation.on(await disks.begin(scenario, seed));
  for (const events of cuts) {
    await simulation.step(events);
    await simulation.dispose();
    simulation = await Simulation.on(await disks.goOn());
  }
  return finished(simulation);
}
