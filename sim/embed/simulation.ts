import type { WireMessage } from '../../actors/wire.js';
import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import { checkCommandId, type CommandDefinition } from '../../src/model/command.js';
import type { OperateTold } from '../../actors/probe.js';
import { checkedOperation } from '../../actors/command/operation.js';
import { SeatbeltError, type ErrorCode } from '../../src/model/errors.js';
import type { Invariant } from '../invariants/invariant.js';
import { INVARIANTS, Monitor } from '../invariants/monitor.js';
import { limitsOf, type Longest } from '../invariants/patience.js';
import type { Kernel } from '../kernel/kernel.js';
import type { HostResult, LongestCommand, RunResult } from '../report/result.js';
import { resolveScenario, ScenarioDefinition } from '../scenario/code.js';
import { checkedOwnNames } from '../scenario/define/own.js';
import type { Scenario } from '../scenario/schema.js';
import { vocabularyOf } from '../scenario/vocabulary.js';
import { furnish, mount } from '../world/initial-entities.js';
import { SharedStorage } from '../world/shared-storage.js';
import { VERBS } from '../world/verbs/catalogue.js';
import { inProfile } from '../world/verbs/profile.js';
import { writeAhead } from '../world/write-ahead.js';
import type { Progress, WorldStore } from '../world/world-store.js';
import { checkCommands, checkDefinitions, checkDirectory, checkDuration, checkListener, checkOptions, checkScenario, checkSeed, checkSeenCommits, checkSubmission } from './arguments.js';
import { Cluster, type ClusterObserver } from './cluster.js';
import { endOf, endRecord } from './end-record.js';
import { planErrands } from './errands.js';
import type { EngineRestart, OperatorWish, Pace, ResumeOptions, SimulationEvents, SimulationOptions } from './interface.js';
import { commandsOf, Recorder } from './recorder.js';
import { NumberedNames } from './numbered-names.js';
import { createInMemory, createRun, openRun, type RunStore } from './run-store.js';

type Listener<E extends keyof SimulationEvents> = (event: SimulationEvents[E]) => void;

/**
 * One simulated cluster: an engine on a disk, storage hosts, a network, a client. Everything in it happens in virtual time and follows from scenario and
 * seed; several can run side by side in a process. Times are whole µs from 0.
 */
export class Simulation {
  readonly #scenario: Scenario;
  readonly #seed: number;
  /** The engine's program, as it is or will be when it starts. */
  #definitions: ReadonlyMap<string, CommandDefinition>;
  readonly #storage: SharedStorage;
  readonly #world: WorldStore | null;
  readonly #monitor: Monitor;
  readonly #recorder = new Recorder();
  readonly #cluster: Cluster;
  readonly #kernel: Kernel;
  readonly #listeners: { readonly [E in keyof SimulationEvents]: Set<Listener<E>> } = { event: new Set(), probe: new Set(), violation: new Set() };
  /** The run that is under way. */
  #running: Promise<unknown> = Promise.resolve();
  /** Beyond those of the processes before: a name that is given twice would be taken for a repetition. */
  readonly #submissions: NumberedNames;
  readonly #operations: NumberedNames;
  /** What the run came to, if that is on disk already and nothing has been asked for since. */
  #ended: RunResult | null;

  /**
   * @throws SeatbeltError `STORE_NOT_EMPTY`, `STORE_NOT_OURS`, `STORE_LOCKED` and the other errors of creating a store in `db`
   * @throws SeatbeltError `BAD_SCENARIO` if the seed is not a safe integer, or the scenario names something that is not there
   */
  static async create(scenario: Scenario | ScenarioDefinition, options: SimulationOptions = {}): Promise<Simulation> {
    checkOptions('create', options);
    const { db, seed = 1, commands = BUILT_IN_COMMANDS, module = null } = options;
    if (!(scenario instanceof ScenarioDefinition)) checkScenario(scenario);
    checkSeed(seed);
    checkDirectory(db);
    checkCommands(commands);
    const vocabulary = vocabularyOf(commands);
    const resolved = scenario instanceof ScenarioDefinition ? resolveScenario(scenario, 'scenario', { vocabulary }) : scenario;
    // Before anything is written.
    checkedOwnNames(resolved, vocabulary);
    const run = { scenario: resolved, seed, module };
    return Simulation.on(await (db === undefined ? createInMemory(run) : createRun(db, run)), commands);
  }

