import type { Probe } from '../../actors/probe.js';
import { isOfOlderStore } from '../../src/flow/older-store.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { isOver } from '../../actors/host/task-status.js';
import type { StoredTask } from '../../actors/storage-port.js';
import { awaitedWork } from './awaited-work.js';
import { engineTask } from './engine-task.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import type { Batch } from './store-mirror.js';

/**
 * A running task is never cleared, nobody waits for what is gone, and what counts as lost or unknown is fenced. At rest, hosts hold no task that the engine
 * has finished with, and the engine keeps no record of one, nor of an open call.
 */
export const atRest: Invariant = {
  number: 7,
  name: 'at-rest',
  watch: (scene, broken) => new AtRest(scene, broken),
};

class AtRest implements Watcher {
  /** Task ids, by what hosts tell. */
  readonly #running = new Set<string>();
  /** By the ids that hosts have made themselves, what the engine calls those tasks. */
  readonly #named = new Map<string, string>();

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {}

  onProbe(probe: Probe): void {
    switch (probe.type) {
      case 'hostTaskStarted':
        this.#running.add(probe.taskId);
        return;
      case 'hostTaskEnded':
        this.#running.delete(probe.taskId);
        return;
      case 'hostTaskLost':
        return this.#isGone(probe.taskId);
      case 'hostClearRefused':
        return this.broken(`task ${probe.taskId}`, `it was to be cleared on ${probe.host} while it is ${probe.state}`);
      case 'hostTaskCleared':
        this.#cleared(probe.taskId, probe.host);
        return this.#isGone(probe.taskId);
      case 'taskMissing':
        return this.#missing(probe.taskId, false);
      case 'taskUnresolved':
        return probe.why === 'lost' ? this.#missing(probe.taskId, true) : undefined;
      case 'taskEnded':
        return this.#ended(probe.taskId, probe.outcome);
      default:
    }
  }

  kept(): number {
    return this.#running.size + this.#named.size;
  }

  onTaskRecord(_before: StoredTask | undefined, after: StoredTask | undefined): void {
    if (after?.step.task !== undefined) this.#named.set(after.id, after.step.task);
  }

  onBatch({ commands, tasks }: Batch): void {
    for (const { after } of commands) if (after !== undefined) this.#waitsForWhatIsThere(after);
    for (const { id, before, after } of tasks) {
      if (after === undefined && before !== undefined && this.#isAwaited(before)) {
        this.broken(`task ${id}`, `its record was deleted, and ${before.commandId} waits for it`);
      }
    }
  }

  atRest(): void {
    this.#hosts();
    for (const task of this.scene.mirror.tasks.values()) {
      if (!this.#isAwaited(task)) this.broken(`task ${task.id}`, `at rest its record is still there (${task.state}), and nobody waits for it`);
    }
    for (const { commandId } of this.scene.mirror.calls.values()) {
      const state = this.scene.mirror.commands.get(commandId);
      if (state !== undefined && !isTerminal(state.status)) continue;
      this.broken(commandId, `at rest its open calls are still recorded; it is ${state?.status ?? 'no command'}`);
    }
    for (const state of this.scene.mirror.commands.values()) this.#waitsAtRest(state);
  }

  /** No host has it any more, and its id comes never again. */
  #isGone(taskId: string): void {
    this.#running.delete(taskId);
    this.#named.delete(taskId);
  }

  #cleared(taskId: string, host: string): void {
    const record = this.scene.mirror.tasks.get(this.#named.get(taskId) ?? taskId);
    if (this.#running.has(taskId)) this.broken(`task ${taskId}`, `it was cleared on ${host} while it was running`);
    else if (record !== undefined && this.#isAbout(record, taskId) && this.#isAwaited(record)) this.broken(`task ${taskId}`, `it was cleared on ${host}, and ${record.commandId} waits for it`);
  }

  /**
   * Of hosts that make their own ids, the engine knows but the one that was acknowledged. What no submission was acknowledged with, or what the network has
   * made of one that was, is nobody's: what became of it is found out otherwise.
   */
  #isAbout({ id, pool, hostTaskId }: SpmAsyncTask, taskId: string): boolean {
    return (this.scene.ownIds.has(pool) ? hostTaskId : id) === taskId;
  }

  /**
   * What was acknowledged and is gone does not come back: so an answer from before the task, or of an SPM that has not loaded it, was taken for more than it says.
   * @param forLong it has been missing for `unknownGrace`: only then is it said of hosts that make their own ids, whose lists do not tell whether they are whole
   */
  #missing(taskId: string, forLong: boolean): void {
    const pool = this.scene.mirror.tasks.get(taskId)?.pool;
    if (pool !== undefined && this.scene.ownIds.has(pool) === forLong && this.scene.storage.tasks(pool).some((task) => engineTask(task) === taskId)) this.broken(`task ${taskId}`, `it counts as missing, and the hosts of ${pool} hold it`);
  }

