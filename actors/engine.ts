import { checkCommandId, type CommandDefinition } from '../src/model/command.js';
import { frozen, sameData, type Data } from '../src/model/data.js';
import { recordOf, SeatbeltError } from '../src/model/errors.js';
import type { Outcome } from '../src/model/outcome.js';
import type { SpmAsyncTask } from '../src/model/task.js';
import { cancelRefusal } from '../src/flow/cancel.js';
import { isTerminal, submitted, type CommandState } from '../src/flow/state.js';
import { transition } from '../src/flow/transition.js';
import { EntityTable, type EntityReader } from '../src/store/entity-table.js';
import type { StoreContents } from '../src/store/read-store.js';
import { SnapshotStore } from '../src/store/snapshot-store.js';
import { NOTHING_STAGED } from '../src/store/staged-view.js';
import { stored } from './command/batch.js';
import type { CallRecord } from './command/callback-run.js';
import { createCommand } from './command.js';
import { FenceNumbers, type EngineContext } from './engine-context.js';
import { Exchange } from './exchange.js';
import { createJournal } from './journal.js';
import { createLocks, LockTable, type LockReader } from './locks.js';
import type { CancelAnswer, CommandMessage, JournalMessage, LocksMessage, PoolMessage, TaskManagerMessage } from './messages.js';
import { createPool } from './pool.js';
import type { EnginePorts } from './ports.js';
import type { ActorSystem, Ref } from './runtime.js';
import type { EngineSettings } from './settings.js';
import { createTaskManager } from './task-manager.js';
import { ENGINE_REFUSED, type EngineRequest, type WireRequest } from './wire.js';

export interface EngineConfig {
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  readonly pools: readonly { readonly id: string; readonly hosts: readonly string[] }[];
  readonly settings: EngineSettings;
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
  | { readonly type: 'submissionCommitted'; readonly state: CommandState }
  | { readonly type: 'parked'; readonly state: CommandState }
  | { readonly type: 'changed'; readonly state: CommandState }
  | { readonly type: 'childPlaced'; readonly state: CommandState }
  | { readonly type: 'cancelChild'; readonly childId: string }
  | { readonly type: 'cancelAnswered'; readonly request: WireRequest; readonly commandId: string; readonly answer: CancelAnswer };

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
  /** Every command on disk; of finished ones the last state. */
  const commands = new Map<string, CommandState>();
  const live = new Map<string, CommandState>();
  /** The ids of each command's children, in the order they were started. */
  const childrenOf = new Map<string, string[]>();
  const actors = new Map<string, Ref<CommandMessage>>();
  /** Submissions whose first commit is under way, with the requests that wait for it. */
  const submitting = new Map<string, { readonly state: CommandState; readonly requests: WireRequest[] }>();
  // A shelf that receives no messages: nact copies the parent's children for each message that the parent handles.
  const shelf: Ref<never> = system.spawn({ name: 'commands', behaviour: () => undefined });
  let booted: EngineContext | null = null;

  return (message) => {
    switch (message.type) {
      case 'boot':
        return boot();
      case 'request':
        return handle(message.request);
      case 'submissionCommitted':
        return submissionCommitted(message.state);
      case 'parked':
        live.set(message.state.id, message.state);
        return changed(message.state);
      case 'changed':
        return changed(message.state);
      case 'childPlaced':
        return start(message.state, null, []);
      case 'cancelChild':
        actors.get(message.childId)?.tell({ type: 'cancel', wake: null });
        return;
      case 'cancelAnswered':
        return cancelAnswered(message.request, message.commandId, message.answer);
    }
  };

  // Recovery.

  async function boot(): Promise<void> {
    const store = await SnapshotStore.open(ports.disk);
    const incarnation = await store.beginIncarnation();
    ports.probe({ type: 'engineStarted', incarnation });
    const contents = store.opened;
    const entities = new EntityTable(contents.entities);
    const lockTable = new LockTable(contents.locks.values());
    const exchange = new Exchange(ports, incarnation);
    const fences = new FenceNumbers();
    const journal = spawn<JournalMessage>('journal', (wake) => createJournal({ ports, store, entities, wakeSelf: wake }));
    const locks = spawn<LocksMessage>('locks', () => createLocks(lockTable));
    const pools = new Map<string, Ref<PoolMessage>>();
    const taskManagerDeps = { pools, commandOf: (id: string) => actors.get(id), isOver: (id: string) => !live.has(id), recovered: contents.tasks.values() };
    // The task manager is made last: it needs the context that names it.
    const taskManager: Ref<TaskManagerMessage> = system.spawn({ name: 'task-manager', behaviour: (message) => manager.handle(message) });
    const context: EngineContext = {
      ports,
      incarnation,
      settings: config.settings,
      definitions: config.definitions,
      entities,
      lockTable,
      exchange,
      fences,
      stamp: (commandId) => {
        const number = commandId === null ? null : fences.get(commandId);
        return { incarnation, commitSeq: store.head.commitSeq, fence: commandId === null || number === null ? null : { commandId, number } };
      },
      journal,
      locks,
      taskManager,
    };
    const manager = createTaskManager(context, { ...taskManagerDeps, wakeSelf: (message) => taskManager.tell(message) });
    for (const pool of config.pools) pools.set(pool.id, spawn<PoolMessage>(`pool-${pool.id}`, (wake) => createPool(context, pool, wake)));
    booted = context;

    for (const state of statesOf(contents)) {
      know(state);
      if (!isTerminal(state.status)) live.set(state.id, state);
    }
    ports.onReceive((message) => {
      if (message.kind === 'reply') exchange.receive(message);
      else wakeSelf({ type: 'request', request: message });
    });
    observe({ entities, locks: lockTable, commands: live });
    ports.probe({ type: 'engineRecovered', incarnation, commands: live.size, tasks: contents.tasks.size });
    recoverCommands(contents);
    manager.begin();
  }

