import type { Probe } from '../../actors/probe.js';
import type { SpmLease } from '../../actors/storage-port.js';

/** Nodes that cannot reach each other; `to` null: all others. */
export interface Cut {
  readonly from: string;
  readonly to: string | null;
  readonly oneWay: boolean;
}

/** Who there is that faults can happen to. */
export interface Nodes {
  /** By pool, its hosts. None are given: then they never fail. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Whether the engine can have a silent SPM's power cut. */
  readonly canFence: boolean;
  /** Partitions that are in force when it begins. */
  readonly cuts: readonly Cut[];
}

export const NO_NODES: Nodes = { hosts: new Map(), canFence: false, cuts: [] };

const ENGINE = 'engine';
const FENCE_AGENT = 'fence-agent';

/**
 * Which faults have begun and not ended, and whom they put out of service: an engine that is down or stands still; a host that is down, hangs, or is cut off from the engine;
 * a pool of which no host can be the SPM now. All times are µs.
 */
export class FaultsInForce {
  readonly #down = new Set<string>();
  /** Until when nodes stand still. */
  readonly #still = new Map<string, number>();
  #cuts: readonly Cut[];
  /** Pools in which a host is on its way to be the SPM. */
  readonly #contending = new Map<string, string>();

  constructor(
    private readonly nodes: Nodes,
    private readonly leaseOf: (pool: string) => SpmLease,
    private readonly now: () => number,
  ) {
    this.#cuts = nodes.cuts;
  }

  /** @returns what it is for the time of commands: a fault begins or ends; it only changes who is served; or nothing */
  probe(probe: Probe): 'fault' | 'service' | null {
    switch (probe.type) {
      case 'engineCrashed':
      case 'storeRolledBack':
        return this.#goes(ENGINE);
      case 'engineRecovered':
        return this.#comes(ENGINE);
      case 'enginePaused':
        return this.#stands(ENGINE, probe.us);
      case 'hostCrashed':
        return this.#goes(probe.host);
      case 'hostStarted':
        return this.#comes(probe.host);
      case 'hostHung':
        return this.#stands(probe.host, probe.us);
      case 'partitionBegan':
        this.#cuts = [...this.#cuts, probe];
        return 'fault';
      case 'partitionEnded':
        this.#cuts = without(this.#cuts, probe);
        return 'fault';
      case 'spmRoleChanged':
        if (probe.role === 'Contend') this.#contending.set(probe.pool, probe.host);
        else if (this.#contending.get(probe.pool) === probe.host) this.#contending.delete(probe.pool);
        return 'service';
      default:
        return null;
    }
  }

  /** Whether somebody who stood still has gone on since this was asked last. */
  goneOn(): boolean {
    const over = [...this.#still].filter(([, until]) => until <= this.now());
    for (const [node] of over) this.#still.delete(node);
    return over.length > 0;
  }

  /** All ends; who is down comes back, which is told when it does. */
  heal(): void {
    this.#still.clear();
    this.#cuts = [];
  }

  /** Whether anybody may be out of service. */
  get any(): boolean {
    return this.#down.size + this.#still.size + this.#cuts.length + this.#contending.size > 0;
  }

  get engineIsOut(): boolean {
    return this.#isDead(ENGINE);
  }

  get anyHostIsOut(): boolean {
    return [...this.nodes.hosts.values()].some((hosts) => hosts.some((host) => this.hostIsOut(host)));
  }

  hostIsOut(host: string): boolean {
    return this.#isDead(host) || this.#isCutOff(host);
  }

  /**
   * Whether nobody can be the pool's SPM, or somebody is only just becoming it. One whose SPM is dead, or stands still, can have another when the lease has expired; one whose
   * SPM is alive and cut off from the engine alone, only if that can be fenced: else it renews its lease for ever.
   */
  poolIsOut(pool: string): boolean {
    const hosts = this.nodes.hosts.get(pool) ?? [];
    if (hosts.length === 0) return false;
    const contender = this.#contending.get(pool);
    if (contender !== undefined && !this.hostIsOut(contender)) return true;
    if (hosts.every((host) => this.hostIsOut(host))) return true;
    const { owner } = this.leaseOf(pool);
    if (owner === null || this.#isDead(owner) || !this.#isCutOff(owner)) return false;
    return !this.nodes.canFence || this.#isCutOff(FENCE_AGENT);
  }

  #isDead(node: string): boolean {
    return this.#down.has(node) || this.#still.has(node);
  }

  #isCutOff(node: string): boolean {
    return this.#cuts.some(({ from, to }) => (from === node && (to === null || to === ENGINE)) || (from === ENGINE && (to === null || to === node)));
  }

  #goes(node: string): 'fault' {
    this.#still.delete(node);
    for (const [pool, host] of this.#contending) if (host === node) this.#contending.delete(pool);
    this.#down.add(node);
    return 'fault';
  }

  #comes(node: string): 'fault' {
    this.#still.delete(node);
    this.#down.delete(node);
    return 'fault';
  }

  #stands(node: string, us: number): 'fault' {
    this.#still.set(node, Math.max(this.#still.get(node) ?? 0, this.now() + us));
    return 'fault';
  }
}

/** One of these less: several may be in force between the same nodes. */
function without(cuts: readonly Cut[], { from, to }: Pick<Cut, 'from' | 'to'>): readonly Cut[] {
  const at = cuts.findIndex((cut) => cut.from === from && cut.to === to);
  return at < 0 ? cuts : cuts.toSpliced(at, 1);
}
