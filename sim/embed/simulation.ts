import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { checkCommandId, type CommandDefinition } from '../../src/model/command.js';
import { asData } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { createStoreDirectory, openStoreDirectory } from '../../src/store/directory.js';
import type { DiskEntry, OpenDisk } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { Monitor } from '../invariants/monitor.js';
import type { Violation } from '../invariants/invariant.js';
import type { EventSpec } from '../kernel/event.js';
import type { Kernel } from '../kernel/kernel.js';
import type { RunResult } from '../report/result.js';
import type { ProbeEvent } from '../report/timeline.js';
import { resolveScenario, ScenarioDefinition } from '../scenario/code.js';
import { checkedOwnNames } from '../scenario/define/own.js';
import type { Scenario } from '../scenario/schema.js';
import { vocabularyOf } from '../scenario/vocabulary.js';
import { furnish, initialEntities } from '../world/initial-entities.js';
import { SharedStorage } from '../world/shared-storage.js';
import { VERBS } from '../world/verbs/catalogue.js';
import type { Verb } from '../world/verbs/verb.js';
import { Cluster, type ClusterObserver } from './cluster.js';
import { commandsOf, Recorder } from './recorder.js';

export interface SimulationOptions {
  /** Any safe integer; default 1. Same scenario, same seed: the same run, event by event. */
  readonly seed?: number;
  /** A directory for the engine's LevelDB: new, empty, or left over from a creation that was cut short. Default: the engine's disk is in memory. */
  readonly db?: string;
  /** Default: the commands that ship. Those of the scenario's own are known besides. */
  readonly commands?: ReadonlyMap<string, CommandDefinition>;
}

/** An event as a listener sees it. Its labels and contents are for people and comparisons, and may change from version to version. */
export type SimulationEvent = Pick<EventSpec, 'node' | 'kind' | 'label' | 'content'> & {
  /** From 1. */
  readonly n: number;
  /** µs */
  readonly t: number;
};

export interface SimulationEvents {
  /** Something is about to happen. {@link Simulation.fingerprint} counts it already. */
  readonly event: SimulationEvent;
  /** Something that the engine, a host or the client tells an observer. */
  readonly probe: ProbeEvent;
  /** An invariant is broken. */
  readonly violation: Violation;
}

type Listener<E extends keyof SimulationEvents> = (event: SimulationEvents[E]) => void;

/**
 * One simulated cluster: an engine on a disk, storage hosts, a network, a client. Everything in it happens in virtual time and follows from scenario and
 * seed; several can run side by side in a process. Times are whole µs from 0.
 */
export class Simulation {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #definitions: ReadonlyMap<string, CommandDefinition>;
  readonly #storage: SharedStorage;
  readonly #monitor: Monitor;
  readonly #recorder = new Recorder();
  readonly #cluster: Cluster;
  readonly #kernel: Kernel;
  readonly #listeners: { readonly [E in keyof SimulationEvents]: Set<Listener<E>> } = { event: new Set(), probe: new Set(), violation: new Set() };
  /** The run that is under way. */
  #running: Promise<unknown> = Promise.resolve();
  #submissions = 0;

  /**
   * @throws SeatbeltError `STORE_NOT_EMPTY`, `STORE_NOT_OURS`, `STORE_LOCKED` and the other errors of creating a store in `db`
   * @throws SeatbeltError `BAD_SCENARIO` if the seed is not a safe integer, or the scenario names something that is not there
   */
  static async create(scenario: Scenario | ScenarioDefinition, options: SimulationOptions = {}): Promise<Simulation> {
    const { db, seed = 1, commands = BUILT_IN_COMMANDS } = options;
    const vocabulary = vocabularyOf(commands);
    const resolved = scenario instanceof ScenarioDefinition ? resolveScenario(scenario, 'scenario', { vocabulary }) : scenario;
    const own = checkedOwnNames(resolved, vocabulary);
    const definitions = new Map([...commands, ...own.definitions.map((definition) => [definition.type, definition] as const)]);
    const { created, reopen } = await createDisk(db);
    try {
      // Not drawn at random: the trace must not depend on it.
      await SnapshotStore.initialise(created, { storeId: `${resolved.name}-${seed}`, entities: initialEntities(resolved) });
      return new Simulation(resolved, seed, definitions, [...VERBS, ...own.verbs], await created.scan(''), reopen);
    } finally {
      await created.close();
    }
  }

