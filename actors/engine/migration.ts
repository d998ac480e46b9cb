import type { CommandDefinition } from '../../src/model/command.js';
import { recordOf, SeatbeltError, type ErrorRecord } from '../../src/model/errors.js';
import { canMigrate, isDue, migrated } from '../../src/flow/migrate.js';
import { numberAt } from '../../src/flow/step.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import type { Change } from '../../src/store/change.js';
import type { StoreContents } from '../../src/store/read-store.js';
import type { StoredCommand } from '../../src/store/records.js';
import { stored } from '../command/batch.js';
import { forNextAttempt } from '../command/kept-calls.js';
import { openCallsOf, statesOf } from './recovery.js';

/** What an engine finds on its disk, with every command that could be brought to this program's version. */
export interface MigratedStore {
  readonly contents: StoreContents;
  /** To be committed as one batch before anything goes on. */
  readonly changes: readonly Change[];
  readonly commands: readonly { readonly commandId: string; readonly from: number; readonly to: number }[];
  /** Why others could not be brought there. */
  readonly failures: ReadonlyMap<string, ErrorRecord>;
}

/** A function of what is on disk and of the definitions. @param now µs */
export function migrateCommands(definitions: ReadonlyMap<string, CommandDefinition>, contents: StoreContents, now: number): MigratedStore {
  const store = { commands: new Map(contents.commands), tasks: new Map(contents.tasks), calls: new Map(contents.calls) };
  const changes: Change[] = [];
  const commands: { readonly commandId: string; readonly from: number; readonly to: number }[] = [];
  const failures = new Map<string, ErrorRecord>();
  for (const state of statesOf(contents)) {
    const definition = definitions.get(state.type);
    if (definition === undefined || isTerminal(state.status) || !canMigrate(definition, state)) continue;
    try {
      for (const change of changesFor(definition, state, contents, now)) {
        changes.push(change);
        if (change.type === 'command') store.commands.set(change.state.id, change.state);
        if (change.type === 'task') store.tasks.set(change.task.id, change.task);
        if (change.type === 'call' && change.record !== null) store.calls.set(state.id, new Map([...(store.calls.get(state.id) ?? []), [change.slot, change.record]]));
        if (change.type === 'call' && change.record === null) store.calls.set(state.id, new Map([...(store.calls.get(state.id) ?? [])].filter(([slot]) => slot !== change.slot)));
      }
      commands.push({ commandId: state.id, from: state.version, to: definition.version });
    } catch (error) {
      failures.set(state.id, { ...recordOf(error), code: 'MIGRATION_FAILED' });
    }
  }
  return { contents: { ...contents, ...store }, changes, commands, failures };
}

function changesFor(definition: CommandDefinition, state: CommandState, contents: StoreContents, now: number): readonly Change[] {
  const open = openCallsOf(contents, state.id);
  const underWay = [...open.values()].filter((record) => isDue(state, record));
  const { state: next, indexes } = migrated(definition, state, underWay, now);
  const command: StoredCommand = stored(next);
  const tasks = [...contents.tasks.values()].flatMap((task): Change[] => {
    const index = task.commandId === state.id ? indexes.get(task.executionIndex) : undefined;
    const { number: _number, ...rest } = task;
    return index === undefined || index === task.executionIndex ? [] : [{ type: 'task', task: { ...rest, executionIndex: index, ...numberAt(next, index) } }];
  });
  const calls = [...open].map(([slot, record]): Change => {
    const index = indexes.get(record.index);
    if (index === undefined) throw new SeatbeltError('MIGRATION_FAILED', `${state.id}: calls of step ${record.index} are on record, which would be gone`);
    const moved = { ...record, index };
    return { type: 'call', commandId: state.id, slot, record: underWay.includes(record) ? forNextAttempt(moved) : moved };
  });
  return [{ type: 'command', state: command }, ...tasks, ...calls];
}