  /** What counts as gone, or as nobody knows what, must not run any more. */
  #ended(taskId: string, { kind }: Outcome): void {
    const pool = this.scene.mirror.tasks.get(taskId)?.pool;
    if ((kind !== 'lost' && kind !== 'unknown') || pool === undefined) return;
    const open = this.scene.ownIds.has(pool) ? this.#runs(pool, taskId) : this.#isUnfenced(pool, taskId);
    if (open !== null) this.broken(`task ${taskId}`, `it counts as ${kind}, and ${open}`);
  }

  #isUnfenced(pool: string, taskId: string): string | null {
    return this.scene.storage.fenceOf(pool, taskId) === null ? 'its id is not fenced' : null;
  }

  /** Hosts that make their own ids cannot fence one. */
  #runs(pool: string, taskId: string): string | null {
    const running = this.scene.storage.tasks(pool).find((task) => engineTask(task) === taskId && !isOver(task));
    return running === undefined ? null : `the hosts of ${pool} hold it as ${running.id} (${running.state})`;
  }

  #hosts(): void {
    for (const pool of this.scene.pools) {
      for (const task of this.scene.storage.tasks(pool)) {
        const { id, state } = task;
        const record = this.scene.mirror.tasks.get(engineTask(task));
        if (record === undefined) this.broken(`task ${id}`, `at rest the hosts of ${pool} hold it (${state}), and the engine has finished with it`);
        else if (!this.#isAwaited(record)) this.broken(`task ${id}`, `at rest the hosts of ${pool} hold it (${state}), and nobody waits for it`);
      }
    }
  }

  #waitsForWhatIsThere(state: CommandState): void {
    const { tasks, children } = awaitedWork(state);
    for (const { id } of tasks) {
      const record = this.scene.mirror.tasks.get(id);
      if (record === undefined) this.broken(state.id, `it waits for task ${id}, which has no record`);
      else if (record.state === 'Ending') this.broken(state.id, `it waits for task ${id}, which is being cleared`);
    }
    for (const { id } of children) if (!this.scene.mirror.commands.has(id)) this.broken(state.id, `it waits for command ${id}, which does not exist`);
  }

  #waitsAtRest(state: CommandState): void {
    const { tasks, children } = awaitedWork(state);
    this.#waitsForWhatIsThere(state);
    // What it waits for may be gone since commits that are lost: it does nothing until an operator has looked.
    for (const { id, pool } of isOfOlderStore(state) ? [] : tasks) {
      const onHosts = this.scene.storage.tasks(pool).some((task) => engineTask(task) === id);
      const acknowledged = this.scene.mirror.tasks.get(id)?.state === 'Submitted';
      if (!onHosts && (acknowledged || this.scene.storage.fenceOf(pool, id) !== null)) this.broken(state.id, `at rest it waits for task ${id}, which is gone`);
    }
    // One that this program cannot continue has heard of nothing.
    if (state.heldBy?.code === 'DEFINITION_CHANGED' || state.heldBy?.code === 'MIGRATION_FAILED') return;
    for (const { id } of children) {
      const child = this.scene.mirror.commands.get(id);
      if (child !== undefined && (isTerminal(child.status) || child.status === 'COMPLETED')) this.broken(state.id, `at rest it waits for command ${id}, which is ${child.status}`);
    }
  }

  #isAwaited({ id, commandId }: SpmAsyncTask): boolean {
    const state = this.scene.mirror.commands.get(commandId);
    return state !== undefined && awaitedWork(state).tasks.some((item) => item.id === id);
  }
}
