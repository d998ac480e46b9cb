import { startEngine, type EngineMemory } from '../../actors/engine.js';
import type { Probe } from '../../actors/probe.js';
import { createSpmHost, SPM_HOST_DEFAULTS } from '../../actors/spm-host.js';
import type { VerbTable } from '../../actors/host/verb-table.js';
import type { Ref } from '../../actors/runtime.js';
import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { checkCommandId, type CommandDefinition } from '../../src/model/command.js';
import { asData } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { createStoreDirectory, openStoreDirectory } from '../../src/store/directory.js';
import type { OpenDisk } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { CrashPlan } from '../faults/crash-plan.js';
import { Failures } from '../faults/failures.js';
import { Monitor } from '../invariants/monitor.js';
import type { Violation } from '../invariants/invariant.js';
import type { EventSpec, SimEvent } from '../kernel/event.js';
import { Kernel } from '../kernel/kernel.js';
import { SimNode } from '../kernel/node.js';
import { random } from '../kernel/strategies/random.js';
import type { RunResult } from '../report/result.js';
import type { ProbeEvent } from '../report/timeline.js';
import type { Scenario } from '../scenario/schema.js';
import { createClient, type ClientMessage, type Submission } from '../world/client.js';
import { EngineDisk } from '../world/engine-disk.js';
import { furnish, initialEntities } from '../world/initial-entities.js';
import { reliableLinks, SimNetwork } from '../world/network.js';
import { observedDisk } from '../world/observed-disk.js';
import { SharedStorage } from '../world/shared-storage.js';
import { VERBS } from '../world/verbs/catalogue.js';
import { createVerbTable } from '../world/verbs/table.js';
import { commandsOf, Recorder } from './recorder.js';

const ENGINE = 'engine';
const CLIENT = 'client';

export interface SimulationOptions {
  /** Any safe integer; default 1. Same scenario, same seed: the same run, event by event. */
  readonly seed?: number;
  /** A directory for the engine's LevelDB: new, empty, or left over from a creation that was cut short. Default: the engine's disk is in memory. */
  readonly db?: string;
  /** Default: the commands that ship. */
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
  readonly #kernel: Kernel;
  readonly #storage: SharedStorage;
  readonly #monitor: Monitor;
  readonly #recorder: Recorder;
  readonly #engine: SimNode;
  readonly #engineDisk: EngineDisk;
  readonly #hosts: readonly SimNode[];
  readonly #crashes: CrashPlan;
  readonly #definitions: ReadonlyMap<string, CommandDefinition>;
  readonly #listeners: { readonly [E in keyof SimulationEvents]: Set<Listener<E>> } = { event: new Set(), probe: new Set(), violation: new Set() };
  readonly #verbs: VerbTable;
  readonly #early: Submission[] = [];
  #client: Ref<ClientMessage> | null = null;
  #memory: EngineMemory | null = null;
  #defect: SeatbeltError | null = null;
  /** The run that is under way. */
  #running: Promise<unknown> = Promise.resolve();
  #submissions = 0;

  /**
   * @throws SeatbeltError `STORE_NOT_EMPTY`, `STORE_NOT_OURS`, `STORE_LOCKED` and the other errors of creating a store in `db`
   * @throws SeatbeltError `BAD_SCENARIO` if the seed is not a safe integer, or a fault names something that is not there
   */
  static async create(scenario: Scenario, options: SimulationOptions = {}): Promise<Simulation> {
    const { db, seed = 1, commands = BUILT_IN_COMMANDS } = options;
    const disk = db === undefined ? new MemoryDisk() : await createStoreDirectory(db);
    try {
      // Not drawn at random: the trace must not depend on it.
      await SnapshotStore.initialise(disk, { storeId: `${scenario.name}-${seed}`, entities: initialEntities(scenario) });
      return new Simulation(scenario, seed, commands, db, disk, await disk.scan(''));
    } finally {
      await disk.close();
    }
  }

