import { frozen } from '../../src/model/data.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { inEpoch } from '../../src/flow/older-store.js';
import type { CommandState } from '../../src/flow/state.js';
import { transition } from '../../src/flow/transition.js';
import type { StoreContents } from '../../src/store/read-store.js';
import { nextEpoch, type StoredCommand } from '../../src/store/records.js';
import { stored } from '../command/batch.js';
import type { CallSlot, OpenCalls } from '../command/call-slot.js';
import type { EngineContext } from '../engine-context.js';
import type { SeenCommits } from '../wire.js';
import { fitted } from './fitness.js';
import type { CommandRegistry } from './registry.js';

// What an engine does with the commands that it finds on its disk.

export function statesOf(contents: StoreContents): CommandState[] {
  return [...contents.commands.values()].map((state) => frozen(state) as unknown as CommandState);
}

/** What an older copy holds, as an engine takes it up that an operator has told to: nothing goes on before he has looked at it. @param now µs */
export function takenUp(contents: StoreContents, seen: SeenCommits, now: number): readonly CommandState[] {
  const epoch = nextEpoch(contents.head, seen);
  return statesOf(contents).map((state) => inEpoch(parkedFor(seen, state, now), epoch));
}

function parkedFor({ commitSeq, incarnation }: SeenCommits, state: CommandState, now: number): CommandState {
  // What is completed waits for its root, which is parked.
  if (state.phase.at === 'completed') return state;
  const message = `its store is an older copy: hosts have seen commit ${commitSeq} of incarnation ${incarnation}, and what became of it by then nobody can tell`;
  const error: ErrorRecord = { code: 'STORE_ROLLED_BACK', message, retryable: false, causes: [] };
  return transition([], state, { type: 'parked', error }, { now, jitter: 0 })?.state ?? state;
}

export function withCommands(contents: StoreContents, states: readonly CommandState[]): StoreContents {
  return { ...contents, commands: new Map(states.map((state): [string, StoredCommand] => [state.id, stored(state)])) };
}

/**
 * Goes on with every command where it is. One that this program cannot continue is held; the others run.
 * @param endedChildren of these commands
 * @param failures why some of them could not be brought to this program's version
 */
export function recoverCommands(
  { definitions, locks }: EngineContext,
  registry: CommandRegistry,
  contents: StoreContents,
  endedChildren: readonly CommandState[],
  failures: ReadonlyMap<string, ErrorRecord>,
): void {
  const tasks = new Map<string, SpmAsyncTask[]>();
  for (const task of contents.tasks.values()) tasks.set(task.commandId, [...(tasks.get(task.commandId) ?? []), task]);
  // Told before any of them is started: none is answered before those that were submitted earlier have asked.
  const waiting = [...registry.live.values()].filter((state) => state.phase.at === 'admission' && fitted(definitions, state).unfit === null);
  locks.tell({ type: 'expect', commandIds: waiting.map(({ id }) => id) });
  for (const state of registry.live.values()) {
    registry.start({ state, openCalls: openCallsOf(contents, state.id), tasks: tasks.get(state.id) ?? [] }, failures.get(state.id));
  }
  // A child's last batch before the crash may be one that its parent has not heard of.
  for (const child of [...registry.live.values(), ...endedChildren]) registry.tellParent(child);
}

export function openCallsOf({ calls }: StoreContents, commandId: string): OpenCalls {
  return new Map([...(calls.get(commandId) ?? [])].map(([slot, record]) => [slot as CallSlot, frozen(record)]));
}
