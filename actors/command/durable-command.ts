import type { ErasedHandler } from '../../src/model/handler.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { FlowEffect, FlowEvent } from '../../src/flow/event.js';
import { succeededWithRoot } from '../../src/flow/children.js';
import { shapeOf, type FlowShape } from '../../src/flow/shape.js';
import { isOver, type CommandState, type HistoryEntry, type SettledAt } from '../../src/flow/state.js';
import { stepAt } from '../../src/flow/step.js';
import { transition } from '../../src/flow/transition.js';
import { NOTHING_STAGED, type StagedEntities } from '../../src/store/staged-view.js';
import type { EngineContext } from '../engine-context.js';
import type { CommitOutcome } from '../messages.js';
import { changesOf, endsItsFamily, probesOf, type BatchInput } from './batch.js';
import { callChange, changesOfCalls, withSlot, type OpenCalls, type SlotChange } from './call-slot.js';
import { Commits, type Commit } from './commits.js';
import { withUnsettled } from './unsettled.js';
import type { Family } from './family.js';

/** What goes into the batch of an event beside the new state. */
export interface Beside {
  readonly entities?: StagedEntities;
  readonly history?: readonly HistoryEntry[];
  /** What becomes of a callback's recorded calls; absent: they stay as they are. */
  readonly calls?: (after: CommandState) => SlotChange;
  /** What the run that it ends has recorded of its calls, with the replies that are not on disk. */
  readonly ran?: SlotChange;
  /** Called once it is durable, after what the new state asks for. */
  readonly then?: () => void;
}

/** What happens if the event is not applied. Only commits with entities meet conflicts and refusals. */
export interface Otherwise {
  readonly ignored?: () => void;
  readonly conflict?: (entity: string) => void;
  readonly refused?: (error: ErrorRecord) => void;
}

/** What was on disk when the command's actor started. */
export interface InitialCommand {
  readonly state: CommandState;
  readonly openCalls: OpenCalls;
  /** The records of its outstanding tasks. */
  readonly tasks: readonly SpmAsyncTask[];
}

/** A command whose first snapshot has just been committed. */
export function newCommand(state: CommandState): InitialCommand {
  return { state, openCalls: new Map(), tasks: [] };
}

/** What follows from a commit, once it is durable. */
export interface Consequences {
  /** The durable state has changed. */
  readonly changed: (state: CommandState, before: CommandState) => void;
  /** @param committedAt µs, the time in the records that the commit wrote: what lives on in memory must equal them */
  readonly perform: (effect: FlowEffect, committedAt: number) => void;
  /** Calls back when all calls of the command that nobody has answered are over, however long that takes. */
  readonly settle: (then: (at: SettledAt) => void) => void;
}

/** A command's durable state, and the only way to change it: an event, committed together with what belongs to it. */
export class DurableCommand {
  /** The records of its outstanding tasks. */
  readonly tasks: Map<string, SpmAsyncTask>;
  readonly shape: FlowShape;
  readonly #commits: Commits;
  #state: CommandState;
  #openCalls: OpenCalls;

  /** @param wake is given how a commit has ended, for {@link committed} */
  constructor(
    private readonly context: EngineContext,
    handlers: readonly ErasedHandler[],
    initial: InitialCommand,
    wake: (outcome: CommitOutcome) => void,
    private readonly consequences: Consequences,
    private readonly family: Pick<Family, 'completed' | 'succeeded'>,
  ) {
    this.shape = shapeOf(handlers);
    this.#commits = new Commits(context.journal, wake);
    this.#state = initial.state;
    this.#openCalls = initial.openCalls;
    this.tasks = new Map(initial.tasks.map((task) => [task.id, task]));
    context.fences.set(initial.state.id, initial.state.fence);
  }

  get state(): CommandState {
    return this.#state;
  }

  get openCalls(): OpenCalls {
    return this.#openCalls;
  }

  committed(outcome: CommitOutcome): void {
    this.#commits.ended(outcome);
  }

