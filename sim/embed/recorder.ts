import type { Probe } from '../../actors/probe.js';
import { isHeld, isTerminal, type CommandState } from '../../src/flow/state.js';
import type { StoreMirror } from '../invariants/store-mirror.js';
import type { CommandResult, TaskResult } from '../report/result.js';

/** Keeps what a result needs and no disk holds at the end: tasks are forgotten when they are cleared. */
export class Recorder {
  readonly #tasks = new Map<string, TaskResult>();
  #starts = 0;

  /** How often the engine was started again. */
  get recoveries(): number {
    return Math.max(0, this.#starts - 1);
  }

  probe(probe: Probe): void {
    switch (probe.type) {
      case 'engineRecovered':
        this.#starts += 1;
        return;
      case 'taskPlaced': {
        const { taskId: id, commandId, executionIndex, verb } = probe;
        this.#tasks.set(id, { id, commandId, executionIndex, verb, host: null, state: 'Placeholder', result: null });
        return;
      }
      case 'taskSubmitted':
        return this.#update(probe.taskId, { state: 'Submitted', host: probe.host });
      case 'taskEnded':
        return this.#update(probe.taskId, { state: 'Ending', result: probe.outcome.kind });
      default:
    }
  }

  #update(id: string, change: Partial<TaskResult>): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) this.#tasks.set(id, { ...task, ...change });
  }

  /** In the order in which they were placed. @param store where those that are not cleared are: a crash may have kept anybody from being told */
  tasks(store: StoreMirror): readonly TaskResult[] {
    return [...this.#tasks.values()].map((task) => ({ ...task, state: store.tasks.get(task.id)?.state ?? 'Cleared' }));
  }
}

/** The commands as the engine's disk has them, parents before their children. */
export function commandsOf(store: StoreMirror): readonly CommandResult[] {
  return [...store.commands.values()].map((state) => ({
    id: state.id,
    type: state.type,
    parentId: state.parent?.commandId ?? null,
    status: state.status,
    handlers: state.handlers,
    executionIndex: state.executionIndex,
    history: store.historyOf(state.id),
    locks: [...store.locks.values()].filter(({ owner }) => owner === state.id).map(({ key }) => key),
    residue: state.residue,
    ...(state.error === null ? {} : { error: state.error }),
    ...(state.heldBy === null ? {} : { heldBy: state.heldBy }),
    ...heldChildrenOf(store, state),
  }));
}

function heldChildrenOf(store: StoreMirror, state: CommandState): Pick<CommandResult, 'heldChildren'> {
  if (isTerminal(state.status)) return {};
  const held = [...store.commands.values()].filter(({ parent, status }) => parent?.commandId === state.id && isHeld(status)).map(({ id }) => id);
  return held.length === 0 ? {} : { heldChildren: held };
}
