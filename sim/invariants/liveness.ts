import type { Probe } from '../../actors/probe.js';
import type { SpmLease } from '../../actors/storage-port.js';
import type { WireMessage } from '../../actors/wire.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import { isHeld, isTerminal, type CommandState, type TaskItem } from '../../src/flow/state.js';
import { rootIdOf } from '../../src/store/keys.js';
import { noFailure, removableCause } from './causes.js';
import { Clocks } from './clocks.js';
import { Evidence } from './evidence.js';
import { FaultsInForce } from './faults-in-force.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { isExempt } from './exemptions.js';
import { Needs } from './needs.js';
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

/** Between two looks at who is overdue, µs. */
const LOOKS_EVERY = 60_000_000;

class Liveness implements Watcher {
  readonly #evidence: Evidence;
  readonly #patience: Patience;
  readonly #faults: FaultsInForce;
  readonly #needs: Needs;
  /** By root command under way. */
  readonly #clocks: Clocks;
  /** Told once. */
  readonly #overdue = new Set<string>();
  #looksNext: number;
  #longest: Longest | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    const { mirror, limits, now, nodes, storage } = scene;
    this.#evidence = new Evidence((taskId) => mirror.tasks.has(taskId));
    this.#patience = new Patience(limits, now);
    this.#faults = new FaultsInForce(nodes, (pool) => storage.lease(pool), now);
    this.#needs = new Needs(mirror);
    this.#clocks = new Clocks(now);
    this.#looksNext = now() + LOOKS_EVERY;
    for (const task of mirror.tasks.values()) this.#patience.task({ id: task.id, before: undefined, after: task });
    for (const state of mirror.commands.values()) {
      this.#patience.command({ id: state.id, before: undefined, after: state });
      if (isUnderWay(state)) this.#begins(state.id);
    }
  }

  kept(): number {
    return this.#evidence.size + this.#patience.size + [...this.#clocks.ids()].length;
  }

  longest(): Longest | null {
    return this.#longest;
  }

  onProbe(probe: Probe): void {
    this.#goOn();
    this.#patience.probe(probe);
    if (probe.type === 'callAwaited') {
      this.#needs.awaits(probe.commandId, probe.host);
      this.#see(rootIdOf(probe.commandId));
    }
    const change = this.#faults.probe(probe);
    if (change !== null) this.#changed(change === 'fault');
  }

  onLease(_pool: string, before: SpmLease, after: SpmLease): void {
    if (before.owner !== null && after.owner === null) this.#changed(true);
  }

  onHealed(): void {
    this.#faults.heal();
    this.#changed(true);
  }

  onMessage(message: WireMessage): void {
    this.#goOn();
    this.#evidence.message(message);
    this.#patience.message(message);
  }

  onBatch(batch: Batch): void {
    this.#goOn();
    for (const task of batch.tasks) this.#patience.task(task);
    this.#needs.batch(batch);
    for (const command of batch.commands) {
      if (command.after !== undefined && command.after.parent === null && !isUnderWay(command.after)) this.#inTime(command.after);
      this.#patience.command(command);
      this.#concludes(command);
      if (command.after !== undefined && command.after.status !== command.before?.status) this.#turned(command.after, command.before);
    }
    // Not before it is seen what they ended with.
    for (const { id, after } of batch.tasks) if (after === undefined) this.#evidence.forget(id);
    if (this.#faults.any || batch.commands.some(({ after }) => after !== undefined && isHeld(after.status))) this.#seeChanged(batch);
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
    if (isUnderWay(state)) return this.#begins(state.id);
    this.#clocks.end(state.id);
    this.#overdue.delete(state.id);
  }

  #begins(rootId: string): void {
    this.#clocks.begin(rootId, !this.#needs.isStopped(rootId, this.#faults));
  }

  /** A root command ends, or is held: to be called while its account is there. */
  #inTime({ id, status }: CommandState): void {
    const tookUs = this.#clocks.read(id);
    if (tookUs === null) return;
    const boundUs = this.#patience.boundOf(id);
    if (this.#longest === null || tookUs / boundUs.total > this.#longest.tookUs / this.#longest.boundUs.total) this.#longest = { commandId: id, tookUs, boundUs };
    if (!this.#overdue.has(id)) this.#isInTime(id, `it was ${status}`, tookUs, boundUs);
  }

  #isInTime(id: string, what: string, tookUs: number, boundUs: Bound): void {
    if (tookUs <= boundUs.total) return;
    this.#overdue.add(id);
    this.broken(id, `${what} ${tookUs} µs after faults had stopped and it had its locks; it may take ${boundUs.total} µs (${termsOf(boundUs)})`);
  }

  #isJustified(state: CommandState, flaw: string | null): void {
    if (flaw !== null && !isExempt(this.scene, 'liveness', state)) this.broken(state.id, flaw);
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

  /** Who stood still may go on; and now and then, who is overdue? It need not end for that. */
  #goOn(): void {
    if (this.#faults.goneOn()) this.#changed(true);
    const now = this.scene.now();
    if (now < this.#looksNext) return;
    this.#looksNext = now + LOOKS_EVERY;
    for (const id of this.#clocks.ids()) {
      const tookUs = this.#clocks.read(id);
      const state = this.scene.mirror.commands.get(id);
      if (tookUs !== null && state !== undefined && !this.#overdue.has(id) && tookUs > this.#patience.leastBound) this.#isInTime(id, `${waitsFor(this.scene, state)}; that is so`, tookUs, this.#patience.boundOf(id));
    }
  }

  /** @param isFault one has begun or ended: the time of all that is under way begins anew */
  #changed(isFault: boolean): void {
    if (isFault) {
      this.#patience.beginAnew();
      this.#clocks.beginAnew();
    }
    for (const id of this.#clocks.ids()) this.#see(id);
  }

  #seeChanged({ commands, tasks, calls }: Batch): void {
    const changed = [...commands, ...tasks, ...calls].map(({ before, after }) => after ?? before);
    const roots = new Set(changed.flatMap((one) => (one === undefined ? [] : [rootIdOf('commandId' in one ? one.commandId : one.id)])));
    for (const id of roots) this.#see(id);
  }

  #see(rootId: string): void {
    this.#clocks.let(rootId, !this.#needs.isStopped(rootId, this.#faults));
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
