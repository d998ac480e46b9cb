import { Simulation } from '../../../sim/embed/simulation.js';
import { isHeld } from '../../../src/flow/state.js';
import { endingOf, type Ending } from '../ending.js';
import { reproduction, scenarioWith } from '../scenario.js';
import { Dice } from './dice.js';
import type { Flow } from './flows.js';
import { ordeal, type Mix } from './kinds.js';

/** What came of one run. */
export interface Trial {
  readonly flow: string;
  readonly mix: Mix;
  /** Of each command, children too. */
  readonly endings: readonly Ending[];
  /** Kinds of the faults that happened. */
  readonly happened: readonly string[];
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  /** A command line that gives the same run again. */
  readonly again: string;
}

/** One run of a flow with faults that are drawn by the seed, all of which end. */
export async function trial(flow: Flow, mix: Mix, seed: number): Promise<Trial> {
  const drawn = ordeal(flow, mix, new Dice(seed));
  const simulation = await Simulation.create(await scenarioWith(drawn), { seed });
  try {
    const defect = await simulation.run().then(
      () => null,
      (error: unknown) => String(error),
    );
    const { commands, invariants, unused } = simulation.result();
    const broken = invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`);
    const held = mix !== 'all faults' ? commands.filter(({ status }) => isHeld(status)).map(({ id, status, heldBy }) => `held: ${id} is ${status} for ${heldBy?.message ?? ''}`) : [];
    return {
      flow: flow.name,
      mix,
      endings: commands.map(endingOf),
      happened: drawn.kinds.filter((_, i) => !unused.some(({ fault }) => fault === i)),
      problems: [...(defect === null ? [] : [`defect: ${defect}`]), ...broken, ...held],
      again: reproduction(drawn, seed),
    };
  } finally {
    await simulation.dispose();
  }
}
