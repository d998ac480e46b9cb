import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { Simulation } from '../embed/simulation.js';
import { BUILT_IN_VOCABULARY } from '../scenario/builtin-vocabulary.js';
import type { Services } from './services.js';

/** The real thing: the commands and verbs that ship, and the simulation. */
export const services: Services = {
  commands: [...BUILT_IN_COMMANDS.values()],
  vocabulary: BUILT_IN_VOCABULARY,
  createSimulation: (scenario, options) => Simulation.create(scenario, options),
};
