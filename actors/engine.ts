import type { CommandDefinition } from '../src/model/command.js';
import { SeatbeltError, type ErrorRecord } from '../src/model/errors.js';
import { isOfOlderStore } from '../src/flow/older-store.js';
import type { CommandState } from '../src/flow/state.js';
import type { Change } from '../src/store/change.js';
import { EntityTable, type EntityReader } from '../src/store/entity-table.js';
import type { StoreHead } from '../src/store/records.js';
import { SnapshotStore } from '../src/store/snapshot-store.js';
import { Archive, type Found } from './engine/archive.js';
import { migrateCommands } from './engine/migration.js';
import { recoverCommands, statesOf, takenUp, withCommands } from './engine/recovery.js';
import { CommandRegistry } from './engine/registry.js';
import { newCommand } from './command/durable-command.js';
import { stored } from './command/batch.js';
import { admissionOf, rolledBack } from './engine/older-store.js';
import { ClientRequests, refuse, type LookUp } from './engine/requests.js';
import { FenceNumbers, type EngineContext } from './engine-context.js';
import { Exchange } from './exchange.js';
import { createJournal } from './journal.js';
import { createLocks, LockTable, type LockReader } from './locks.js';
import type { CancelAnswer, JournalMessage, LocksMessage, OperateAnswer, PoolMessage, TaskManagerMessage } from './messages.js';
import { createPool } from './pool.js';
import type { PoolConfig } from './pool/spm-finder.js';
import { createRetention, type RetentionMessage } from './retention.js';
import type { EnginePorts } from './ports.js';
import type { ActorSystem, Ref } from './runtime.js';
import type { EngineSettings } from './settings.js';
import { createTaskManager } from './task-manager.js';
import type { SeenCommits, WireRequest } from './wire.js';

export interface EngineConfig {
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  readonly pools: readonly PoolConfig[];
  readonly settings: EngineSettings;
  /**
   * An operator's decision to go on from an older copy of the store, of which hosts have seen commits up to this one: what the refusal `STORE_ROLLED_BACK`
   * names, or later. Every command that is not over is then PARKED until an operator says what becomes of it. It is durable once the engine has started; a store
   * that has not been refused, and has as many commits, is not touched by it.
   */
  readonly acceptOlderStore?: SeenCommits;
}

/** What an engine holds in memory, for an observer to compare with what is on disk. */
export interface EngineMemory {
  readonly entities: EntityReader;
  readonly locks: LockReader;
  /** The durable state, as the engine knows it, of every command that is not over. */
  readonly commands: ReadonlyMap<string, CommandState>;
}

type EngineMessage =
  | { readonly type: 'boot' }
  | { readonly type: 'request'; readonly request: WireRequest }
  | { readonly type: 'found'; readonly lookUp: LookUp; readonly found: Found }
  | { readonly type: 'submissionCommitted'; readonly state: CommandState }
  | { readonly type: 'olderStore'; readonly began: number; readonly seen: SeenCommits }
  | { readonly type: 'changed'; readonly state: CommandState; readonly before: CommandState }
  | { readonly type: 'childPlaced'; readonly state: CommandState }
  | { readonly type: 'cancelChild'; readonly childId: string }
  | { readonly type: 'rollBackChild'; readonly childId: string; readonly error: ErrorRecord }
  | { readonly type: 'cancelAnswered'; readonly request: WireRequest; readonly commandId: string; readonly answer: CancelAnswer }
  | { readonly type: 'operateAnswered'; readonly request: WireRequest; readonly commandId: string; readonly answer: OperateAnswer };

/** An engine that has recovered. */
interface Running {
  readonly registry: CommandRegistry;
  readonly requests: ClientRequests;
  readonly journal: Ref<JournalMessage>;
}

/**
 * Starts one incarnation of the engine: reads the store, re-acquires the locks, goes on with every command where it is, and only then
 * accepts requests.
 * @param observe is given the engine's memory once it has recovered
 */
export function startEngine(ports: EnginePorts, system: ActorSystem, config: EngineConfig, observe: (memory: EngineMemory) => void): void {
  const behaviour = createEngine(ports, system, config, observe, (message) => engine.tell(message));
  const engine: Ref<EngineMessage> = system.spawn({ name: 'engine', behaviour });
  engine.tell({ type: 'boot' });
}