  function spawn<M>(name: string, create: (wake: (message: M) => void) => (message: M) => void): Ref<M> {
    const behaviour = create((message) => ref.tell(message));
    const ref: Ref<M> = system.spawn({ name, behaviour });
    return ref;
  }

  function statesOf(contents: StoreContents): CommandState[] {
    return [...contents.commands.values()].map((state) => frozen(state) as unknown as CommandState);
  }

  function recoverCommands(contents: StoreContents): void {
    const tasks = new Map<string, SpmAsyncTask[]>();
    for (const task of contents.tasks.values()) tasks.set(task.commandId, [...(tasks.get(task.commandId) ?? []), task]);
    for (const state of live.values()) {
      const unfit = unfitness(state);
      if (unfit !== null && state.status !== 'PARKED') park(state, unfit);
      else if (unfit === null) start(state, frozen(contents.calls.get(state.id) ?? null) as unknown as CallRecord | null, tasks.get(state.id) ?? []);
    }
    // A child may have ended in the last batch before the crash, before its parent heard of it.
    for (const state of commands.values()) if (isTerminal(state.status)) tellParent(state);
  }

  /** Why this program cannot continue the command, or null. */
  function unfitness(state: CommandState): string | null {
    const definition = config.definitions.get(state.type);
    if (definition === undefined) return `there is no command type '${state.type}' in this program`;
    const names = definition.handlers.map(({ name }) => name);
    if (definition.version === state.version && sameData(names, state.handlers)) return null;
    return `it was submitted with ${state.type} version ${state.version} [${state.handlers.join(', ')}], this program has version ${definition.version} [${names.join(', ')}]`;
  }

