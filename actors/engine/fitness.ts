import type { CommandDefinition } from '../../src/model/command.js';
import { asData, sameData } from '../../src/model/data.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { CommandState } from '../../src/flow/state.js';

/** A command's definition in this program. */
export interface Fitted {
  /** Of one that this program cannot continue, a stand-in without handlers: enough to hear how its tasks end, and to be abandoned. */
  readonly definition: CommandDefinition;
  /** Why this program cannot continue the command, or null. */
  readonly unfit: ErrorRecord | null;
}

export function fitted(definitions: ReadonlyMap<string, CommandDefinition>, state: CommandState): Fitted {
  const definition = definitions.get(state.type);
  if (definition === undefined) return { definition: standIn(state), unfit: changed(`there is no command type '${state.type}' in this program`) };
  const names = definition.handlers.map(({ name }) => name);
  if (definition.version === state.version && sameData(names, state.handlers)) return { definition, unfit: null };
  const [then, now] = [`version ${state.version} [${state.handlers.join(', ')}]`, `version ${definition.version} [${names.join(', ')}]`];
  return { definition: standIn(state), unfit: changed(`it was submitted with ${state.type} ${then}, this program has ${now}`) };
}

function changed(message: string): ErrorRecord {
  return { code: 'DEFINITION_CHANGED', message, retryable: false, causes: [] };
}

function standIn({ type, version }: CommandState): CommandDefinition {
  return { type, version, parseParams: (params) => asData(params, 'params'), locks: () => [], lockWait: 'refuse', handlers: [] };
}