  private constructor(
    scenario: Scenario,
    seed: number,
    definitions: ReadonlyMap<string, CommandDefinition>,
    db: string | undefined,
    initial: OpenDisk,
    store: Awaited<ReturnType<OpenDisk['scan']>>,
  ) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#definitions = definitions;
    const kernel = new Kernel({ seed, strategy: random });
    this.#kernel = kernel;
    kernel.observe(({ time: t, spec: { node, kind, label, content } }) => {
      for (const listener of this.#listeners.event) listener({ n: kernel.executed, t, node, kind, label, content });
    });
    this.#recorder = new Recorder();
    const storage = new SharedStorage(VERBS);
    this.#storage = storage;
    furnish(storage, scenario);
    this.#monitor = new Monitor({
      definitions,
      pools: [scenario.pool.id],
      storage,
      store,
      report: (violation) => this.#listeners.violation.forEach((listener) => listener(violation)),
    });
    const rules = scenario.faults.filter((fault) => fault.kind !== 'crashEngine');
    const rates = Object.fromEntries(Object.entries(scenario.verbs).map(([verb, { failureRate, failureCode }]) => [verb, { rate: failureRate, code: failureCode }]));
    this.#verbs = createVerbTable({ verbs: VERBS, content: storage.content, speeds: scenario.verbs, failures: new Failures({ rules, rates, verbs: VERBS }) });

    const network = new SimNetwork(kernel, reliableLinks(scenario.network.latency));
    const owner = {
      probe: (node: SimNode, probe: Probe) => this.#probe(node, probe),
      fault: (node: SimNode, error: unknown) => {
        this.#defect ??= new SeatbeltError('INTERNAL', `${node.name} stopped at ${kernel.now} µs: ${String(error)}`, { cause: error });
      },
      down: (node: SimNode) => this.#down(node),
    };
    const node = (name: string): SimNode => new SimNode(kernel, network, name, owner);
    this.#engine = node(ENGINE);
    this.#hosts = scenario.hosts.map(({ id }) => node(id));
    let memory = initial;
    const reopen = async (): Promise<OpenDisk> => {
      const disk = db === undefined ? (memory as MemoryDisk).clone() : await openStoreDirectory(db);
      memory = disk;
      return observedDisk(disk, (ops) => this.#monitor.batch(kernel.now, ops));
    };
    this.#engineDisk = new EngineDisk(kernel, ENGINE, reopen, scenario.disk);
    this.#crashes = new CrashPlan(this.#engine, scenario.faults);

    const spm = scenario.hosts.find((host) => host.spm);
    if (spm !== undefined) storage.grantSpm(scenario.pool.id, spm.id, 1);
    const client = node(CLIENT);
    for (const host of this.#hosts) this.#at(0, host.name, 'start', () => this.#startHost(host));
    this.#at(0, ENGINE, 'start', () => this.#startEngine());
    this.#at(0, CLIENT, 'start', () => this.#startClient(client));
    for (const { id, cancelAt } of scenario.commands) if (cancelAt !== undefined) this.#cancelAt(cancelAt, id);
    for (const { at, id, type, params } of scenario.commands) this.#submitAt(at, { id, type, params: asData(params, `command ${id}: params`) });
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
    return this.#engine.portOperations;
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
    if (!this.#kernel.idle) this.#monitor.restless(this.now);
    else this.#monitor.rest(this.now, this.#engine.up ? this.#memory : null);
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
    this.#submitAt(this.now, { id, type: command.type, params });
    return id;
  }

  /**
   * Lets the client ask now for a command to be cancelled, and again until that is answered (probe `cancelAnswered`).
   * @throws SeatbeltError `BAD_COMMAND_ID`; nothing changes then
   */
  cancel(id: string): void {
    this.#cancelAt(this.now, checkCommandId(id));
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
      hosts: this.#hosts.map(({ name, up }) => ({ id: name, role: lease.owner === name ? 'SPM' : 'Free', up })),
      invariants: this.#monitor.results(),
    };
  }

  /** Stops it wherever it is, and closes its store. Idempotent. */
  async dispose(): Promise<void> {
    this.#kernel.dispose();
    // It ends at its current event, which may be about to open the disk.
    await this.#running;
    await this.#engineDisk.close();
  }

  // The nodes.

  async #startEngine(): Promise<void> {
    const life = this.#engine.start();
    const disk = await this.#engineDisk.open(life);
    const ports = { ...life.ports, disk, callbackBegins: () => life.callbackBegins() };
    const { pool, hosts, engine } = this.#scenario;
    const config = { definitions: this.#definitions, pools: [{ id: pool.id, hosts: hosts.map(({ id }) => id) }], settings: engine };
    startEngine(ports, life.actors, config, (memory) => {
      this.#memory = memory;
      this.#monitor.recovered(this.now, memory);
    });
  }

  #startHost(node: SimNode): void {
    const { ports, actors } = node.start();
    const config = { pool: this.#scenario.pool.id, incarnation: node.incarnation, ...SPM_HOST_DEFAULTS };
    const behaviour = createSpmHost({ ports, storage: this.#storage, verbs: this.#verbs, config, wake: (message) => host.tell(message) });
    const host = actors.spawn({ name: 'spm-host', behaviour });
  }

  #startClient(node: SimNode): void {
    const { ports, actors } = node.start();
    const behaviour = createClient(ports, ENGINE, (message) => client.tell(message));
    const client: Ref<ClientMessage> = actors.spawn({ name: 'client', behaviour });
    this.#client = client;
    for (const submission of this.#early.splice(0)) client.tell({ type: 'submit', submission });
  }

  #submitAt(at: number, submission: Submission): void {
    this.#at(at, CLIENT, `submit ${submission.id}`, () => {
      // At 0 the client may start after this: it is handed what was submitted before.
      if (this.#client === null) this.#early.push(submission);
      else this.#client.tell({ type: 'submit', submission });
    });
  }

  #cancelAt(at: number, id: string): void {
    this.#at(at, CLIENT, `cancel ${id}`, () => this.#client?.tell({ type: 'cancel', id }));
  }

  #down(node: SimNode): void {
    if (node !== this.#engine) return;
    this.#memory = null;
    const crash = this.#crashes.take();
    if (crash === null) throw new SeatbeltError('INTERNAL', 'the engine crashed though nobody had planned it');
    this.#probe(node, { type: 'engineCrashed', cause: crash.cause });
    this.#at(this.now + crash.down, ENGINE, 'restart', () => this.#startEngine());
  }

  #at(time: number, node: string, label: string, run: () => void | Promise<void>): SimEvent {
    return this.#kernel.schedule(time, { kind: 'control', node, incarnation: 0, label, content: null, background: false, run });
  }

  #probe(node: SimNode, probe: Probe): void {
    const event = { t: this.now, node: node.name, probe };
    this.#monitor.probe(event.t, probe);
    this.#recorder.probe(probe);
    for (const listener of this.#listeners.probe) listener(event);
    this.#crashes.probe(probe);
  }

  async #drive<T>(driving: Promise<T>): Promise<T> {
    this.#running = driving.catch(() => undefined);
    const result = await driving;
    if (this.#defect !== null) throw this.#defect;
    return result;
  }
}
