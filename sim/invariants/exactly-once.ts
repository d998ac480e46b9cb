import type { EngineMemory } from '../../actors/engine.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import { sameData, type Data } from '../../src/model/data.js';
import type { EntityKey, EntityRecord } from '../../src/model/entity.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { StoreHead } from '../../src/store/records.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { threw } from './next-callbacks.js';
import { snapshotFlaws } from './snapshot-flaws.js';
import { placeOf } from './step-places.js';
import type { Batch, Changed } from './store-mirror.js';

/**
 * A change on the engine's side is made exactly once, and none is lost: commits, histories and versions are counted without gaps, every snapshot follows
 * from the one before, and what a recovered engine has in memory is what is on its disk.
 */
export const exactlyOnce: Invariant = {
  number: 3,
  name: 'exactly-once',
  watch: (scene, broken) => new ExactlyOnce(scene, broken),
};

class ExactlyOnce implements Watcher {
  /** A record that is made anew after its deletion begins with any version: higher ones than before, as long as an engine remembers it. */
  readonly #buried = new Set<EntityKey>();

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {}

  onBatch(batch: Batch): void {
    for (const why of batch.unreadable) this.broken('store', `a batch cannot be read: ${why}`);
    this.#head(batch);
    this.#history(batch);
    for (const command of batch.commands) {
      for (const flaw of snapshotFlaws(command)) this.broken(command.id, flaw);
      if (command.after !== undefined && this.scene.mirror.expired.has(command.after.rootId)) this.broken(command.id, 'its records were removed, and it is there again');
      this.#historyLength(command);
    }
    const migrated = new Map(batch.commands.flatMap(({ id, before, after }) => (before !== undefined && after !== undefined && after.version > before.version ? [[id, after]] : [])));
    for (const task of batch.tasks) this.#task(task, migrated);
    for (const state of migrated.values()) this.#tasksMoved(state);
    for (const { rootId, family } of batch.expired) this.#expired(rootId, family);
    const commits = returnedCallbacks(batch);
    for (const entity of batch.entities) this.#entity(entity, commits);
  }

  onRecovered(memory: EngineMemory): void {
    this.#sameAsMemory(memory, 'after recovery');
  }

  atRest(memory: EngineMemory | null): void {
    if (memory !== null) this.#sameAsMemory(memory, 'at rest');
  }

