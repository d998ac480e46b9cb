import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { operateRun } from '../embed/operate-run.js';
import { repeats } from '../embed/repetition.js';
import { openRun } from '../embed/run-store.js';
import { Simulation } from '../embed/simulation.js';
import { BUILT_IN_VOCABULARY } from '../scenario/vocabulary.js';
import { definitionsIn } from './scenario-file.js';
import type { Services } from './services.js';

/** The real thing: the commands and verbs that ship, and the simulation. */
export const services: Services = {
  commands: [...BUILT_IN_COMMANDS.values()],
  vocabulary: BUILT_IN_VOCABULARY,
  repeats,
  createSimulation: (scenario, options) => Simulation.create(scenario, options),
  operate: (db, commandId, wish) => operateRun(db, commandId, wish, definitionsIn),
  resumeSimulation: async (db, { acceptOlderStore }) => Simulation.on(await openRun(db, definitionsIn, acceptOlderStore)),
};
