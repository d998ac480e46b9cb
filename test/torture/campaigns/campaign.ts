import { Simulation } from '../../../sim/embed/simulation.js';
import type { CommandResult } from '../../../sim/report/result.js';
import { isHeld } from '../../../src/flow/state.js';
import { reproduction, scenarioWith } from '../scenario.js';
import { Dice } from './dice.js';
import type { Flow } from './flows.js';
import { ordeal, type Mix } from './kinds.js';

/** How a command ended, and, of one that rolled back, because of what. */
export type Ending = string;

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

/** What a dead host says, or what is said of it, when it is back: its task was taken over, it is another incarnation, what ran in its memory is gone. */
const HOST_DIED = /failed with 0:|meant for incarnation|is not being replicated|failed with 99:/;
/** The flow that is to go on with what this one was to make, or to leave alone, finds that it did not. */
const NOTHING_TO_DO = /there is no vm|^VM \S+ is up/;

/** A step that is tried once may well roll back when its host died: that is no timidity, and is told apart. */
function endingOf({ status, error }: CommandResult): Ending {
  if (status !== 'ROLLED_BACK' || error === undefined) return status;
  const texts = [error.message, ...error.causes].join(' ');
  if (error.callUnknown === true) return 'ROLLED_BACK (no answer)';
  if (HOST_DIED.test(texts)) return 'ROLLED_BACK (host died)';
  if (NOTHING_TO_DO.test(texts)) return 'ROLLED_BACK (the one before did)';
  return 'ROLLED_BACK (failure)';
}