  /**
   * Goes on with a run whose process has ended, or died at whatever moment. It is as after a power cut: the engine recovers from its store, the hosts start
   * anew on what they had written to shared storage, and whatever was in a memory or on the network is gone. Virtual time goes on from where that store has
   * it. One that was over is left as it is, unless somebody has changed the engine's store since, or commands that are not over meet another program.
   * @param db the directory that {@link create} was given
   * @throws SeatbeltError `BAD_SCENARIO` a command that its scenario brings along in code is missing
   * @throws OlderStore (`STORE_ROLLED_BACK`) the engine's store is older than what hosts have seen; nothing was changed
   * @throws SeatbeltError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_READ_FAILED`, `STORE_VERSION`
   */
  static async resume(
    db: string,
    options: ResumeOptions = {},
  ): Promise<Simulation> {
    checkDirectory(db);
    checkOptions('resume', options);
    const { commands = BUILT_IN_COMMANDS, definitions = [], acceptOlderStore } = options;
    checkCommands(commands);
    checkDefinitions(definitions);
    checkSeenCommits(acceptOlderStore);
    return Simulation.on(await openRun(db, async () => definitions, acceptOlderStore), commands);
  }

  /** The simulation of a run that is kept on disks of the caller's. It closes the world's store. @internal */
  static async on(store: RunStore, commands: ReadonlyMap<string, CommandDefinition> = BUILT_IN_COMMANDS, invariants = INVARIANTS): Promise<Simulation> {
    try {
      return new Simulation(store, commands, invariants);
    } catch (error) {
      await store.world?.close();
      throw error;
    }
  }

