import type { Probe } from '../../actors/probe.js';
import { existsOfFamily } from '../../src/flow/family-exists.js';
import { isHeld, isTerminal, type CommandState } from '../../src/flow/state.js';
import type { StoreMirror } from '../invariants/store-mirror.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { inFamilyOrder } from '../report/family-order.js';
import type { CommandResult, NetworkResult, TaskResult } from '../report/result.js';
import { tableOf, tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';

const LOST_AS = { loss: 'lost', dropMessage: 'lost', partition: 'cutOff', nobody: 'unreceived' } as const;

/** Keeps what a result needs and the engine's disk does not hold at the end: tasks are forgotten when they are cleared. */
export class Recorder {
  readonly #tasks = new TrackedMap<string, TaskResult>();
  readonly #counts = new TrackedMap<'engineStarts' | keyof NetworkResult, number>();

  /** For a run that another process may go on with. */
  tables(): readonly Table[] {
    return [tableOf('task', this.#tasks, (task) => ({ ...task }), (row) => row as unknown as TaskResult), tableOfData('count', this.#counts)];
  }

  /** How often the engine was started again. */
  get recoveries(): number {
    return Math.max(0, (this.#counts.get('engineStarts') ?? 0) - 1);
  }

  probe(probe: Probe): void {
    switch (probe.type) {
      case 'engineRecovered':
        return this.#count('engineStarts');
      case 'taskPlaced': {
        const { taskId: id, commandId, executionIndex, verb } = probe;
        this.#tasks.set(id, { id, commandId, executionIndex, verb, host: null, state: 'Placeholder', result: null });
        return;
      }
      case 'taskSubmitted':
        return this.#update(probe.taskId, { state: 'Submitted', host: probe.host });
      case 'taskEnded':
        return this.#update(probe.taskId, { state: 'Ending', result: probe.outcome.kind });
      case 'messageLost':
        return this.#count(LOST_AS[probe.why]);
      case 'messageDuplicated':
        return this.#count('duplicated');
      case 'messageDelayed':
        return this.#count('delayed');
      default:
    }
  }

  get network(): NetworkResult {
    const of = (what: keyof NetworkResult): number => this.#counts.get(what) ?? 0;
    return { lost: of('lost'), cutOff: of('cutOff'), unreceived: of('unreceived'), duplicated: of('duplicated'), delayed: of('delayed') };
  }

  #count(what: 'engineStarts' | keyof NetworkResult): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #update(id: string, change: Partial<TaskResult>): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) this.#tasks.set(id, { ...task, ...change });
  }

  /**
   * In the order in which they were placed; those of earlier processes first, by their ids.
   * @param store where those that are not cleared are: a crash may have kept anybody from being told
   */
  tasks(store: StoreMirror): readonly TaskResult[] {
    return [...this.#tasks.values()].map((task) => ({ ...task, state: store.tasks.get(task.id)?.state ?? 'Cleared' }));
  }

  /** To be shown, when a run goes on, the tasks on disk: a process may have died before it was told of the last of them. */
  remember(tasks: Iterable<SpmAsyncTask>): void {
    for (const { id, commandId, executionIndex, verb, state } of tasks) {
      if (!this.#tasks.has(id)) this.#tasks.set(id, { id, commandId, executionIndex, verb, host: null, state, result: null });
    }
  }
}

/** The commands on the engine's disk in the order in which their roots were submitted, parents before their children. */
export function commandsOf(store: StoreMirror): readonly CommandResult[] {
  const begun = ({ rootId }: CommandState): number => store.commands.get(rootId)?.submittedAt ?? 0;
  const inOrder = inFamilyOrder([...store.commands.values()]).toSorted((one, other) => begun(one) - begun(other));
  return inOrder.map((state) => ({
    id: state.id,
    type: state.type,
    parentId: state.parent?.commandId ?? null,
    status: state.status,
    handlers: state.handlers,
    executionIndex: state.executionIndex,
    history: store.historyOf(state.id),
    locks: [...store.locks.values()].filter(({ owner }) => owner === state.id).map(({ key }) => key),
    residue: state.residue,
    operator: state.operator,
    exists: existsOfFamily(state, (id) => store.commands.get(id)),
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