  /** The record of a task has come to say by which id its host knows it. */
  isKnownAs(taskId: string, hostTaskId: string): void {
    const task = this.tasks.get(taskId);
    if (task !== undefined) this.tasks.set(taskId, { ...task, hostTaskId });
  }

  apply(event: FlowEvent, beside: Beside = {}, otherwise: Otherwise = {}): void {
    this.applyAtTurn(() => event, beside, otherwise);
  }

  /** @param decide called when its turn has come, so that it can decide from what is durable then; null: nothing is to be applied */
  applyAtTurn(decide: () => FlowEvent | null, beside: Beside = {}, otherwise: Otherwise = {}): void {
    this.#commits.enqueue(() => {
      const event = decide();
      return event === null ? null : this.#commitOf(event, beside, otherwise);
    });
  }

  /**
   * Resolves once a callback's calls are on disk, and with them, if they cross it, that the point of no return may be behind. Never, if the callback's run is
   * void when it comes to that: what nobody waits for any more must not leave.
   * @param crossing whether they belong to the part that crosses it
   */
  recordCalls(change: SlotChange, crossing: boolean, isVoid: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#commits.enqueue(() => {
        if (isVoid()) return null;
        if (crossing && stepAt(this.#state).pivot === 'none') return this.#commitOf({ type: 'crossing' }, { calls: () => change, then: resolve }, {});
        return {
          changes: [callChange(this.#state.id, change)],
          entities: NOTHING_STAGED,
          probes: [],
          done: () => {
            this.#openCalls = withSlot(this.#openCalls, change);
            resolve();
          },
        };
      });
    });
  }

  /** @param settledAt that its calls are over, if that had to be waited for */
  #commitOf(event: FlowEvent, beside: Beside, otherwise: Otherwise, settledAt: SettledAt | null = null): Commit | null {
    const { ports, definitions, lockTable, fences } = this.context;
    const now = ports.now();
    const before = this.#state;
    const step = transition(this.shape, before, event, { now, jitter: ports.random('backoff') });
    if (step === null) {
      otherwise.ignored?.();
      return null;
    }
    const history = beside.history ?? [];
    const next = { ...step.state, historyLength: before.historyLength + history.length };
    const calls = changesOfCalls(this.#openCalls, next, beside.calls?.(next));
    const settled = event.type === 'operate' || event.type === 'callsSettled' ? (event.settled ?? settledAt) : settledAt;
    const after = withUnsettled(before, next, { open: this.#openCalls, changes: calls, ran: beside.ran, settled });
    if (isOver(after) && after.unsettled !== undefined) {
      // With its end its locks are free, and its status says what there is.
      this.consequences.settle((at) => this.#commits.enqueue(() => this.#commitOf(event, beside, otherwise, at)));
      return null;
    }
    const { tasks } = this;
    const heldLocks = (): readonly LockRecord[] => lockTable.heldBy(before.rootId);
    const completedFamily = endsItsFamily(after) ? this.family.completed() : [];
    const input: BatchInput = { definitions, before, event, step: { state: after, effects: step.effects }, history, tasks, heldLocks, completedFamily, now };
    return {
      changes: [...changesOf(input), ...calls.map((change) => callChange(before.id, change))],
      entities: beside.entities ?? NOTHING_STAGED,
      probes: probesOf(input),
      done: (outcome) => {
        if (outcome.kind === 'conflict') return otherwise.conflict?.(outcome.entity);
        if (outcome.kind === 'refused') return otherwise.refused?.(outcome.error);
        this.#state = after;
        this.#openCalls = calls.reduce(withSlot, this.#openCalls);
        fences.set(after.id, after.fence);
        this.consequences.changed(after, before);
        if (completedFamily.length > 0) this.family.succeeded(completedFamily.map((child) => succeededWithRoot(child, now)));
        for (const effect of step.effects) this.consequences.perform(effect, now);
        beside.then?.();
      },
    };
  }
}
