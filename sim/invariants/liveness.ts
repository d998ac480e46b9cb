import type { Probe } from '../../actors/probe.js';
import type { WireMessage } from '../../actors/wire.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import { isHeld, isTerminal, type CommandState, type TaskItem } from '../../src/flow/state.js';
import { noFailure, removableCause } from './causes.js';
import { Evidence } from './evidence.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { isInDoubt } from './lost-commits.js';
import { Patience, type Bound, type Longest } from './patience.js';
import type { Batch, Changed } from './store-mirror.js';
import { waitsFor, waitsForOthers } from './waits-for.js';

/**
 * Once faults stop, every command ends, or is held for a cause that healing cannot remove and that its status names; within a bound. At all times: nothing is
 * given up for what says nothing about it.
 */
export const liveness: Invariant = {
  number: 1,
  name: 'liveness',
  watch: (scene, broken) => new Liveness(scene, broken),
};

/** Faults, and their ends: what goes on through them takes as long as they let it. */
const DISTURBANCES: ReadonlySet<Probe['type']> = new Set([
  ...(['engineCrashed', 'engineRecovered', 'hostCrashed', 'hostHung', 'hostStarted'] as const),
  ...(['messageLost', 'messageDelayed', 'partitionBegan', 'partitionEnded'] as const),
]);

class Liveness implements Watcher {
  readonly #evidence = new Evidence();
  readonly #patience: Patience;
  /** By root command under way, since when its time counts, µs. */
  readonly #since = new Map<string, number>();
  #longest: Longest | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    this.#patience = new Patience(scene.limits, scene.now);
    for (const { id, commandId } of scene.mirror.tasks.values()) this.#patience.placed(id, commandId);
    for (const state of scene.mirror.commands.values()) if (isUnderWay(state)) this.#since.set(state.id, scene.now());
  }

  longest(): Longest | null {
    return this.#longest;
  }

  onProbe(probe: Probe): void {
    this.#patience.probe(probe);
    if (DISTURBANCES.has(probe.type)) this.#disturbed();
  }

  onHealed(): void {
    this.#disturbed();
  }

  onMessage(message: WireMessage): void {
    this.#evidence.message(message);
    this.#patience.message(message);
  }

  onBatch({ commands, tasks }: Batch): void {
    for (const { before, after } of tasks) if (before === undefined && after !== undefined) this.#patience.placed(after.id, after.commandId);
    for (const command of commands) {
      this.#patience.command(command);
      this.#concludes(command);
      if (command.after !== undefined && command.after.status !== command.before?.status) this.#turned(command.after, command.before);
    }
  }

  atRest(): void {
    for (const state of this.scene.mirror.commands.values()) {
      if (isTerminal(state.status) || isHeld(state.status) || waitsForOthers(this.scene, state)) continue;
      this.broken(state.id, `nothing goes on any more, and ${waitsFor(this.scene, state)}`);
    }
  }

  #turned(state: CommandState, before: CommandState | undefined): void {
    if (state.status === 'ROLLING_BACK' && before?.status === 'RUNNING') this.#isJustified(state, noFailure(state));
    if (isHeld(state.status)) this.#isJustified(state, removableCause(state));
    if (state.parent !== null) return;
    if (isUnderWay(state)) {
      if (!this.#since.has(state.id)) this.#since.set(state.id, this.scene.now());
      return;
    }
    const since = this.#since.get(state.id);
    if (since === undefined) return;
    this.#since.delete(state.id);
    this.#inTime(state, since);
    this.#patience.forget(state.id);
  }

  #inTime({ id, status }: CommandState, since: number): void {
    const tookUs = this.scene.now() - since;
    const boundUs = this.#patience.boundOf(id);
    if (this.#longest === null || tookUs / boundUs.total > this.#longest.tookUs / this.#longest.boundUs.total) this.#longest = { commandId: id, tookUs, boundUs };
    if (tookUs > boundUs.total) this.broken(id, `it was ${status} ${tookUs} µs after faults had stopped and it had its locks; it may take ${boundUs.total} µs (${termsOf(boundUs)})`);
  }

  #isJustified(state: CommandState, flaw: string | null): void {
    if (flaw !== null && !isInDoubt(this.scene, state)) this.broken(state.id, flaw);
  }

  /** That a task has ended has to have been told. */
  #concludes({ before, after }: Changed<CommandState>): void {
    if (before?.phase.at !== 'work' || after === undefined) return;
    const open = new Set(tasksOf(before, before.executionIndex).flatMap(({ id, outcome }) => (outcome === null ? [id] : [])));
    for (const { id, verb, outcome, past } of open.size === 0 ? [] : tasksOf(after, before.executionIndex)) {
      for (const attempt of [...past, { id, outcome }]) {
        const flaw = attempt.outcome === null || !open.has(attempt.id) ? null : this.#evidence.flaw(attempt.id, attempt.outcome);
        if (flaw !== null) this.broken(after.id, `it counts task ${attempt.id} (${verb}) as ${attempt.outcome?.kind ?? 'open'}, and ${flaw}`);
      }
    }
  }

  /** The time of all that is under way begins anew. */
  #disturbed(): void {
    this.#patience.beginAnew();
    for (const id of this.#since.keys()) this.#since.set(id, this.scene.now());
  }
}

function tasksOf({ steps }: CommandState, index: number): readonly TaskItem[] {
  const step = steps[index];
  return step === undefined ? [] : [...step.work, ...step.revertWork].flatMap((item) => (item.kind === 'task' ? withCleanUps(item) : []));
}

function isUnderWay({ parent, status }: CommandState): boolean {
  return parent === null && (status === 'RUNNING' || status === 'ROLLING_BACK');
}

export function termsOf({ total: _, ...terms }: Bound): string {
  return Object.entries(terms)
    .map(([name, us]) => `${name} ${us}`)
    .join(', ');
}
