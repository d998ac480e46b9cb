import { startEngine } from '../../../actors/engine.js';
import type { Probe } from '../../../actors/probe.js';
import { DEFAULT_ENGINE_SETTINGS } from '../../../actors/settings.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import { SimNode } from '../../../sim/kernel/node.js';
import { fifo } from '../../../sim/kernel/strategies/fifo.js';
import { EngineDisk } from '../../../sim/world/engine-disk.js';
import { reliableLinks, SimNetwork } from '../../../sim/world/network.js';
import type { OpenDisk } from '../../../src/store/disk.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { SnapshotStore } from '../../../src/store/snapshot-store.js';
import { COPY } from './copy-command.js';
import { PoolHost } from './pool-host.js';

export const SECOND = 1_000_000;
const POOLS = 20;
const COMMAND_ACTORS = 'command-';
const MILLISECOND = { kind: 'constant', value: 1_000 } as const;

/**
 * An engine with always the same number of commands in flight, spread evenly over 20 pools: when one ends, the next is submitted, for the same disk. Real
 * engine, simulated clock and network, hosts that cost next to nothing, a disk that keeps nothing: nobody will read it again.
 */
export class BusyEngine {
  /** Messages that the commands' own actors have handled so far: of each command, the same number however many are in flight. */
  messages = 0;
  /** Deliveries to any actor of the engine so far. */
  deliveries = 0;
  /** Commands that have ended so far. */
  ended = 0;
  readonly #kernel = new Kernel({ seed: 1, strategy: fifo });
  readonly #engine: SimNode;
  readonly #client: SimNode;
  readonly #disk: EngineDisk;
  #submitted = 0;

  static async create(commands: number): Promise<BusyEngine> {
    const disk = new MemoryDisk();
    const entities = Array.from({ length: commands }, (_, i) => ({ key: `disk/d${i}`, value: { copies: 0, busy: false } }));
    await SnapshotStore.initialise(disk, { storeId: 'bench', entities });
    const contents = await disk.scan('');
    const byKey = new Map(contents.map(({ key, value }) => [key, value]));
    const forgetful: OpenDisk = {
      get: async (key) => byKey.get(key),
      scan: async (prefix) => contents.filter(({ key }) => key.startsWith(prefix)),
      write: async () => undefined,
      close: async () => undefined,
    };
    return new BusyEngine(forgetful);
  }

  private constructor(disk: OpenDisk) {
    const network = new SimNetwork(this.#kernel, reliableLinks(MILLISECOND));
    let defect: unknown = null;
    const owner = {
      probe: (_node: SimNode, probe: Probe) => this.#probe(probe),
      fault: (_node: SimNode, error: unknown) => {
        defect ??= error;
        throw defect;
      },
      down: () => undefined,
    };
    const node = (name: string): SimNode => new SimNode(this.#kernel, network, name, owner);
    this.#engine = node('engine');
    this.#client = node('client');
    this.#disk = new EngineDisk(this.#kernel, 'engine', async () => disk, { write: MILLISECOND, scan: MILLISECOND });
    const pools = Array.from({ length: POOLS }, (_, i) => ({ id: poolOf(i), hosts: [`host${i}`] }));
    this.#at(0, () => {
      this.#client.start();
      for (const { hosts } of pools) for (const host of hosts) new PoolHost(node(host).start().ports);
    });
    this.#at(0, async () => {
      const life = this.#engine.start();
      const ports = { ...life.ports, disk: await this.#disk.open(life), callbackBegins: () => life.callbackBegins() };
      startEngine(ports, life.actors, { definitions: new Map([[COPY.type, COPY]]), pools, settings: DEFAULT_ENGINE_SETTINGS }, () => undefined);
    });
    this.#kernel.observe(({ spec }) => {
      if (spec.kind !== 'deliver' || spec.node !== 'engine') return;
      this.deliveries += 1;
      if (spec.label.startsWith(COMMAND_ACTORS)) this.messages += 1;
    });
  }

  /** Submits so many commands, evenly spread over `span` µs from now. */
  submit(commands: number, span: number): void {
    for (let i = 0; i < commands; i += 1) this.#submitAt(this.#kernel.now + Math.floor((span * i) / commands), i);
  }

  /** Runs for `dt` µs. */
  async advance(dt: number): Promise<void> {
    await this.#kernel.runUntil(this.#kernel.now + dt);
  }

  /** Kills the engine: what it held in memory is garbage then. */
  crash(): void {
    this.#engine.crash();
  }

  async dispose(): Promise<void> {
    this.#kernel.dispose();
    await this.#disk.close();
  }

  #probe(probe: Probe): void {
    if (probe.type !== 'statusChanged' || probe.status === 'RUNNING') return;
    if (probe.status !== 'SUCCEEDED') throw new Error(`${probe.commandId} is ${probe.status}: ${probe.error?.message ?? ''}`);
    this.ended += 1;
    this.#submitAt(this.#kernel.now, Number(probe.commandId.split('-')[1]));
  }

  #submitAt(time: number, disk: number): void {
    this.#submitted += 1;
    const commandId = `c${this.#submitted}-${disk}`;
    const body = { op: 'submitCommand', commandId, type: COPY.type, params: { disk: `d${disk}`, pool: poolOf(disk % POOLS) } } as const;
    this.#at(time, () => this.#client.life?.ports.send('engine', { kind: 'request', correlation: commandId, from: 'client', stamp: null, body }));
  }

  #at(time: number, run: () => void | Promise<void>): void {
    this.#kernel.schedule(time, { kind: 'control', node: 'bench', incarnation: 0, label: 'bench', content: null, background: false, run });
  }
}

function poolOf(i: number): string {
  return `pool${i}`;
}
