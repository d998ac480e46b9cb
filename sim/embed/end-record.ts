import { isTerminal } from '../../src/flow/state.js';
import type { CommandDefinition } from '../../src/model/command.js';
import { asData, sameData, type Data } from '../../src/model/data.js';
import type { StoreMirror } from '../invariants/store-mirror.js';
import type { RunResult } from '../report/result.js';
import type { WorldStore } from '../world/world-store.js';

// How a run that is kept in a directory ended: it is not run again.

/** What a run came to, which commit of the engine's was the last then, for an operator may make another, and with which commands. */
type EndRecord = { readonly result: RunResult; readonly commitSeq: number; readonly program: readonly string[] };

/** To be kept with the run. */
export function endRecord(result: RunResult, store: StoreMirror, definitions: ReadonlyMap<string, CommandDefinition>): Data {
  return asData({ result, commitSeq: lastCommit(store), program: programOf(definitions) } satisfies EndRecord, 'the result');
}

/** What the run came to, if nothing has been committed since it ended, and no command could go on because it meets another program; else null. */
export function endOf(world: WorldStore | null, store: StoreMirror, definitions: ReadonlyMap<string, CommandDefinition>): RunResult | null {
  // This program wrote it.
  const end = world?.end as EndRecord | null | undefined;
  if (end?.commitSeq !== lastCommit(store)) return null;
  const allOver = [...store.commands.values()].every(({ status }) => isTerminal(status));
  return allOver || sameData(end.program, programOf(definitions)) ? end.result : null;
}

/** What decides which commands an engine can go on with. */
function programOf(definitions: ReadonlyMap<string, CommandDefinition>): readonly string[] {
  return [...definitions.values()]
    .map(({ type, version, handlers, migrations = {} }) => {
      const names = typeof handlers === 'function' ? 'by params' : handlers.map(({ name }) => name).join(', ');
      return `${type} ${version} [${names}] from ${Object.keys(migrations).join(', ')}`;
    })
    .sort();
}

function lastCommit(store: StoreMirror): number {
  return store.heads.get('head')?.commitSeq ?? 0;
}