  private constructor(
    scenario: Scenario,
    seed: number,
    definitions: ReadonlyMap<string, CommandDefinition>,
    verbs: readonly Verb[],
    store: readonly DiskEntry[],
    reopen: () => Promise<OpenDisk>,
  ) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#definitions = definitions;
    const storage = new SharedStorage(verbs);
    this.#storage = storage;
    furnish(storage, scenario);
    this.#monitor = new Monitor({
      definitions,
      pools: [scenario.pool.id],
      storage,
      store,
      report: (violation) => this.#listeners.violation.forEach((listener) => listener(violation)),
    });
    const observer: ClusterObserver = {
      probe: (event) => {
        this.#monitor.probe(event.t, event.probe);
        this.#recorder.probe(event.probe);
        for (const listener of this.#listeners.probe) listener(event);
      },
      written: (ops) => this.#monitor.batch(this.now, ops),
      recovered: (memory) => this.#monitor.recovered(this.now, memory),
    };
    const cluster = new Cluster({ scenario, seed, definitions, verbs, storage, reopen, observer });
    this.#cluster = cluster;
    this.#kernel = cluster.kernel;
    this.#kernel.observe(({ time: t, spec: { node, kind, label, content } }) => {
      for (const listener of this.#listeners.event) listener({ n: this.events, t, node, kind, label, content });
    });
    for (const { id, cancelAt } of scenario.commands) if (cancelAt !== undefined) cluster.cancelAt(cancelAt, id);
    for (const { at, id, type, params } of scenario.commands) cluster.submitAt(at, { id, type, params: asData(params, `command ${id}: params`) });
  }

  /** Virtual time, whole µs. */
  get now(): number {
    return this.#kernel.now;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#kernel.executed;
  }

  /** Port operations (network sends, disk writes and scans) that the engine has issued so far: each is a crash point before and after. */
  get enginePortOperations(): number {
    return this.#cluster.engine.portOperations;
  }

  /** When the next event happens, background ones included, µs; null if there is none. */
  peek(): number | null {
    return this.#kernel.nextTime ?? null;
  }

  /** Runs the next `n` events. @returns how many there were: fewer at the end. */
  async step(n = 1): Promise<number> {
    return this.#drive(this.#kernel.step(n));
  }

  /**
   * Runs until only background events are left, then looks at what must hold at rest. Ends at once when an invariant breaks, and, as a breach, when it
   * does not come to rest within the scenario's `limit`.
   */
  async run(): Promise<void> {
    const halt = this.on('violation', () => this.#kernel.halt());
    try {
      await this.#drive(this.#kernel.runUntilIdle(this.#scenario.limit));
    } finally {
      halt();
    }
    if (this.#monitor.broken) return;
    if (!this.#kernel.idle) this.#monitor.restless(this.now, this.#scenario.limit);
    else this.#monitor.rest(this.now, this.#cluster.memory);
  }

  /**
   * Runs everything up to `t` µs; at `t` itself too, unless `inclusive` is false. Afterwards `now` is `t`.
   * @throws SeatbeltError `SCHEDULE_IN_PAST`, `BAD_TIME`; nothing changes then
   */
  async runUntil(t: number, options: { readonly inclusive?: boolean } = {}): Promise<void> {
    await this.#drive(this.#kernel.runUntil(t, options));
  }

  /** Runs for `dt` µs. @throws as {@link runUntil} */
  advance(dt: number): Promise<void> {
    return this.runUntil(this.now + dt);
  }

  /**
   * Lets the client submit a command now. It goes on submitting until the engine has it on disk.
   * @returns the command's id: the one given, or a new one
   * @throws SeatbeltError `UNKNOWN_COMMAND_TYPE`, `BAD_PARAMS`, `BAD_COMMAND_ID`; nothing changes then
   */
  submit(command: { readonly type: string; readonly params: unknown; readonly id?: string }): string {
    const definition = this.#definitions.get(command.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `there is no command type '${command.type}'`);
    const params = definition.parseParams(command.params);
    if (command.id === undefined) this.#submissions += 1;
    const id = checkCommandId(command.id ?? `submitted-${this.#submissions}`);
    this.#cluster.submitAt(this.now, { id, type: command.type, params });
    return id;
  }

  /**
   * Lets the client ask now for a command to be cancelled, and again until that is answered (probe `cancelAnswered`).
   * @throws SeatbeltError `BAD_COMMAND_ID`; nothing changes then
   */
  cancel(id: string): void {
    this.#cluster.cancelAt(this.now, checkCommandId(id));
  }

  /** Calls `listener` at each such event, until the returned function is called. A listener must not act on the simulation. */
  on<E extends keyof SimulationEvents>(event: E, listener: Listener<E>): () => void {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** 16 hex digits that stand for all that has happened so far. */
  fingerprint(): string {
    return this.#kernel.traceHash;
  }

  /** What the run has come to, read from the engine's disk and the hosts. */
  result(): RunResult {
    const lease = this.#storage.lease(this.#scenario.pool.id);
    return {
      scenario: this.#scenario.name,
      seed: this.#seed,
      traceHash: this.fingerprint(),
      events: this.events,
      virtualTimeMs: this.now / 1000,
      recoveries: this.#recorder.recoveries,
      commands: commandsOf(this.#monitor.store),
      tasks: this.#recorder.tasks(this.#monitor.store),
      hosts: this.#cluster.hosts.map(({ name, up }) => ({ id: name, role: lease.owner === name ? 'SPM' : 'Free', up })),
      invariants: this.#monitor.results(),
      unused: this.#cluster.unusedFaults,
    };
  }

  /** Stops it wherever it is, and closes its store. Idempotent. */
  async dispose(): Promise<void> {
    this.#kernel.dispose();
    // It ends at its current event, which may be about to open the disk.
    await this.#running;
    await this.#cluster.closeDisk();
  }

  async #drive<T>(driving: Promise<T>): Promise<T> {
    this.#running = driving.catch(() => undefined);
    const result = await driving;
    if (this.#cluster.defect !== null) throw this.#cluster.defect;
    return result;
  }
}

/** A new, empty disk for the engine, and what opens it again with all that was written before. */
async function createDisk(db: string | undefined): Promise<{ readonly created: OpenDisk; readonly reopen: () => Promise<OpenDisk> }> {
  if (db !== undefined) return { created: await createStoreDirectory(db), reopen: () => openStoreDirectory(db) };
  let memory = new MemoryDisk();
  return { created: memory, reopen: async () => (memory = memory.clone()) };
}
