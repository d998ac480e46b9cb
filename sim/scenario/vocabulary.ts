import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import type { CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { VERBS } from '../world/verbs/catalogue.js';
import type { Vocabulary } from './check.js';

/** What a scenario may name that uses these commands: their types and params, and the verbs of hosts that ship. */
export function vocabularyOf(commands: ReadonlyMap<string, CommandDefinition>): Vocabulary {
  return {
    commandTypes: [...commands.keys()],
    verbs: VERBS,
    checkParams: (type, params) => {
      const command = commands.get(type);
      if (command === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `unknown command type '${type}'`);
      return command.parseParams(params);
    },
  };
}

export const BUILT_IN_VOCABULARY: Vocabulary = vocabularyOf(BUILT_IN_COMMANDS);
