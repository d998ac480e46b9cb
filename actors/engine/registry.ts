import type { Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { Outcome } from '../../src/model/outcome.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import type { InitialCommand } from '../command/durable-command.js';
import { createCommand } from '../command.js';
import type { EngineContext } from '../engine-context.js';
import type { CommandMessage } from '../messages.js';
import type { ActorSystem, Ref } from '../runtime.js';

/** What the registry is told by a command's actor, and leaves to a turn of the engine's own. Each must do no more than dispatch one message. */
export interface RegistryWake {
  /** Its durable state has changed. */
  changed(state: CommandState): void;
  /** A child's first snapshot is committed. */
  childPlaced(state: CommandState): void;
  /** A parent that is being cancelled passes it on. */
  cancelChild(childId: string): void;
}

/** Every command that this engine knows, and the actor of each that is not over. */
export class CommandRegistry {
  /** Every command on disk; of finished ones the last state. */
  readonly #commands = new Map<string, CommandState>();
  readonly #live = new Map<string, CommandState>();
  /** The ids of each command's children, in the order they were started. */
  readonly #childrenOf = new Map<string, string[]>();
  readonly #actors = new Map<string, Ref<CommandMessage>>();

  /** @param shelf the parent of the commands' actors */
  constructor(
    private readonly context: EngineContext,
    private readonly system: ActorSystem,
    private readonly shelf: Ref<never>,
    private readonly wake: RegistryWake,
  ) {}

  /** The durable state of every command that is not over. */
  get live(): ReadonlyMap<string, CommandState> {
    return this.#live;
  }

  all(): IterableIterator<CommandState> {
    return this.#commands.values();
  }

  find(id: string): CommandState | undefined {
    return this.#commands.get(id);
  }

  /** Undefined: it is over, is held for another program, or was never there. */
  actorOf(id: string): Ref<CommandMessage> | undefined {
    return this.#actors.get(id);
  }

  /** Takes up a command that was on disk when the engine started. */
  recovered(state: CommandState): void {
    this.#know(state);
    if (!isTerminal(state.status)) this.#live.set(state.id, state);
  }

  /** Starts the actor of a command whose state is durable; of one that has an actor, nothing. */
  start(initial: InitialCommand): void {
    const { state } = initial;
    if (this.#actors.has(state.id)) return;
    this.#know(state);
    const definition = this.context.definitions.get(state.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `${state.id}: there is no command type '${state.type}'`);
    this.#live.set(state.id, state);
    const behaviour = createCommand({
      context: this.context,
      definition,
      initial,
      wakeSelf: (message) => actor.tell(message),
      changed: (next) => {
        // The observer compares memory with disk at any instant, so this is not left to a message.
        this.#live.set(next.id, next);
        this.wake.changed(next);
      },
      childPlaced: (child) => this.wake.childPlaced(child),
      cancelChild: (childId) => this.wake.cancelChild(childId),
    });
    const actor: Ref<CommandMessage> = this.system.spawn({ name: `command-${state.id}`, behaviour, parent: this.shelf });
    this.#actors.set(state.id, actor);
    actor.tell({ type: 'begin' });
  }

  /** It is held, durably, for a program that can continue it; it has no actor. */
  parked(state: CommandState): void {
    this.#live.set(state.id, state);
    this.changed(state);
  }

  changed(state: CommandState): void {
    this.#commands.set(state.id, state);
    if (!isTerminal(state.status)) return;
    this.#live.delete(state.id);
    const actor = this.#actors.get(state.id);
    this.#actors.delete(state.id);
    if (actor !== undefined) void this.system.stop(actor);
    this.tellParent(state);
  }

  /** Of a child that is over. A parent that has heard of it takes no notice. */
  tellParent(child: CommandState): void {
    if (child.parent === null) return;
    this.#actors.get(child.parent.commandId)?.tell({ type: 'childEnded', childId: child.id, outcome: childOutcome(child) });
  }

  /** What clients are told. @throws SeatbeltError `UNKNOWN_COMMAND` */
  statusOf(id: string): Data {
    const state = this.#commands.get(id);
    if (state === undefined) throw new SeatbeltError('UNKNOWN_COMMAND', `there is no command '${id}'`);
    const { type, status, executionIndex, executionReason, error, heldBy, residue } = state;
    const children = (this.#childrenOf.get(id) ?? []).map((child): Data => ({ commandId: child, status: this.#commands.get(child)?.status ?? 'SUBMITTED' }));
    return { commandId: id, type, status, executionIndex, executionReason, error, heldBy, residue, children };
  }

  #know(state: CommandState): void {
    if (!this.#commands.has(state.id) && state.parent !== null) {
      const siblings = this.#childrenOf.get(state.parent.commandId);
      if (siblings === undefined) this.#childrenOf.set(state.parent.commandId, [state.id]);
      else siblings.push(state.id);
    }
    this.#commands.set(state.id, state);
  }
}

function childOutcome(child: CommandState): Outcome {
  if (child.status === 'SUCCEEDED') return { kind: 'succeeded' };
  const error = child.error ?? { code: 'CHILD_FAILED', message: `${child.id} is ${child.status}`, retryable: false, causes: [] };
  return { kind: 'childFailed', error };
}