  private constructor({ run, entries, reopen, world, lost }: RunStore, commands: ReadonlyMap<string, CommandDefinition>, invariants: readonly Invariant[]) {
    const { scenario, seed } = run;
    const own = checkedOwnNames(scenario, vocabularyOf(commands));
    const definitions = new Map([...commands, ...own.definitions.map((definition) => [definition.type, definition] as const)]);
    const verbs = [...inProfile(scenario.profile, VERBS), ...own.verbs];
    this.#scenario = scenario;
    this.#seed = seed;
    this.#definitions = definitions;
    this.#world = world;
    const storage = new SharedStorage(verbs);
    this.#storage = storage;
    mount(storage, scenario);
    const past = world?.begun === true ? world : null;
    if (past === null) furnish(storage, scenario);
    const observer: ClusterObserver = {
      probe: (event) => {
        this.#monitor.probe(event.t, event.probe);
        this.#recorder.probe(event.probe);
        for (const listener of this.#listeners.probe) listener(event);
      },
      starts: (program) => this.#monitor.engineStarts(program),
      written: (ops) => this.#monitor.batch(this.now, ops),
      healed: () => this.#monitor.healed(this.now),
      recovered: (memory) => this.#monitor.recovered(this.now, memory),
    };
    const cluster = new Cluster({
      scenario,
      seed,
      definitions,
      verbs,
      storage,
      // Before the engine knows of anything for certain, it has happened for certain.
      reopen: async () => writeAhead(await reopen(), () => this.#keep()),
      observer,
      durable: () => this.#monitor.store,
      keep: (tables) => world?.attach([...tables, ...this.#recorder.tables()]),
      past: past === null ? null : { ...past.progress, session: past.session },
      lost,
    });
    this.#cluster = cluster;
    this.#kernel = cluster.kernel;
    this.#kernel.observe(({ time: t, spec: { node, kind, label, content } }) => {
      // Only messages are of that kind.
      if (kind === 'network') this.#monitor.message(t, content as WireMessage);
      for (const listener of this.#listeners.event) listener({ n: this.events, t, node, kind, label, content });
    });
    this.#monitor = new Monitor({
      definitions,
      pools: scenario.pools.map(({ id }) => id),
      ownIds: scenario.pools.flatMap(({ id, clientTaskIds }) => (clientTaskIds ? [] : [id])),
      nodes: {
        hosts: new Map(scenario.pools.map(({ id }) => [id, scenario.hosts.flatMap((host) => (host.pool === id ? [host.id] : []))])),
        canFence: scenario.fenceAgent !== null,
        cuts: cluster.partitions,
      },
      storage,
      store: entries,
      limits: limitsOf(scenario.engine, scenario.spm.leaseExpiry),
      lost,
      now: this.now,
      report: (violation) => this.#listeners.violation.forEach((listener) => listener(violation)),
    }, invariants);
    storage.observe({
      leaseWritten: (pool, before, after) => this.#monitor.lease(this.now, pool, before, after),
      spmWrites: (pool, generation) => this.#monitor.spmWrites(this.now, pool, generation),
      taskWritten: (_, before, after) => this.#monitor.taskRecord(this.now, before, after),
    });
    const { store } = this.#monitor;
    for (const { id, type, parent } of store.commands.values()) cluster.remember(id, type, parent?.commandId ?? null);
    for (const { id, verb, hostTaskId } of store.tasks.values()) [id, hostTaskId].forEach((name) => name !== undefined && cluster.rememberTask(name, verb));
    for (const { id: pool } of scenario.pools) storage.tasks(pool).forEach(({ id, verb }) => cluster.rememberTask(id, verb));
    this.#recorder.remember(store.tasks.values());
    this.#ended = endOf(world, store, definitions);
    const known = [...store.commands.values()];
    this.#submissions = new NumberedNames('submitted', known.map(({ id }) => id));
    this.#operations = new NumberedNames('operate', known.flatMap(({ operator }) => operator.map(({ requestId }) => requestId)));
    planErrands(cluster, scenario, this.now);
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
   * does not come to rest within the scenario's `limit`. What it came to is kept, if the run is kept in a directory.
   * @param pace holds it back; default: as fast as it goes. The course is the same.
   */
  async run(pace?: Pace): Promise<void> {
    if (this.#ended !== null) return;
    const halt = this.on('violation', () => this.#kernel.halt());
    try {
      if (pace === undefined) await this.#drive(this.#kernel.runUntilIdle(this.#scenario.limit));
      else await this.#runPaced(pace);
    } finally {
      halt();
    }
    if (!this.#monitor.broken) {
      if (!this.#kernel.idle) this.#monitor.restless(this.now, this.#scenario.limit);
      else this.#monitor.rest(this.now, this.#cluster.memory);
    }
    await this.#world?.finish(this.#progress(), endRecord(this.result(), this.#monitor.store, this.#definitions));
  }

  /** In slices, each of what has become due meanwhile. What the hosts have done is on disk before it rests between two. */
  async #runPaced(pace: Pace): Promise<void> {
    const { limit } = this.#scenario;
    for (let next = this.peek(); next !== null && next <= limit && !this.#kernel.idle && !this.#monitor.broken; next = this.peek()) {
      const due = await pace(next);
      await this.#drive(this.#kernel.runUntilIdle(Math.min(due, limit)));
      await this.#keep();
    }
  }

  /** Makes durable what has changed in the world. */
  async #keep(): Promise<void> {
    await this.#world?.flush(this.#progress());
  }

  #progress(): Progress {
    return { now: this.now, events: this.events, portOperations: this.enginePortOperations };
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
   * @throws SeatbeltError `UNKNOWN_COMMAND_TYPE`, `BAD_PARAMS`, `BAD_COMMAND_ID`, `BAD_REQUEST`; nothing changes then
   */
  submit(command: { readonly type: string; readonly params: unknown; readonly id?: string }): string {
    checkSubmission(command);
    const definition = this.#definitions.get(command.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `there is no command type '${command.type}'`);
    const params = definition.parseParams(command.params);
    const id = checkCommandId(command.id ?? this.#submissions.next());
    this.#ended = null;
    this.#cluster.submitAt(this.now, { id, type: command.type, params });
    return id;
  }

  /**
   * Lets the client ask now for a command to be cancelled, and again until that is answered (probe `cancelAnswered`).
   * @throws SeatbeltError `BAD_COMMAND_ID`; nothing changes then
   */
  cancel(id: string): void {
    const commandId = checkCommandId(id);
    this.#ended = null;
    this.#cluster.cancelAt(this.now, commandId);
  }

  /**
   * Stops the engine now, as a crash does, and starts it again after `down` µs, with a program that has other definitions: as when a new version is installed. One that
   * is down already starts with them when it would have anyway. From then on the invariants judge what the engine does by the new program.
   * @param options.definitions in place of those of the same types, or besides; default: none. A run that is kept in a directory does not keep them: {@link resume} needs them again
   * @param options.down default: 5 s
   * @throws SeatbeltError `BAD_DEFINITION`, `BAD_TIME`, `BAD_REQUEST`; nothing changes then
   */
  restartEngine(options: EngineRestart = {}): void {
    checkOptions('restartEngine', options);
    const { definitions = [], down = 5_000_000 } = options;
    checkDefinitions(definitions);
    checkDuration('down', down);
    if (definitions.length > 0) this.#definitions = new Map([...this.#definitions, ...definitions.map((definition) => [definition.type, definition] as const)]);
    this.#ended = null;
    this.#cluster.restartEngine(this.#definitions, down);
  }

  /**
   * Lets the client pass on an operator's action on a held command now, and again until that is answered; runs the simulation until then.
   * @param id of a command, or of a child command
   * @returns the command's status after the action, and the request's id: under the same one it is not applied again
   * @throws SeatbeltError `OPERATOR_REFUSED` the action does not fit where the command is; `UNKNOWN_COMMAND`, `BAD_REQUEST`, `NOT_PLAIN_DATA`; nothing changes then
   */
  async operate(id: string, action: OperatorWish): Promise<{ readonly requestId: string; readonly status: string }> {
    const operation = { commandId: id, ...checkedOperation({ requestId: this.#operations.next(), ...action }) };
    this.#ended = null;
    const { requestId } = operation;
    const answers: OperateTold[] = [];
    const unsubscribe = this.on('probe', ({ probe }) => {
      if (probe.type === 'operateAnswered' && probe.commandId === id && probe.requestId === requestId) answers.push(probe.answer);
    });
    try {
      this.#cluster.operateAt(this.now, operation);
      for (;;) {
        const [answer] = answers;
        if (answer?.done === true) return { requestId, status: answer.status };
        if (answer !== undefined) throw new SeatbeltError(answer.error.code as ErrorCode, answer.error.message);
        if ((await this.step()) === 0) throw new SeatbeltError('INTERNAL', `operate ${id}: the simulation ended without an answer`);
      }
    } finally {
      unsubscribe();
    }
  }

  /** Calls `listener` at each such event, until the returned function is called. A listener must not act on the simulation. @throws SeatbeltError `BAD_REQUEST` */
  on<E extends keyof SimulationEvents>(event: E, listener: Listener<E>): () => void {
    checkListener(Object.keys(this.#listeners), event, listener);
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** 16 hex digits that stand for all that has happened so far. */
  fingerprint(): string {
    return this.#kernel.traceHash;
  }

  /** What the run has come to, read from the engine's disk and the hosts. */
  result(): RunResult {
    if (this.#ended !== null) return this.#ended;
    return {
      scenario: this.#scenario.name,
      seed: this.#seed,
      traceHash: this.fingerprint(),
      events: this.events,
      virtualTimeMs: this.now / 1000,
      healedAt: this.#cluster.healed ? this.#scenario.healAt : null,
      recoveries: this.#recorder.recoveries,
      resumptions: (this.#world?.session ?? 1) - 1,
      commands: commandsOf(this.#monitor.store),
      tasks: this.#recorder.tasks(this.#monitor.store),
      hosts: this.#hosts(),
      network: this.#recorder.network,
      invariants: this.#monitor.results(),
      longest: longestOf(this.#monitor.longest),
      unused: this.#cluster.unusedFaults,
    };
  }

  #hosts(): readonly HostResult[] {
    const pools = new Map(this.#scenario.hosts.map(({ id, pool }) => [id, pool]));
    return this.#cluster.hosts.map(({ name, up }) => {
      const pool = pools.get(name) ?? '';
      return { id: name, pool, role: this.#storage.lease(pool).owner === name ? 'SPM' : 'Free', up };
    });
  }

  /** Stops it wherever it is, and closes its store. Idempotent. */
  async dispose(): Promise<void> {
    this.#kernel.dispose();
    // It ends at its current event, which may be about to open the disk.
    await this.#running;
    await this.#cluster.closeDisk();
    await this.#world?.close();
  }

  async #drive<T>(driving: Promise<T>): Promise<T> {
    this.#running = driving.catch(() => undefined);
    const result = await driving;
    if (this.#cluster.defect !== null) throw this.#cluster.defect;
    return result;
  }
}

function longestOf(longest: Longest | null): LongestCommand | null {
  if (longest === null) return null;
  const { commandId, tookUs, boundUs } = longest;
  const { total, ...terms } = boundUs;
  return { commandId, tookMs: tookUs / 1000, boundMs: total / 1000, terms: Object.fromEntries(Object.entries(terms).map(([name, us]) => [name, us / 1000])) };
}
