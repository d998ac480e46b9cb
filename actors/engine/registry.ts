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

/** Every command that is not over, and its actor. The others are on the disk alone. */
export class CommandRegistry {
  readonly #live = new Map<string, CommandState>();
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

  /** Undefined: it is over, or was never there. */
  find(id: string): CommandState | undefined {
    return this.#live.get(id);
  }

  /** Undefined: it is over, is held for another program, or was never there. */
  actorOf(id: string): Ref<CommandMessage> | undefined {
    return this.#actors.get(id);
  }

  /** Takes up a command that was on disk when the engine started. */
  recovered(state: CommandState): void {
    this.#live.set(state.id, state);
  }

  /** Starts the actor of a command whose state is durable; of one that has an actor, nothing. */
  start(initial: InitialCommand): void {
    const { state } = initial;
    if (this.#actors.has(state.id)) return;
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
      childPlaced: (child) => {
        this.#live.set(child.id, child);
        this.wake.childPlaced(child);
      },
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
}

function childOutcome(child: CommandState): Outcome {
  if (child.status === 'SUCCEEDED') return { kind: 'succeeded' };
  const error = child.error ?? { code: 'CHILD_FAILED', message: `${child.id} is ${child.status}`, retryable: false, causes: [] };
  return { kind: 'childFailed', error };
}
