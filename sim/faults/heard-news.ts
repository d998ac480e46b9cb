import type { Probe } from '../../actors/probe.js';
import type { CommandState, HistoryEntry } from '../../src/flow/state.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { rootIdOf } from '../../src/store/keys.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';

/** What an engine's disk holds. */
export interface Durable {
  /** By their ids, parents before their children. */
  readonly commands: ReadonlyMap<string, CommandState>;
  /** Those that are not cleared, by their ids. */
  readonly tasks: ReadonlyMap<string, SpmAsyncTask>;
  historyOf(commandId: string): readonly HistoryEntry[];
}

/** Which of the probes that an engine tells after the batch that made them true have been heard: what it had on disk, and died too early to tell, is found by that. */
export class HeardNews {
  /** `status/<command>`: the last one; `history/<command>`: how many entries; `task/<task>`: how far it has come. */
  readonly #heard = new TrackedMap<string, string | number>();

  table(): Table {
    return tableOfData('heard-news', this.#heard);
  }

  /** To be shown every probe. */
  heard(probe: Probe): void {
    switch (probe.type) {
      case 'commandSubmitted':
        return void this.#heard.set(`status/${probe.commandId}`, 'SUBMITTED');
      case 'statusChanged':
        return void this.#heard.set(`status/${probe.commandId}`, probe.status);
      case 'callbackCommitted':
        return void this.#heard.set(`history/${probe.commandId}`, this.#entries(probe.commandId) + 1);
      case 'commandExpired':
        return this.#forget((key) => rootIdOf(key.slice(key.indexOf('/') + 1)) === probe.commandId);
      case 'taskPlaced':
        return void this.#heard.set(`task/${probe.taskId}`, 'placed');
      case 'taskSubmitted':
        return void this.#heard.set(`task/${probe.taskId}`, 'submitted');
      case 'taskCleared':
        return void this.#heard.delete(`task/${probe.taskId}`);
      default:
    }
  }

  /** What is true on disk and was not heard of, as it would have been told. */
  missed(durable: Durable): readonly Probe[] {
    return [...[...durable.commands.values()].flatMap((command) => this.#ofCommand(command, durable.historyOf(command.id))), ...[...durable.tasks.values()].flatMap((task) => this.#ofTask(task))];
  }

  /** A batch changes a command's status once. */
  #ofCommand({ id: commandId, type: commandType, parent, status, error }: CommandState, history: readonly HistoryEntry[]): readonly Probe[] {
    const probes: Probe[] = [];
    const heard = this.#heard.get(`status/${commandId}`);
    if (heard === undefined) probes.push({ type: 'commandSubmitted', commandId, commandType, parentId: parent?.commandId ?? null });
    // Whether one threw, no condition asks.
    for (const { index, handler, callback, attempt, task } of history.slice(this.#entries(commandId))) {
      probes.push({ type: 'callbackCommitted', commandId, index, handler, callback, attempt, ...(task === undefined ? {} : { task }), threw: null });
    }
    if (status !== (heard ?? 'SUBMITTED')) probes.push({ type: 'statusChanged', commandId, status, error });
    return probes;
  }

  #ofTask({ id: taskId, commandId, executionIndex, executionReason: reason, attempt, verb, state }: SpmAsyncTask): readonly Probe[] {
    const heard = this.#heard.get(`task/${taskId}`);
    const probes: Probe[] = heard === undefined ? [{ type: 'taskPlaced', taskId, commandId, executionIndex, reason, attempt, verb }] : [];
    // No batch tells its host, which no condition asks for.
    if (state === 'Submitted' && heard !== 'submitted') probes.push({ type: 'taskSubmitted', taskId, host: '' });
    return probes;
  }

  #entries(commandId: string): number {
    const heard = this.#heard.get(`history/${commandId}`);
    return typeof heard === 'number' ? heard : 0;
  }

  #forget(which: (key: string) => boolean): void {
    for (const key of [...this.#heard.keys()].filter(which)) this.#heard.delete(key);
  }
}
