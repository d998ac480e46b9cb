import { startEngine, type EngineMemory } from '../../actors/engine.js';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from '../../actors/settings.js';
import type { Probe } from '../../actors/probe.js';
import type { EngineRequest, SeenCommits, WireReply } from '../../actors/wire.js';
import { StoreMirror } from '../../sim/invariants/store-mirror.js';
import { Kernel } from '../../sim/kernel/kernel.js';
import { SimNode } from '../../sim/kernel/node.js';
import { random } from '../../sim/kernel/strategies/random.js';
import { EngineDisk } from '../../sim/world/engine-disk.js';
import { observedDisk } from '../../sim/world/observed-disk.js';
import { reliableLinks, SimNetwork } from '../../sim/world/network.js';
import type { CommandDefinition } from '../../src/model/command.js';
import type { CommandState } from '../../src/flow/state.js';
import type { Data } from '../../src/model/data.js';
import type { EntityKey } from '../../src/model/entity.js';
import type { DiskOp } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { ScriptedHost, type HostScript } from './scripted-host.js';

export const SECOND = 1_000_000;

export interface RigOptions {
  readonly commands: readonly CommandDefinition[];
  readonly entities?: { readonly [key: EntityKey]: Data };
  readonly host?: HostScript;
  readonly seed?: number;
  readonly settings?: Partial<EngineSettings>;
  /** Is shown each batch that reaches the engine's disk. */
  readonly written?: (ops: readonly DiskOp[]) => void;
  /** The engine has crashed as planned. */
  readonly down?: () => void;
}

const STEADY = { kind: 'constant', value: 1_000 } as const;

/** A real engine on real nact and a simulated clock, network and disk, with one scripted host `host1` and a client that says anything. */
export class EngineRig {
  readonly kernel: Kernel;
  readonly host: ScriptedHost;
  readonly engine: SimNode;
  readonly probes: Probe[] = [];
  /** What the engine told the client, by correlation. */
  readonly replies = new Map<string, WireReply>();
  definitions: readonly CommandDefinition[];
  /** The storage pools that the engine knows from its next start on. */
  pools = ['pool1'];
  memory: EngineMemory | null = null;
  #disk: MemoryDisk;
  readonly #engineDisk: EngineDisk;
  readonly #client: SimNode;
  #defect: Error | null = null;
  #asked = 0;
  #accept: SeenCommits | undefined;
  readonly #settings: EngineSettings;

  static async create(options: RigOptions): Promise<EngineRig> {
    const disk = new MemoryDisk();
    const entities = Object.entries(options.entities ?? {}).map(([key, value]) => ({ key, value }));
    await SnapshotStore.initialise(disk, { storeId: 'rig', entities });
    return new EngineRig(options, disk);
  }

  private constructor({ commands, host, settings, seed = 1, written = () => undefined, down = () => undefined }: RigOptions, disk: MemoryDisk) {
    this.kernel = new Kernel({ seed, strategy: random, traced: false });
    this.definitions = commands;
    this.#settings = { ...DEFAULT_ENGINE_SETTINGS, ...settings };
    this.host = new ScriptedHost(host);
    this.#disk = disk;
    const network = new SimNetwork(this.kernel, reliableLinks(STEADY));
    const owner = {
      probe: (_node: SimNode, probe: Probe) => void this.probes.push(probe),
      fault: (node: SimNode, error: unknown) => void (this.#defect ??= new Error(`${node.name}: ${String(error)}`, { cause: error })),
      down: () => down(),
    };
    this.engine = new SimNode(this.kernel, network, 'engine', owner);
    this.#client = new SimNode(this.kernel, network, 'client', owner);
    const hostNode = new SimNode(this.kernel, network, 'host1', owner);
    this.#engineDisk = new EngineDisk(this.kernel, 'engine', async () => observedDisk((this.#disk = this.#disk.clone()), written), { write: STEADY, scan: STEADY });
    this.at(0, () => this.host.attach(hostNode.start().ports));
    this.at(0, () => this.#client.start().ports.onReceive((message) => {
      if (message.kind === 'reply') this.replies.set(message.correlation, message);
    }));
    this.at(0, () => this.#startEngine());
  }

