import type { ErrorRecord } from '../../src/model/errors.js';
import { familyRootId } from '../../src/flow/children.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import type { InitialCommand } from '../command/durable-command.js';
import type { Family } from '../command/family.js';
import { createCommand } from '../command.js';
import type { EngineContext } from '../engine-context.js';
import type { CommandMessage } from '../messages.js';
import type { ActorSystem, Ref } from '../runtime.js';
import { isNews, reportOf } from './child-report.js';
import { fitted, outOfReach } from './fitness.js';

/** What the registry is told by a command's actor, and leaves to a turn of the engine's own. Each must do no more than dispatch one message. */
export interface RegistryWake {
  /** Its durable state has changed. */
  changed(state: CommandState, before: CommandState): void;
  /** A child's first snapshot is committed. */
  childPlaced(state: CommandState): void;
  /** A parent that is being cancelled passes it on. */
  cancelChild(childId: string): void;
  /** A parent that rolls back has a completed child. */
  rollBackChild(childId: string, error: ErrorRecord): void;
}

/** Every command that is not over, and its actor. The others are on the disk alone. */
export class CommandRegistry {
  readonly #live = new Map<string, CommandState>();
  /** The completed ones, by the root of their family. */
  readonly #completed = new Map<string, Map<string, CommandState>>();
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

  /** Undefined: it is over, or was never there. */
  actorOf(id: string): Ref<CommandMessage> | undefined {
    return this.#actors.get(id);
  }

  /** Takes up a command that was on disk when the engine started. */
  recovered(state: CommandState): void {
    this.#keep(state);
  }

  /** Starts the actor of a command whose state is durable; of one that has an actor, nothing. @param failure why it could not be brought to this program's version */
  start(initial: InitialCommand, failure?: ErrorRecord): void {
    const { state } = initial;
    if (this.#actors.has(state.id)) return;
    const { definitions, pools } = this.context;
    const { handlers, unfit } = fitted(definitions, state);
    this.#keep(state);
    const behaviour = createCommand({
      context: this.context,
      handlers,
      unfit: unfit === null ? outOfReach(pools, state) : (failure ?? unfit),
      initial,
      wakeSelf: (message) => actor.tell(message),
      changed: (next, before) => {
        // The observer compares memory with disk at any instant, so this is not left to a message.
        this.#keep(next);
        this.wake.changed(next, before);
      },
      family: this.#familyOf(state),
    });
    const actor: Ref<CommandMessage> = this.system.spawn({ name: `command-${state.id}`, behaviour, parent: this.shelf });
    this.#actors.set(state.id, actor);
    actor.tell({ type: 'begin' });
  }

  changed(state: CommandState, before: CommandState): void {
    if (isTerminal(state.status)) {
      this.#live.delete(state.id);
      const actor = this.#actors.get(state.id);
      this.#actors.delete(state.id);
      if (actor !== undefined) void this.system.stop(actor);
    }
    if (isNews(before, state)) this.tellParent(state);
  }

  /** How a child stands. A parent that has heard of it takes no notice. */
  tellParent(child: CommandState): void {
    if (child.parent === null) return;
    this.#actors.get(child.parent.commandId)?.tell({ type: 'childReported', childId: child.id, report: reportOf(child) });
  }

  #familyOf({ id, parent }: CommandState): Family {
    return {
      childPlaced: (child) => {
        this.#keep(child);
        this.wake.childPlaced(child);
      },
      cancelChild: (childId) => this.wake.cancelChild(childId),
      rollBackChild: (childId, error) => this.wake.rollBackChild(childId, error),
      ancestors: () => this.#from(parent?.commandId),
      completed: () => [...(this.#completed.get(id)?.values() ?? [])],
      succeeded: (states) => states.forEach((state) => this.#succeeded(state)),
    };
  }

  /** The command and those above it: they wait for it, so none of them is over. */
  #from(id: string | undefined): readonly CommandState[] {
    const state = id === undefined ? undefined : this.#live.get(id);
    return state === undefined ? [] : [state, ...this.#from(state.parent?.commandId)];
  }

  #succeeded(child: CommandState): void {
    const before = this.#live.get(child.id);
    this.#keep(child);
    this.context.fences.forget(child.id);
    if (before !== undefined) this.wake.changed(child, before);
  }

  #keep(state: CommandState): void {
    this.#live.set(state.id, state);
    const rootId = familyRootId(state);
    const family = this.#completed.get(rootId);
    if (state.status !== 'COMPLETED') {
      if (family?.delete(state.id) === true && family.size === 0) this.#completed.delete(rootId);
    } else if (family === undefined) this.#completed.set(rootId, new Map([[state.id, state]]));
    else family.set(state.id, state);
  }
}
