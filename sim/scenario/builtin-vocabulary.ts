import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { VERBS } from '../world/verbs/catalogue.js';
import type { Vocabulary } from './check.js';

/** The commands and verbs that ship. */
export const BUILT_IN_VOCABULARY: Vocabulary = {
  commandTypes: [...BUILT_IN_COMMANDS.keys()],
  verbs: VERBS,
  checkParams: (type, params) => {
    const command = BUILT_IN_COMMANDS.get(type);
    if (command === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `unknown command type '${type}'`);
    return command.parseParams(params);
  },
};