  /** Lets the client ask something, now or at `at` µs. @returns its correlation */
  ask(body: EngineRequest, at = Math.max(this.kernel.now, 100_000)): string {
    this.#asked += 1;
    const correlation = `ask-${this.#asked}`;
    this.at(at, () => this.#client.life?.ports.send('engine', { kind: 'request', correlation, from: 'client', stamp: null, body }));
    return correlation;
  }

  submit(commandId: string, type: string, params: Data = {}, at?: number): string {
    return this.ask({ op: 'submitCommand', commandId, type, params }, at);
  }

  /** Runs until nothing is left to do. Fails if an actor threw. */
  async run(): Promise<this> {
    await this.kernel.runUntilIdle();
    if (this.#defect !== null) throw this.#defect;
    return this;
  }

  async runFor(us: number): Promise<this> {
    await this.kernel.runUntil(this.kernel.now + us);
    if (this.#defect !== null) throw this.#defect;
    return this;
  }

  /** Runs until the engine has told this for the `nth` time, and stops right there. */
  async runUntil(met: (probe: Probe) => boolean, nth = 1): Promise<this> {
    while (this.probes.filter(met).length < nth) {
      if ((await this.kernel.step()) === 0) throw new Error('it never came to that');
      if (this.#defect !== null) throw this.#defect;
    }
    return this;
  }

  /** Crashes the engine now and starts it again a second later. */
  restart(definitions = this.definitions): void {
    this.engine.crash();
    this.definitions = definitions;
    this.startAgain();
  }

  /** A copy of the engine's disk as it is now. */
  copyOfDisk(): MemoryDisk {
    return this.#disk.clone();
  }

  /** Crashes the engine now, and starts it again with this disk instead. @param accept an operator's decision */
  restartWith(disk: MemoryDisk, accept?: SeenCommits): void {
    this.engine.crash();
    this.at(this.kernel.now + SECOND / 2, () => {
      this.#disk = disk;
      this.#accept = accept;
    });
    this.startAgain();
  }

  /** After a crash that was planned. */
  startAgain(): void {
    this.at(this.kernel.now + SECOND, () => this.#startEngine());
  }

  /** What the engine's disk holds. */
  async stored(): Promise<StoreMirror> {
    return new StoreMirror(await this.#disk.clone().scan(''));
  }

  async command(id = 'c1'): Promise<CommandState> {
    const state = (await this.stored()).commands.get(id);
    if (state === undefined) throw new Error(`there is no command ${id} on disk`);
    return state;
  }

  /** `beforeTask 0 #1 ok` and so on: the command's committed callbacks. */
  async history(id = 'c1'): Promise<readonly string[]> {
    return (await this.stored()).historyOf(id).map(({ callback, index, attempt, outcome }) => `${callback} ${index} #${attempt} ${outcome}`);
  }

  told<T extends Probe['type']>(type: T): readonly Extract<Probe, { type: T }>[] {
    return this.probes.filter((probe): probe is Extract<Probe, { type: T }> => probe.type === type);
  }

  async dispose(): Promise<void> {
    this.kernel.dispose();
    await this.#engineDisk.close();
  }

  at(time: number, run: () => void | Promise<void>): void {
    this.kernel.schedule(time, { kind: 'control', node: 'test', incarnation: 0, label: 'test', content: null, background: false, run });
  }

  async #startEngine(): Promise<void> {
    const life = this.engine.start();
    const disk = await this.#engineDisk.open(life);
    const config = {
      definitions: new Map(this.definitions.map((definition) => [definition.type, definition])),
      pools: this.pools.map((id) => ({ id, hosts: ['host1'] })),
      settings: this.#settings,
      ...(this.#accept === undefined ? {} : { acceptOlderStore: this.#accept }),
    };
    startEngine({ ...life.ports, disk, callbackBegins: () => life.callbackBegins() }, life.actors, config, (memory) => (this.memory = memory));
  }
}

/** Runs a test on a rig, and disposes of it whatever happens. */
export async function withRig(options: RigOptions, use: (rig: EngineRig) => Promise<void>): Promise<void> {
  const rig = await EngineRig.create(options);
  try {
    await use(rig);
  } finally {
    await rig.dispose();
  }
}
