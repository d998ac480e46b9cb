import { startEngine, type EngineMemory } from '../../actors/engine.js';
import type { Probe } from '../../actors/probe.js';
import type { VerbTable } from '../../actors/host/verb-table.js';
import type { Ref } from '../../actors/runtime.js';
import type { SeenCommits } from '../../actors/wire.js';
import type { CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { DiskOp, OpenDisk } from '../../src/store/disk.js';
import { describeFault, describePoint } from '../faults/describe.js';
import { Failures } from '../faults/failures.js';
import { FaultPlan } from '../faults/fault-plan.js';
import type { Durable } from '../faults/heard-news.js';
import { NetworkFaults, type PartitionInForce } from '../faults/network-faults.js';
import type { SimEvent } from '../kernel/event.js';
import { Kernel } from '../kernel/kernel.js';
import { SimNode } from '../kernel/node.js';
import { random } from '../kernel/strategies/random.js';
import type { ProbeEvent } from '../report/timeline.js';
import type { UnusedFault } from '../report/result.js';
import { isOfMessages, isOfVerbs, isPlanned, type Fault, type PlannedFault, type Scenario } from '../scenario/schema.js';
import { Agenda } from '../world/agenda.js';
import { Bandwidth } from '../world/bandwidth.js';
import { createClient, type ClientMessage, type Operation, type Submission } from '../world/client.js';
import { EngineDisk } from '../world/engine-disk.js';
import { FENCE_AGENT, FenceAgent } from '../world/fence-agent.js';
import { Links, qualities } from '../world/links.js';
import { SimNetwork } from '../world/network.js';
import { observedDisk } from '../world/observed-disk.js';
import type { SharedStorage } from '../world/shared-storage.js';
import { SpmSwitch } from '../world/spm-switch.js';
import type { Table } from '../world/table.js';
import { worldClock } from '../world/world-clock.js';
import { createVerbTable } from '../world/verbs/table.js';
import type { Verb } from '../world/verbs/verb.js';
import type { Progress } from '../world/world-store.js';
import { Hosts } from './hosts.js';
import { Outages, type Outage } from './outages.js';

/** Whose events are nobody's: what happens to the network, to storage, or by an operator's hand. */
const WORLD = 'world';

const ENGINE = 'engine';
const CLIENT = 'client';

/** Who is told what happens in a cluster, at the moment it does. It never acts on the cluster. */
export interface ClusterObserver {
  probe(event: ProbeEvent): void;
  /** The engine starts, with this program. What its predecessor had in flight is settled. */
  starts(definitions: ReadonlyMap<string, CommandDefinition>): void;
  /** A batch has reached the engine's disk. */
  written(ops: readonly DiskOp[]): void;
  /** All faults have ended. */
  healed(): void;
  /** The engine has recovered, with this in its memory. */
  recovered(memory: EngineMemory): void;
}

export interface ClusterParts {
  readonly scenario: Scenario;
  readonly seed: number;
  /** The engine's program, until {@link Cluster.restartEngine} gives it another. */
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  /** What hosts can do. */
  readonly verbs: readonly Verb[];
  /** With all on it that the scenario puts there, but for what {@link ClusterParts.keep} gives back. */
  readonly storage: SharedStorage;
  /** Opens what the engine's disk is made of, with all that was written before; called at each start of the engine. */
  readonly reopen: () => Promise<OpenDisk>;
  readonly observer: ClusterObserver;
  /** What is on the engine's disk now. */
  readonly durable: () => Durable;
  /** Given all that outlives the process: restores it, if there is a past, and keeps it from then on. */
  readonly keep: (tables: readonly Table[]) => void;
  /** Where an earlier process has left the run; null if it begins here. */
  readonly past: Past | null;
  /** What an operator has decided to go on without; null: the engine's store is no older copy. */
  readonly lost: SeenCommits | null;
}

/** A run that another process goes on with, as after a power cut: every node starts anew, on what is durable. */
export interface Past extends Progress {
  /** From 1: which process it is that works on the run. */
  readonly session: number;
}

/** The wiring of one simulated cluster: an engine on its disk, storage hosts on what they share, a network between them, a client, and what is planned to go wrong with them. */
export class Cluster {
  readonly kernel: Kernel;
  readonly engine: SimNode;
  /** What the client has heard. */
  readonly agenda = new Agenda();
  readonly #parts: ClusterParts;
  readonly #engineDisk: EngineDisk;
  readonly #plan = new FaultPlan();
  readonly #failures: Failures;
  readonly #networkFaults: NetworkFaults;
  readonly #links: Links;
  readonly #bandwidth: Bandwidth;
  readonly #verbs: VerbTable;
  readonly #early: ClientMessage[] = [];
  readonly #outages: Outages;
  readonly #hosts: Hosts;
  readonly #fenceAgent: FenceAgent | null;
  readonly #spmSwitch: SpmSwitch;
  #definitions: ReadonlyMap<string, CommandDefinition>;
  /** When the engine comes back, while it is down. */
  #comesBack: SimEvent | null = null;
  #healed = false;
  #client: Ref<ClientMessage> | null = null;
  #memory: EngineMemory | null = null;
  #defect: SeatbeltError | null = null;

  /** @throws SeatbeltError `BAD_SCENARIO` if the seed is not a safe integer, or a fault names something that is not there */
  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#definitions = parts.definitions;
    const { scenario, seed, verbs, storage, reopen, observer, past } = parts;
    const origin = past === null ? {} : { origin: { now: past.now, executed: past.events, session: past.session } };
    this.kernel = new Kernel({ seed, strategy: random, ...origin });
    const rules = scenario.faults.filter(isOfVerbs);
    const rates = Object.fromEntries(Object.entries(scenario.verbs).map(([verb, { failureRate, failureCodes }]) => [verb, { rate: failureRate, codes: failureCodes }]));
    this.#failures = new Failures({ rules, rates, verbs });
    const limits = scenario.domains.flatMap(({ id, bandwidth }) => (bandwidth === undefined ? [] : [[id, bandwidth] as const]));
    this.#bandwidth = new Bandwidth(new Map(limits), worldClock(this.kernel, 'transfer'));
    const fileDomains = new Set(scenario.domains.flatMap(({ id, type }) => (type === 'file' ? [id] : [])));
    const speeds = scenario.verbs;
    this.#verbs = createVerbTable({ verbs, content: storage.content, speeds, failures: this.#failures, bandwidth: this.#bandwidth, fileDomains });

    this.#networkFaults = new NetworkFaults(scenario.faults.filter(isOfMessages), (name) => this.#nodeOf(name));
    this.#links = new Links(qualities(scenario.network), this.#networkFaults);
    const network = new SimNetwork(this.kernel, this.#links, (probe) => this.#tell(probe.from, probe));
    const owner = {
      probe: (node: SimNode, probe: Probe) => this.#probe(node, probe),
      fault: (node: SimNode, error: unknown) => {
        const [code, why] = error instanceof SeatbeltError && error.code.startsWith('STORE_') ? [error.code, error.message] : ['INTERNAL' as const, String(error)];
        this.#defect ??= new SeatbeltError(code, `${node.name} stopped at ${this.kernel.now} µs: ${why}`, { cause: error });
      },
      down: (node: SimNode) => this.#down(node),
    };
    const node = (name: string): SimNode => new SimNode(this.kernel, network, name, owner);
    this.engine = new SimNode(this.kernel, network, ENGINE, owner, { lives: 0, operations: past?.portOperations ?? 0 });
    const probe = owner.probe;
    const outages = new Outages(() => this.kernel.now);
    this.#outages = outages;
    this.#hosts = new Hosts({ kernel: this.kernel, network, scenario, storage, verbs: this.#verbs, bandwidth: this.#bandwidth, outages, goesOn: past !== null, owner, probe });
    const powerCycle: Hosts['powerCycle'] = (...args) => this.#hosts.powerCycle(...args);
    this.#fenceAgent = scenario.fenceAgent === null ? null : new FenceAgent({ kernel: this.kernel, network, settings: scenario.fenceAgent, powerCycle });
    this.#spmSwitch = new SpmSwitch(network, storage);
    parts.keep([
      ...storage.tables(scenario.pools.map(({ id }) => id)),
      this.#failures.table(),
      ...this.#plan.tables(),
      ...this.#networkFaults.tables(),
      ...this.#outages.tables(),
      ...this.#hosts.tables(),
      ...this.#spmSwitch.tables(),
      ...this.agenda.tables(),
    ]);
    this.#engineDisk = new EngineDisk(this.kernel, ENGINE, async () => observedDisk(await reopen(), (ops) => observer.written(ops)), scenario.disk);
    scenario.faults.forEach((fault, place) => {
      if (isPlanned(fault)) this.#plan.plan(place, fault.point, this.engine, () => this.#happen(fault, place));
    });

    for (const [place, partition] of [...this.#networkFaults.inForce]) this.#endPartitionAt(Number(place), partition);
    const client = node(CLIENT);
    const { now } = this.kernel;
    if (scenario.healAt !== null && scenario.healAt <= now) this.#endFaults();
    else if (scenario.healAt !== null) this.#at(scenario.healAt, WORLD, 'heal', () => this.#heal());
    this.#hosts.begin();
    const outage = outages.of(ENGINE);
    if (outage?.what === 'down') this.#at(now, ENGINE, 'still down', () => this.#engineStaysDown(outage));
    else this.#at(now, ENGINE, 'start', () => this.#startEngine());
    // Beyond this moment, for by then who was the SPM is so again.
    if (this.#spmSwitch.isUnderWay) this.#at(now + 1, 'world', 'moveSpm', () => this.#spmSwitch.goOn());
    this.#at(now, CLIENT, 'start', () => this.#startClient(client));
  }

  get hosts(): readonly SimNode[] {
    return this.#hosts.nodes;
  }

  /** Partitions in force. */
  get partitions(): readonly PartitionInForce[] {
    return [...this.#networkFaults.inForce.values()];
  }

  /** What the engine has in memory; null while it is down or has not recovered. */
  get memory(): EngineMemory | null {
    return this.engine.up ? this.#memory : null;
  }

  /** What has stopped a node for good: a disk that failed under a store, or a defect of ours. */
  get defect(): SeatbeltError | null {
    return this.#defect;
  }

  /** Whether all faults have ended. */
  get healed(): boolean {
    return this.#healed;
  }

  /** Planned faults that have not happened so far. */
  get unusedFaults(): readonly UnusedFault[] {
    const { faults } = this.#parts.scenario;
    const [rules, messageRules] = [faults.filter(isOfVerbs), faults.filter(isOfMessages)];
    const happened = (fault: Fault, i: number): boolean => {
      if (isPlanned(fault)) return this.#plan.happened(i);
      return isOfMessages(fault) ? this.#networkFaults.happened(messageRules.indexOf(fault)) : this.#failures.happened(rules.indexOf(fault));
    };
    return faults.flatMap((fault, i) => (happened(fault, i) ? [] : [{ fault: i, what: describeFault(fault) }]));
  }

  /**
   * Stops the engine now, as a crash does, and starts it after `down` µs with this program. One that is down already starts with it when it would have anyway.
   */
  restartEngine(definitions: ReadonlyMap<string, CommandDefinition>, down: number): void {
    this.#definitions = definitions;
    this.#crashEngine('to be started again', down);
  }

  /** Lets the client submit a command at `at` µs. It goes on submitting until the engine has it on disk. */
  submitAt(at: number, submission: Submission): void {
    this.#clientAt(at, `submit ${submission.id}`, { type: 'submit', submission });
  }

  /** Lets the client look, from `at` µs, at a command that was acknowledged to an earlier one, until it is over. */
  watchAt(at: number, id: string): void {
    this.#clientAt(at, `watch ${id}`, { type: 'watch', id });
  }

  /** Lets the client ask at `at` µs for a command to be cancelled, and again until that is answered. */
  cancelAt(at: number, id: string): void {
    this.#clientAt(at, `cancel ${id}`, { type: 'cancel', id });
  }

  /** Lets the client pass on an operator's action at `at` µs, and again until that is answered. */
  operateAt(at: number, operation: Operation): void {
    this.#clientAt(at, `${operation.action} ${operation.commandId}`, { type: 'operate', operation });
  }

  /** To be told, when a run goes on, of each command on the engine's disk, parents before their children. */
  remember(commandId: string, commandType: string, parentId: string | null): void {
    this.#plan.remember({ type: 'commandSubmitted', commandId, commandType, parentId });
  }

  /** The same of each task that the engine or a host has on disk. @param taskId either's name for it */
  rememberTask(taskId: string, verb: string): void {
    this.#plan.remember({ type: 'hostTaskAccepted', host: '', taskId, verb });
  }

  /** Closes what the engine's disk is made of. Idempotent. */
  closeDisk(): Promise<void> {
    return this.#engineDisk.close();
  }

  async #startEngine(): Promise<void> {
    const { scenario, observer, lost } = this.#parts;
    const definitions = this.#definitions;
    const outage = this.#outages.of(ENGINE);
    const life = this.engine.start();
    this.#outages.over(ENGINE);
    if (outage?.what === 'still') this.#pauseEngine(outage.until - this.kernel.now);
    const disk = await this.#engineDisk.open(life);
    observer.starts(definitions);
    const ports = { ...life.ports, disk, callbackBegins: () => life.callbackBegins() };
    const { hosts, engine } = scenario;
    const agent = scenario.fenceAgent === null ? {} : { fenceAgent: FENCE_AGENT };
    const hostsOf = (id: string): readonly string[] => hosts.filter(({ pool }) => pool === id).map((host) => host.id);
    const pools = scenario.pools.map(({ id, clientTaskIds }) => ({ id, clientTaskIds, hosts: hostsOf(id), ...agent }));
    const config = { definitions, pools, settings: engine, ...(lost === null ? {} : { acceptOlderStore: lost }) };
    startEngine(ports, life.actors, config, (memory) => {
      this.#memory = memory;
      observer.recovered(memory);
    });
  }

  #startClient(node: SimNode): void {
    const { ports, actors } = node.start();
    const behaviour = createClient(ports, ENGINE, (message) => client.tell(message));
    const client: Ref<ClientMessage> = actors.spawn({ name: 'client', behaviour });
    this.#client = client;
    for (const message of this.#early.splice(0)) client.tell(message);
  }

  #down(node: SimNode): void {
    if (node !== this.engine) return this.#hosts.down(node);
    this.#memory = null;
    const outage = this.#outages.of(ENGINE);
    if (outage?.what !== 'down') throw new SeatbeltError('INTERNAL', 'the engine crashed though nobody had planned it');
    this.#engineStaysDown(outage);
  }

  #engineStaysDown({ cause, until }: Outage & { readonly what: 'down' }): void {
    this.#probe(this.engine, { type: 'engineCrashed', cause });
    this.#engineComesBack(this.#healed ? this.kernel.now : until);
  }

  #engineComesBack(at: number): void {
    this.#comesBack = this.#at(at, ENGINE, 'restart', () => {
      this.#comesBack = null;
      return this.#startEngine();
    });
  }

  /** All faults end: whoever makes some is told, and what is down comes back. */
  #heal(): void {
    this.#endFaults();
    this.#tell(WORLD, { type: 'faultsEnded' });
    this.#parts.observer.healed();
    if (this.#comesBack === null) return;
    this.kernel.cancel(this.#comesBack);
    this.#engineComesBack(this.kernel.now);
  }

  #endFaults(): void {
    this.#healed = true;
    for (const faults of [this.#plan, this.#failures, this.#networkFaults, this.#links, this.#outages, this.#hosts, this.#fenceAgent]) faults?.heal();
    this.engine.resume();
  }

  /** @returns whether it could happen */
  #happen(fault: PlannedFault, place: number): boolean {
    const { scenario, storage } = this.#parts;
    const onlyPool = scenario.pools[0]?.id ?? '';
    switch (fault.kind) {
      case 'crashEngine':
        return this.#crashEngine(describePoint(fault.point), fault.down);
      case 'pauseEngine':
        return this.#pauseEngine(fault.for);
      case 'crashHost': {
        const host = this.#hosts.find(fault.host);
        return host !== undefined && this.#hosts.crash(host, describePoint(fault.point), fault.down ?? scenario.hostRestart.down);
      }
      case 'hangHost': {
        const host = this.#hosts.find(fault.host);
        return host !== undefined && this.#hosts.hang(host, fault.for);
      }
      case 'loseLease':
        return this.#told(storage.revokeLease(fault.pool ?? onlyPool), { type: 'leaseRevoked', pool: fault.pool ?? onlyPool });
      case 'moveSpm': {
        const pool = fault.pool ?? onlyPool;
        const to = fault.to ?? this.#hosts.next(pool);
        return to !== undefined && this.#told(this.#spmSwitch.move(pool, to), { type: 'spmMoves', pool, to });
      }
      case 'partition': {
        const partition = this.#networkFaults.begin(place, fault, this.kernel.now + fault.us);
        if (partition === null) return false;
        const { from, to, oneWay } = partition;
        this.#tell(from, { type: 'partitionBegan', from, to, oneWay });
        this.#endPartitionAt(place, partition);
        return true;
      }
    }
  }

  /** An earlier process may have gone past that. */
  #endPartitionAt(place: number, { from, to, until }: PartitionInForce): void {
    this.#at(Math.max(until, this.kernel.now), WORLD, 'partition ends', () => {
      if (this.#networkFaults.end(place)) this.#tell(from, { type: 'partitionEnded', from, to });
    });
  }

  /** Tells of a fault of no node's, if it happens. @returns whether it does */
  #told(happens: boolean, probe: Probe): boolean {
    if (happens) this.#tell(WORLD, probe);
    return happens;
  }

  /** Who goes by this name now, which may be that of a role; null: nobody. */

  #nodeOf(name: string): string | null {
    const [, pool] = /^spm(?: of (.+))?$/.exec(name) ?? [];
    const { storage, scenario } = this.#parts;
    return name === 'spm' || pool !== undefined ? storage.lease(pool ?? scenario.pools[0]?.id ?? '').owner : name;
  }

  #crashEngine(cause: string, down: number): boolean {
    if (!this.engine.up) return false;
    this.#outages.down(ENGINE, cause, this.kernel.now + down);
    this.engine.crash();
    return true;
  }

  #pauseEngine(us: number): boolean {
    if (!this.engine.up) return false;
    this.#probe(this.engine, { type: 'enginePaused', us });
    this.#outages.still(ENGINE, this.kernel.now + us);
    this.engine.pause(us);
    return true;
  }

  #clientAt(time: number, label: string, message: ClientMessage): void {
    this.#at(time, CLIENT, label, () => {
      // In the instant in which the run begins, the client may start after this: it is handed what was meant for it before.
      if (this.#client === null) this.#early.push(message);
      else this.#client.tell(message);
    });
  }

  #at(time: number, node: string, label: string, run: () => void | Promise<void>): SimEvent {
    return this.kernel.schedule(time, { kind: 'control', node, incarnation: 0, label, content: null, background: false, run });
  }

  #probe(node: SimNode, probe: Probe): void {
    this.#tell(node.name, probe);
  }

  #tell(node: string, probe: Probe): void {
    this.#parts.observer.probe({ t: this.kernel.now, node, probe });
    this.agenda.probe(probe);
    this.#plan.probe(probe);
    if (probe.type === 'engineRecovered') this.#plan.catchUp(this.#parts.durable());
  }
}
