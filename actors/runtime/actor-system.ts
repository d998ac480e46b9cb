import { SeatbeltError } from '../../src/model/errors.js';
import { encodeActorName } from './actor-name.js';
import type { Nact, NactReference, NactTurn } from './nact.js';

/** Who can be sent messages of type `M`. */
export interface Ref<M> {
  readonly name: string;
  /** `system/parent/name`. */
  readonly path: string;
  /** Sends without waiting. A message to an actor that has stopped is counted as a dead letter, and nothing else happens. */
  readonly tell: (message: M) => void;
}

/** Sends `message` without waiting; the same as `ref.tell(message)`. */
export function dispatch<M>(ref: Ref<M>, message: M): void {
  ref.tell(message);
}

/**
 * What an actor does with one message. The actor takes its next message once the promise, if there is one, has settled. Throwing is a defect of
 * ours: it is reported, and the actor goes on with its next message unless whoever is told stops the node.
 */
export type Behaviour<M> = (message: M, self: Ref<M>) => void | Promise<void>;

export interface ActorSpec<M> {
  /** Any text; unique among its living siblings. */
  readonly name: string;
  readonly behaviour: Behaviour<M>;
  /**
   * Default: the system itself. nact copies the parent's map of children for every message that the *parent* handles, so the parent of many
   * should be an actor that receives no messages.
   */
  readonly parent?: Ref<never>;
}

/** Told of whatever a behaviour throws, with the path of its actor. */
export type FaultListener = (error: unknown, actorPath: string) => void;

/** One actor's books: what nact does not tell about its actors and we need for stopping them in good order. */
class Cell {
  readonly children = new Set<Cell>();
  native: NactReference | null = null;
  /** Messages that were accepted and whose turn has not begun. */
  waiting = 0;
  /** Set once the actor is to stop: no children from then on. */
  stopping: Promise<void> | null = null;
  stopped = false;
  onStopped: () => void = () => undefined;

  constructor(
    readonly path: string,
    readonly parent: Cell | null,
  ) {}
}

/** The last message of an actor that is stopped in good order. */
const STOP = Symbol('stop');

/**
 * A tree of nact actors. It makes up for what nact leaves to its users: behaviours cannot crash an actor or the process, nothing is lost without
 * being counted, and stopping a parent stops its children.
 */
export class ActorSystem {
  private readonly root: Cell;
  private readonly cells = new WeakMap<Ref<never>, Cell>();
  private lost = 0;

  constructor(
    private readonly nact: Nact,
    readonly name: string,
    private readonly onFault: FaultListener,
    private readonly onStopped: () => void,
  ) {
    this.root = new Cell(name, null);
    this.root.native = nact.start({ name });
  }

  /** Messages that were sent to a stopped actor, or were still waiting when theirs was stopped. */
  get deadLetters(): number {
    return this.lost;
  }

  /**
   * Starts an actor. In a system or under a parent that is stopping, the actor is stillborn: what it is sent is a dead letter.
   * @throws SeatbeltError `INTERNAL` when a living sibling has the name.
   */
  spawn<M>(spec: ActorSpec<M>): Ref<M> {
    const parent = spec.parent === undefined ? this.root : this.cellOf(spec.parent);
    const cell = new Cell(`${parent.path}/${spec.name}`, parent);
    const ref: Ref<M> = { name: spec.name, path: cell.path, tell: (message) => this.post(cell, message) };
    this.cells.set(ref, cell);
    if (parent.native === null || parent.stopped || parent.stopping !== null) {
      cell.stopped = true;
      return ref;
    }
    const turn: NactTurn = Object.assign((_state: unknown, message: unknown) => this.takeTurn(cell, ref, spec.behaviour, message), {
      actor: spec.name,
    });
    try {
      cell.native = this.nact.spawn(parent.native, turn, encodeActorName(spec.name), {
        // Out of reach while `takeTurn` catches everything; nact's default would print and stop the actor.
        onCrash: (_message, error, context) => {
          this.onFault(error, cell.path);
          return context.resume;
        },
      });
    } catch (cause) {
      throw new SeatbeltError('INTERNAL', `actor ${cell.path} cannot be started: is there another of that name?`, { cause });
    }
    parent.children.add(cell);
    return ref;
  }

  /**
   * Stops an actor in good order: first its children, then itself, each after the messages that it then has. Resolves when it has stopped, which
   * an actor that waits within its turn must not wait for. Idempotent.
   */
  stop(ref: Ref<never>): Promise<void> {
    return this.stopCell(this.cellOf(ref));
  }

  /** Stops everything in good order, leaves first, then the system. A message under way between two actors may become a dead letter. */
  async stopAll(): Promise<void> {
    await this.stopCell(this.root);
    this.kill();
  }

  /** Stops everything at this instant, turns that are under way and waiting messages included. What is left of a turn can reach nobody. */
  kill(): void {
    if (this.root.native === null) return;
    this.halt(this.root);
    this.onStopped();
  }

  private post(cell: Cell, message: unknown): void {
    if (cell.stopped || cell.native === null) {
      this.lost += 1;
      return;
    }
    cell.waiting += 1;
    this.nact.dispatch(cell.native, message);
  }

  private takeTurn<M>(cell: Cell, self: Ref<M>, behaviour: Behaviour<M>, message: unknown): unknown {
    cell.waiting -= 1;
    if (message === STOP) {
      this.halt(cell);
      return undefined;
    }
    try {
      // What arrives was posted through this actor's own `Ref<M>`; nact has only carried it.
      const running = behaviour(message as M, self);
      return running === undefined ? undefined : running.catch((error: unknown) => this.onFault(error, cell.path));
    } catch (error) {
      this.onFault(error, cell.path);
      return undefined;
    }
  }

  private stopCell(cell: Cell): Promise<void> {
    cell.stopping ??= this.stopLeavesFirst(cell);
    return cell.stopping;
  }

  private async stopLeavesFirst(cell: Cell): Promise<void> {
    if (cell.children.size > 0) await Promise.all(Array.from(cell.children, (child) => this.stopCell(child)));
    if (cell.stopped || cell === this.root) return;
    await new Promise<void>((resolve) => {
      cell.onStopped = resolve;
      this.post(cell, STOP);
    });
  }

  /** nact stops no children of what it stops, so this does. */
  private halt(cell: Cell): void {
    for (const child of cell.children) this.halt(child);
    if (cell.native !== null) this.nact.stop(cell.native);
    cell.native = null;
    cell.stopped = true;
    this.lost += cell.waiting;
    cell.waiting = 0;
    cell.parent?.children.delete(cell);
    cell.onStopped();
  }

  private cellOf(ref: Ref<never>): Cell {
    const cell = this.cells.get(ref);
    if (cell === undefined) throw new SeatbeltError('INTERNAL', `actor ${ref.path} is not of the system ${this.name}`);
    return cell;
  }
}