  #head({ heads }: Batch): void {
    const [head, ...further] = heads;
    if (head?.after === undefined || further.length > 0) {
      this.broken('meta/head', `a batch has ${heads.length} heads, and should have one`);
      return;
    }
    const { before, after } = head;
    if (before === undefined) return;
    if (after.epoch !== before.epoch) return this.#beginsEpoch(before, after);
    if (before.refused !== null) this.broken('meta/head', `commit ${after.commitSeq} follows the one that says that the store is refused`);
    if (after.commitSeq !== before.commitSeq + 1) this.broken('meta/head', `commit ${after.commitSeq} follows commit ${before.commitSeq}`);
    if (after.incarnation < before.incarnation || after.incarnation > before.incarnation + 1) {
      this.broken('meta/head', `incarnation ${after.incarnation} follows incarnation ${before.incarnation}`);
    }
  }

  /** An older store that was accepted: its engine begins beyond all that hosts have seen, and with it every command that is not over. */
  #beginsEpoch(before: StoreHead, after: StoreHead): void {
    if (after.epoch !== this.scene.epoch) this.broken('meta/head', `epoch ${after.epoch} begins, and what was accepted is epoch ${this.scene.epoch}`);
    if (after.commitSeq !== after.epoch) this.broken('meta/head', `epoch ${after.epoch} begins with commit ${after.commitSeq}`);
    if (after.refused !== null) this.broken('meta/head', `epoch ${after.epoch} begins, and the store is still refused`);
    if (after.epoch <= before.epoch) this.broken('meta/head', `epoch ${after.epoch} follows epoch ${before.epoch}`);
    if (after.incarnation <= before.incarnation) this.broken('meta/head', `incarnation ${after.incarnation} follows incarnation ${before.incarnation}`);
    for (const { id, status, epoch } of this.scene.mirror.commands.values()) {
      if (!isTerminal(status) && epoch !== after.epoch) this.broken(id, `it is ${status}, and was not taken up when epoch ${after.epoch} began`);
    }
  }

  #history({ history, commands }: Batch): void {
    const added = new Map<string, number>();
    for (const { commandId, entry } of history) if (entry !== undefined) added.set(commandId, (added.get(commandId) ?? 0) + 1);
    for (const { commandId, seq, entry, replaces } of history) {
      const where = `history/${commandId}/${seq}`;
      if (entry === undefined) this.broken(where, 'a committed callback was deleted');
      else if (replaces) this.broken(where, `a committed callback was replaced by ${entry.callback}(${entry.index})`);
      else if (seq >= this.scene.mirror.historyOf(commandId).length) this.broken(where, `the entries before it are missing: it is number ${seq}`);
    }
    for (const commandId of added.keys()) {
      const moved = commands.some(({ id, after }) => id === commandId && after !== undefined);
      if (!moved) this.broken(commandId, 'a callback was committed without the command that it moves');
    }
  }

  /** All goes, at once, and only what is over and has nothing left to do. @param family as it was */
  #expired(rootId: string, family: readonly CommandState[]): void {
    const { commands, history, tasks, calls } = this.scene.mirror;
    if (!family.some(({ id }) => id === rootId)) this.broken(rootId, 'the records of a command were removed that was not there');
    for (const { id, status } of family) {
      if (!isTerminal(status)) this.broken(id, `its records were removed while it was ${status}`);
      if (commands.has(id) || history.has(id)) this.broken(id, `the records of ${rootId} were removed, and some of its are left`);
    }
    const ids = new Set(family.map(({ id }) => id));
    for (const task of tasks.values()) if (ids.has(task.commandId)) this.broken(task.commandId, `its records were removed, and task ${task.id} is still to be cleared`);
    for (const call of calls.values()) if (ids.has(call.commandId)) this.broken(call.commandId, 'its records were removed, and calls of it are still recorded');
  }

  #historyLength({ id, after }: Changed<CommandState>): void {
    const { length } = this.scene.mirror.historyOf(id);
    if (after !== undefined && after.historyLength !== length) {
      this.broken(id, `its snapshot counts ${after.historyLength} committed callbacks, and there are ${length}`);
    }
  }

  /** @param migrated commands whose steps may have moved */
  #task({ id, before, after }: Changed<SpmAsyncTask>, migrated: ReadonlyMap<string, CommandState>): void {
    const where = `task ${id}`;
    if (after === undefined) {
      if (before === undefined) this.broken(where, 'a task was deleted that was not there');
      return;
    }
    if (!this.scene.mirror.commands.has(after.commandId)) this.broken(where, `it belongs to command ${after.commandId}, which does not exist`);
    if (before === undefined) {
      if (after.state !== 'Placeholder') this.broken(where, `it was made as ${after.state}, and not as a placeholder`);
      return;
    }
    if (TASK_STATES.indexOf(after.state) < TASK_STATES.indexOf(before.state)) this.broken(where, `it was ${before.state} and is ${after.state} again`);
    const { executionIndex } = migrated.has(after.commandId) ? after : before;
    if (!sameData(identityOf({ ...before, executionIndex }), identityOf(after))) this.broken(where, 'it has become another task');
  }

  /** A migration moves the tasks of a step with it. */
  #tasksMoved(state: CommandState): void {
    for (const { id, commandId, executionIndex, number = executionIndex } of this.scene.mirror.tasks.values()) {
      const place = commandId === state.id ? placeOf(state, number) : -1;
      if (place >= 0 && place !== executionIndex) this.broken(`task ${id}`, `it is of step ${executionIndex}, which is step ${place} since ${state.id} is migrated`);
    }
  }

  /** @param commits how many callbacks returned in this batch: each may have changed the record once, though only the last version is written */
  #entity({ id, before, after }: Changed<EntityRecord>, commits: number): void {
    if (after === undefined) this.#buried.add(id);
    if (commits === 0) this.broken(id, 'it was changed, and no callback was committed with that');
    if (after === undefined || (before === undefined && this.#buried.has(id))) return;
    const grown = after.version - (before?.version ?? 0);
    if (grown < 1) this.broken(id, `version ${after.version} follows version ${before?.version ?? 0}`);
    else if (grown > Math.max(1, commits)) {
      this.broken(id, `version ${after.version} follows version ${before?.version ?? 0}: a change was made twice, or is missing`);
    }
  }

  #sameAsMemory(memory: EngineMemory, when: string): void {
    const { entities, locks, commands } = this.scene.mirror;
    const live = new Map([...commands].filter(([, state]) => !isTerminal(state.status)));
    this.#same('entity', new Map(memory.entities.entries()), entities, when);
    this.#same('lock', byOwnerAndKey(memory.locks.records()), byOwnerAndKey(locks.values()), when);
    this.#same('command', memory.commands, live, when);
  }

  #same(kind: string, remembered: ReadonlyMap<string, unknown>, onDisk: ReadonlyMap<string, unknown>, when: string): void {
    for (const key of new Set([...remembered.keys(), ...onDisk.keys()])) {
      const [inMemory, durable] = [remembered.get(key), onDisk.get(key)];
      // Both are records of the store, which are plain data.
      if (sameData(inMemory as Data | undefined, durable as Data | undefined)) continue;
      this.broken(`${kind} ${key}`, `${when} it ${difference(inMemory, durable)}`);
    }
  }
}

const TASK_STATES: readonly SpmAsyncTask['state'][] = ['Placeholder', 'Submitted', 'Ending'];

/** What a task is, as against how far it has come. */
function identityOf({ commandId, executionIndex, executionReason, attempt, pool, verb, args, entity, createdAt }: SpmAsyncTask): Data {
  return { commandId, executionIndex, executionReason, attempt, pool, verb, args, entity, createdAt };
}

/** Only a callback that returned changes entities. A command has at most one callback in a batch, and `start` is two entries. */
function returnedCallbacks({ history }: Batch): number {
  return new Set(history.flatMap(({ commandId, entry }) => (entry === undefined || threw(entry) ? [] : [commandId]))).size;
}

function byOwnerAndKey(locks: Iterable<LockRecord>): ReadonlyMap<string, LockRecord> {
  return new Map(Array.from(locks, (lock) => [`${lock.key} of ${lock.owner}`, lock]));
}

function difference(inMemory: unknown, durable: unknown): string {
  if (inMemory === undefined) return 'is not in memory';
  return durable === undefined ? 'is only in memory' : `is in memory as ${short(inMemory)}, and on disk as ${short(durable)}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
