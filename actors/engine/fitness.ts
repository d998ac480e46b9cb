import { handlersOf, type CommandDefinition } from '../../src/model/command.js';
import { sameData } from '../../src/model/data.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { ErasedHandler } from '../../src/model/handler.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import type { CommandState } from '../../src/flow/state.js';
import { outstandingWork } from '../../src/flow/work.js';

/** What a program has for a command. */
export interface Fitted {
  /** None if the program cannot continue it: enough to hear how its tasks end, and to be abandoned. */
  readonly handlers: readonly ErasedHandler[];
  /** Why this program cannot continue the command, or null. */
  readonly unfit: ErrorRecord | null;
}

export function fitted(definitions: ReadonlyMap<string, CommandDefinition>, state: CommandState): Fitted {
  const definition = definitions.get(state.type);
  if (definition === undefined) return unfitted(`there is no command type '${state.type}' in this program`);
  const handlers = handlersNow(definition, state);
  const names = typeof handlers === 'string' ? null : handlers.map(({ name }) => name);
  if (typeof handlers !== 'string' && definition.version === state.version && sameData(names, state.handlers)) return { handlers, unfit: null };
  const then = `version ${state.version} [${state.handlers.join(', ')}]`;
  const now = `version ${definition.version} ${names === null ? `without handlers for these params: ${String(handlers)}` : `[${names.join(', ')}]`}`;
  return unfitted(`it was submitted with ${state.type} ${then}, this program has ${now}`);
}

/** Or why this program has none for these params. */
function handlersNow(definition: CommandDefinition, { params }: CommandState): readonly ErasedHandler[] | string {
  try {
    return handlersOf(definition, params);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Why this program cannot continue a command whatever its definition: it waits for a task, or is to place one, in a storage pool that the program does not
 * know. Nobody can be asked what became of it, nor fence it, so it may still run: the command waits for a program that can. Null if there is no such task.
 */
export function outOfReach(pools: ReadonlySet<string>, state: CommandState): ErrorRecord | null {
  const { items } = outstandingWork(state);
  const tasks = items.flatMap((item) => (item.kind === 'task' ? withCleanUps(item) : []));
  const task = tasks.find(({ outcome, pool }) => outcome === null && !pools.has(pool));
  if (task === undefined) return null;
  const message = `task ${task.id} (${task.verb}) is for storage pool '${task.pool}', which this program does not know`;
  return { code: 'UNKNOWN_POOL', message, retryable: false, causes: [] };
}

function unfitted(message: string): Fitted {
  return { handlers: [], unfit: { code: 'DEFINITION_CHANGED', message, retryable: false, causes: [] } };
}
