import type { CommandDefinition } from '../../src/model/command.js';
import { asData, sameData } from '../../src/model/data.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import type { CommandState } from '../../src/flow/state.js';
import { outstandingWork } from '../../src/flow/work.js';

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

function changed(message: string): ErrorRecord {
  return { code: 'DEFINITION_CHANGED', message, retryable: false, causes: [] };
}

function standIn({ type, version }: CommandState): CommandDefinition {
  return { type, version, parseParams: (params) => asData(params, 'params'), locks: () => [], lockWait: 'refuse', handlers: [] };
}