function createEngine(
  ports: EnginePorts,
  system: ActorSystem,
  config: EngineConfig,
  observe: (memory: EngineMemory) => void,
  wakeSelf: (message: EngineMessage) => void,
): (message: EngineMessage) => void | Promise<void> {
  // A shelf that receives no messages: nact copies the parent's children for each message that the parent handles.
  const shelf: Ref<never> = system.spawn({ name: 'commands', behaviour: () => undefined });
  let booted: Running | null = null;

  return (message) => {
    switch (message.type) {
      case 'boot':
        return boot();
      case 'request':
        return running().requests.handle(message.request);
      case 'found':
        return running().requests.found(message.lookUp, message.found);
      case 'submissionCommitted':
        return running().requests.submissionCommitted(message.state);
      case 'olderStore':
        return stopActing(message.began, message.seen);
      case 'changed':
        return running().registry.changed(message.state, message.before);
      case 'childPlaced':
        return running().registry.start(newCommand(message.state));
      case 'cancelChild':
        return running().registry.actorOf(message.childId)?.tell({ type: 'cancel', wake: null });
      case 'rollBackChild':
        return running().registry.actorOf(message.childId)?.tell({ type: 'rollBack', error: message.error });
      case 'cancelAnswered':
        return running().requests.cancelAnswered(message.request, message.commandId, message.answer);
      case 'operateAnswered':
        return running().requests.operateAnswered(message.request, message.commandId, message.answer);
    }
  };

  /** What is decided from an older copy would contradict what has been done. */
  function stopActing(began: number, seen: SeenCommits): void {
    const { journal, requests } = running();
    journal.tell({ type: 'refuse', seen });
    requests.refuseAll(rolledBack(began, seen));
    ports.probe({ type: 'storeRolledBack', began, seen: seen.commitSeq });
  }

  /** It was refused before. Another commit would bring it nearer to what hosts have seen, and tell nobody anything. */
  function refuseAgain({ beganAt, incarnation }: StoreHead, seen: SeenCommits): void {
    const why = rolledBack(beganAt, seen);
    ports.onReceive((message) => {
      if (message.kind === 'request') refuse(ports, incarnation, message, why);
    });
    ports.probe({ type: 'storeRolledBack', began: beganAt, seen: seen.commitSeq });
  }

  function running(): Running {
    if (booted === null) throw new SeatbeltError('INTERNAL', 'the engine was used before it had recovered');
    return booted;
  }

  async function boot(): Promise<void> {
    const store = await SnapshotStore.open(ports.disk);
    const admission = admissionOf(store.opened.head, config.acceptOlderStore ?? null);
    if (admission.kind === 'refused') return refuseAgain(store.opened.head, admission.seen);
    const older = admission.kind === 'takenUp' ? admission.lost : null;
    const taken = older === null ? [] : takenUp(store.opened, older, ports.now());
    const found = older === null ? store.opened : withCommands(store.opened, taken);
    const nonce = ports.random('life');
    const changes = taken.map((state): Change => ({ type: 'command', state: stored(state) }));
    const incarnation = older === null ? await store.beginIncarnation(nonce) : await store.beginEpoch(older, nonce, changes);
    const { beganAt: began, life } = store.head;
    ports.probe({ type: 'engineStarted', incarnation });
    for (const { id, status, error } of taken.filter(isOfOlderStore)) ports.probe({ type: 'statusChanged', commandId: id, status, error });
    const { contents, changes: migrated, commands: migratedCommands, failures } = migrateCommands(config.definitions, found, ports.now());
    if (migrated.length > 0) await store.commit(migrated);
    for (const command of migratedCommands) ports.probe({ type: 'commandMigrated', ...command });
    const entities = new EntityTable(contents.entities);
    const lockTable = new LockTable(contents.locks.values());
    const exchange = new Exchange(ports, life, { heard: () => store.heard(), isOlder: (seen) => wakeSelf({ type: 'olderStore', began, seen }) });
    const fences = new FenceNumbers();
    const journal = spawn<JournalMessage>('journal', (wake) => createJournal({ ports, store, entities, wakeSelf: wake }));
    const locks = spawn<LocksMessage>('locks', (wake) => createLocks({ ports, table: lockTable, wakeSelf: wake }));
    // The task manager is made last: it needs the context that names it.
    const taskManager: Ref<TaskManagerMessage> = system.spawn({ name: 'task-manager', behaviour: (message) => manager.handle(message) });
    const context: EngineContext = {
      ports,
      incarnation,
      epoch: store.head.epoch,
      settings: config.settings,
      definitions: config.definitions,
      pools: new Set(config.pools.map(({ id }) => id)),
      entities,
      lockTable,
      exchange,
      fences,
      stamp: (commandId) => {
        const number = commandId === null ? null : fences.get(commandId);
        const { commitSeq, earlier } = store.head;
        const from = { id: found.identity.storeId, life, beganAt: began, earlier };
        return { incarnation, commitSeq, store: from, fence: commandId === null || number === null ? null : { commandId, number } };
      },
      journal,
      locks,
      taskManager,
    };
    const registry = new CommandRegistry(context, system, shelf, {
      changed: (state, before) => wakeSelf({ type: 'changed', state, before }),
      childPlaced: (state) => wakeSelf({ type: 'childPlaced', state }),
      cancelChild: (childId) => wakeSelf({ type: 'cancelChild', childId }),
      rollBackChild: (childId, error) => wakeSelf({ type: 'rollBackChild', childId, error }),
    });
    const archive = new Archive(store);
    const requests = new ClientRequests(context, registry, archive, {
      submissionCommitted: (state) => wakeSelf({ type: 'submissionCommitted', state }),
      found: (lookUp, found) => wakeSelf({ type: 'found', lookUp, found }),
      cancelAnswered: (request, commandId, answer) => wakeSelf({ type: 'cancelAnswered', request, commandId, answer }),
      operateAnswered: (request, commandId, answer) => wakeSelf({ type: 'operateAnswered', request, commandId, answer }),
    });
    const pools = new Map<string, Ref<PoolMessage>>();
    const manager = createTaskManager(context, {
      pools,
      ownIds: new Set(config.pools.flatMap(({ id, clientTaskIds }) => (clientTaskIds === false ? [id] : []))),
      commandOf: (id) => registry.actorOf(id),
      isWithheld: (id) => {
        const state = registry.find(id);
        return state !== undefined && isOfOlderStore(state);
      },
      recovered: contents.tasks.values(),
      wakeSelf: (message) => taskManager.tell(message),
    });
    for (const pool of config.pools) pools.set(pool.id, spawn<PoolMessage>(`pool-${pool.id}`, (wake) => createPool(context, pool, wake)));
    booted = { registry, requests, journal };

    for (const state of statesOf(contents)) registry.recovered(state);
    const endedChildren = await archive.endedChildrenOf([...registry.live.values()], (id) => registry.live.has(id));
    ports.onReceive((message) => {
      switch (message.kind) {
        case 'reply':
          return exchange.receive(message);
        case 'request':
          return wakeSelf({ type: 'request', request: message });
        case 'event':
          return message.life === life ? taskManager.tell({ type: 'pushed', ended: message.body }) : undefined;
      }
    });
    observe({ entities, locks: lockTable, commands: registry.live });
    ports.probe({ type: 'engineRecovered', incarnation, commands: registry.live.size, tasks: contents.tasks.size });
    recoverCommands(context, registry, contents, endedChildren, failures);
    manager.begin();
    keepRecords(store, journal);
  }

  function keepRecords(store: SnapshotStore, journal: Ref<JournalMessage>): void {
    const { retention: limits } = config.settings;
    if (limits.keepMs === null && limits.keepCount === null) return;
    const actor: Ref<RetentionMessage> = system.spawn({ name: 'retention', behaviour: (message) => retention.handle(message) });
    const retention = createRetention({ ports, store, limits, journal, wakeSelf: (message) => actor.tell(message) });
    retention.begin();
  }

  function spawn<M>(name: string, create: (wake: (message: M) => void) => (message: M) => void): Ref<M> {
    const behaviour = create((message) => ref.tell(message));
    const ref: Ref<M> = system.spawn({ name, behaviour });
    return ref;
  }
}
