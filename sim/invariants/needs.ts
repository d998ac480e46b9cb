import { isHeld, isTerminal, type CommandState } from '../../src/flow/state.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { FaultsInForce } from './faults-in-force.js';
import type { Batch, StoreMirror } from './store-mirror.js';

/** What a root command with its family waits for just now. */
interface Need {
  /** By task that is not over, its pool. */
  readonly tasks: Map<string, string>;
  /** By call record, the hosts that have been asked and have not answered. */
  readonly calls: Map<string, readonly string[]>;
  /** Hosts of which the engine says that it waits for them before it goes on. */
  readonly awaited: Set<string>;
  /** Commands of the family with a callback that is to run: it may only read from hosts, of which nothing is recorded. */
  readonly reading: Set<string>;
  /** Commands of the family that wait for an operator. */
  readonly held: Set<string>;
}

/** By the durable state: which commands cannot go on for want of a host or a pool, whatever the engine does. */
export class Needs {
  readonly #needs = new Map<string, Need>();

  constructor(mirror: StoreMirror) {
    for (const task of mirror.tasks.values()) this.#task(task, true);
    for (const [id, record] of mirror.calls) this.#call(id, record);
    for (const state of mirror.commands.values()) this.#command(state);
  }

  batch({ commands, tasks, calls }: Pick<Batch, 'commands' | 'tasks' | 'calls'>): void {
    for (const { before, after } of tasks) this.#task(after ?? before, after !== undefined);
    for (const { id, before, after } of calls) this.#call(id, after ?? before, after === undefined);
    for (const { after } of commands) if (after !== undefined) this.#command(after);
  }

  /** It waits for this host's word before it undoes anything or ends. */
  awaits(commandId: string, host: string): void {
    this.#of(rootIdOf(commandId)).awaited.add(host);
  }

  /** Whether the family can do nothing but wait for whom a fault has put out of service, or for an operator. */
  isStopped(rootId: string, faults: FaultsInForce): boolean {
    if (faults.engineIsOut) return true;
    const need = this.#needs.get(rootId);
    if (need === undefined) return false;
    if (need.held.size > 0) return true;
    if (!faults.any) return false;
    const out = (host: string): boolean => faults.hostIsOut(host);
    if (need.reading.size > 0 && faults.anyHostIsOut) return true;
    return [...need.calls.values()].some((hosts) => hosts.some(out)) || [...need.awaited].some(out) || [...new Set(need.tasks.values())].some((pool) => faults.poolIsOut(pool));
  }

  forget(rootId: string): void {
    this.#needs.delete(rootId);
  }

  #task(task: SpmAsyncTask | undefined, isThere: boolean): void {
    if (task === undefined) return;
    const { id, commandId, pool, state } = task;
    if (isThere && state !== 'Ending') this.#of(rootIdOf(commandId)).tasks.set(id, pool);
    else this.#needs.get(rootIdOf(commandId))?.tasks.delete(id);
  }

  #call(id: string, record: CallRecord | undefined, over = false): void {
    if (record === undefined) return;
    const rootId = rootIdOf(record.commandId);
    const hosts = over ? [] : record.calls.flatMap((call) => (call === null || call.reply !== null ? [] : [call.host]));
    if (hosts.length === 0) this.#needs.get(rootId)?.calls.delete(id);
    else this.#of(rootId).calls.set(id, hosts);
  }

  #command(state: CommandState): void {
    const { id, rootId, status, phase } = state;
    if (isTerminal(status) && id === rootId) return this.forget(rootId);
    const need = this.#of(rootId);
    // It goes on: what it has been told to wait for is behind.
    need.awaited.clear();
    mark(need.reading, id, !isTerminal(status) && (phase.at === 'callback' || isProbing(state)));
    mark(need.held, id, isHeld(status));
  }

  #of(rootId: string): Need {
    const known = this.#needs.get(rootId);
    if (known !== undefined) return known;
    const need: Need = { tasks: new Map(), calls: new Map(), awaited: new Set(), reading: new Set(), held: new Set() };
    this.#needs.set(rootId, need);
    return need;
  }
}

function isProbing({ steps, executionIndex }: CommandState): boolean {
  return steps[executionIndex]?.work.some((item) => item.kind === 'task' && item.probing !== undefined) ?? false;
}

function mark(set: Set<string>, id: string, is: boolean): void {
  if (is) set.add(id);
  else set.delete(id);
}