  function park(state: CommandState, why: string): void {
    const error = { code: 'DEFINITION_CHANGED', message: why, retryable: false, causes: [] };
    const step = transition([], state, { type: 'parked', error }, { now: ports.now(), jitter: 0 });
    if (step === null) return;
    inContext().journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'command', state: stored(step.state) }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'statusChanged', commandId: state.id, status: step.state.status, error }],
        wake: () => wakeSelf({ type: 'parked', state: step.state }),
      },
    });
  }

  function inContext(): EngineContext {
    if (booted === null) throw new SeatbeltError('INTERNAL', 'the engine was used before it had recovered');
    return booted;
  }

  // Commands.

  function know(state: CommandState): void {
    if (!commands.has(state.id) && state.parent !== null) {
      const siblings = childrenOf.get(state.parent.commandId);
      if (siblings === undefined) childrenOf.set(state.parent.commandId, [state.id]);
      else siblings.push(state.id);
    }
    commands.set(state.id, state);
  }

  function start(state: CommandState, openCalls: CallRecord | null, tasks: readonly SpmAsyncTask[]): void {
    if (actors.has(state.id)) return;
    know(state);
    const definition = config.definitions.get(state.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `${state.id}: there is no command type '${state.type}'`);
    live.set(state.id, state);
    const behaviour = createCommand({
      context: inContext(),
      definition,
      initial: state,
      openCalls,
      tasks,
      wakeSelf: (message) => actor.tell(message),
      changed: (next) => {
        // The observer compares memory with disk at any instant, so this is not left to a message.
        live.set(next.id, next);
        wakeSelf({ type: 'changed', state: next });
      },
      childPlaced: (child) => wakeSelf({ type: 'childPlaced', state: child }),
      cancelChild: (childId) => wakeSelf({ type: 'cancelChild', childId }),
    });
    const actor: Ref<CommandMessage> = system.spawn({ name: `command-${state.id}`, behaviour, parent: shelf });
    actors.set(state.id, actor);
    actor.tell({ type: 'begin' });
  }

  function changed(state: CommandState): void {
    commands.set(state.id, state);
    if (!isTerminal(state.status)) return;
    live.delete(state.id);
    const actor = actors.get(state.id);
    actors.delete(state.id);
    if (actor !== undefined) void system.stop(actor);
    tellParent(state);
  }

  function tellParent(child: CommandState): void {
    if (child.parent === null) return;
    actors.get(child.parent.commandId)?.tell({ type: 'childEnded', childId: child.id, outcome: childOutcome(child) });
  }

  function childOutcome(child: CommandState): Outcome {
    if (child.status === 'SUCCEEDED') return { kind: 'succeeded' };
    const error = child.error ?? { code: 'CHILD_FAILED', message: `${child.id} is ${child.status}`, retryable: false, causes: [] };
    return { kind: 'childFailed', error };
  }

  // Requests of clients.

  function handle(request: WireRequest): void {
    const body = request.body as EngineRequest;
    try {
      switch (body.op) {
        case 'submitCommand':
          return submit(request, body);
        case 'commandStatus':
          return reply(request, statusOf(body.commandId));
        case 'cancelCommand':
          return cancel(request, body.commandId);
        default:
          throw new SeatbeltError('BAD_REQUEST', `an engine has no operation '${String((body as { op: unknown }).op)}'`);
      }
    } catch (error) {
      refuse(request, error);
    }
  }

  function submit(request: WireRequest, body: Extract<EngineRequest, { op: 'submitCommand' }>): void {
    const id = checkCommandId(body.commandId);
    const definition = config.definitions.get(body.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `there is no command type '${body.type}'`);
    const params = definition.parseParams(body.params);
    // It must be able to say what it locks, now and whenever it is asked again.
    definition.locks(params);
    const known = submitting.get(id)?.state ?? commands.get(id);
    if (known !== undefined) {
      if (known.type !== body.type || !sameData(known.params, params)) {
        throw new SeatbeltError('DUPLICATE_COMMAND', `command '${id}' was submitted before, as another type or with other params`);
      }
      // Acknowledged once the first submission is on disk.
      const waiting = submitting.get(id);
      if (waiting !== undefined) waiting.requests.push(request);
      else reply(request, statusOf(id));
      return;
    }
    const state = submitted({
      id,
      type: body.type,
      version: definition.version,
      params,
      handlers: definition.handlers.map(({ name }) => name),
      parent: null,
      rootId: id,
      submittedAt: ports.now(),
    });
    submitting.set(id, { state, requests: [request] });
    inContext().journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'command', state: stored(state) }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'commandSubmitted', commandId: id, commandType: state.type, parentId: null }],
        wake: () => wakeSelf({ type: 'submissionCommitted', state }),
      },
    });
  }

  function submissionCommitted(state: CommandState): void {
    const waiting = submitting.get(state.id);
    submitting.delete(state.id);
    start(state, null, []);
    for (const request of waiting?.requests ?? []) reply(request, statusOf(state.id));
  }

  function cancel(request: WireRequest, commandId: string): void {
    const state = commands.get(commandId);
    if (state === undefined) throw new SeatbeltError('UNKNOWN_COMMAND', `there is no command '${commandId}'`);
    const actor = actors.get(commandId);
    if (actor !== undefined) actor.tell({ type: 'cancel', wake: (answer) => wakeSelf({ type: 'cancelAnswered', request, commandId, answer }) });
    // Of one that is over for this very reason, the answer is the same as it was.
    else if (state.error?.code === 'CANCELLED') reply(request, { commandId, cancel: 'accepted' });
    else throw new SeatbeltError('CANCEL_REFUSED', `command '${commandId}' cannot be cancelled: ${cancelRefusal(state) ?? 'it is parked for another program'}`);
  }

  function cancelAnswered(request: WireRequest, commandId: string, answer: CancelAnswer): void {
    if (answer.kind !== 'refused') reply(request, { commandId, cancel: answer.kind });
    else refuse(request, new SeatbeltError('CANCEL_REFUSED', `command '${commandId}' cannot be cancelled: ${answer.why}`));
  }

  function statusOf(id: string): Data {
    const state = commands.get(id);
    if (state === undefined) throw new SeatbeltError('UNKNOWN_COMMAND', `there is no command '${id}'`);
    const { type, status, executionIndex, executionReason, error, heldBy, residue } = state;
    const children = (childrenOf.get(id) ?? []).map((child): Data => ({ commandId: child, status: commands.get(child)?.status ?? 'SUBMITTED' }));
    return { commandId: id, type, status, executionIndex, executionReason, error, heldBy, residue, children };
  }

  function reply(request: WireRequest, result: Data): void {
    answer(request, 0, 'OK', result);
  }

  function refuse(request: WireRequest, thrown: unknown): void {
    const error = recordOf(thrown);
    answer(request, ENGINE_REFUSED, error.message, error);
  }

  function answer(request: WireRequest, code: number, message: string, result: Data): void {
    const { correlation, from } = request;
    ports.send(from, { kind: 'reply', correlation, from: ports.node, incarnation: inContext().incarnation, code, message, result });
  }
}
