import type { VerbTable } from '../../actors/host/verb-table.js';
import type { SpmTerms } from '../../actors/host/spm-role.js';
import type { Probe } from '../../actors/probe.js';
import type { Ref } from '../../actors/runtime.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { createSpmHost, SPM_HOST_DEFAULTS, type HostMessage } from '../../actors/spm-host.js';
import type { FaultPart } from '../faults/fault-part.js';
import type { SimEvent } from '../kernel/event.js';
import type { Kernel } from '../kernel/kernel.js';
import type { NodeNetwork } from '../kernel/node-network.js';
import { SimNode, type NodeOwner } from '../kernel/node.js';
import type { HostRef, Scenario } from '../scenario/schema.js';
import type { Bandwidth } from '../world/bandwidth.js';
import { drawLatency } from '../world/latency.js';
import { storageOfLife } from '../world/life-storage.js';
import type { SharedStorage } from '../world/shared-storage.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';
import type { Outage, Outages } from './outages.js';

export interface HostsDeps {
  readonly kernel: Kernel;
  readonly network: NodeNetwork;
  readonly scenario: Scenario;
  readonly storage: SharedStorage;
  readonly verbs: VerbTable;
  readonly bandwidth: Bandwidth;
  readonly outages: Outages;
  /** Whether an earlier process has begun the run. */
  readonly goesOn: boolean;
  readonly owner: NodeOwner;
  readonly probe: (node: SimNode, probe: Probe) => void;
}

/** The storage hosts of a cluster: they start, crash, hang, panic, are fenced, and come back. */
export class Hosts implements FaultPart {
  readonly #deps: HostsDeps;
  /** How often each host has started. */
  readonly #incarnations = new TrackedMap<string, number>();
  /** When a host comes back that is down. */
  readonly #returns = new Map<SimNode, SimEvent>();
  /** Of the hosts that are up. */
  readonly #actors = new Map<string, Ref<HostMessage>>();
  #nodes: readonly SimNode[] = [];
  #healed = false;

  constructor(deps: HostsDeps) {
    this.#deps = deps;
  }

  get nodes(): readonly SimNode[] {
    return this.#nodes;
  }

  tables(): readonly Table[] {
    return [tableOfData('host-incarnation', this.#incarnations)];
  }

  /**
   * To be called once, with {@link tables} and the outages restored: lets them start. The SPMs are those of the scenario; or, when a run goes on, who had the role and was in
   * service when the process before died. Who was out of service stays so until it would have come back.
   */
  begin(): void {
    const { kernel, network, scenario, storage, owner, outages, goesOn } = this.#deps;
    this.#nodes = scenario.hosts.map(({ id }) => new SimNode(kernel, network, id, owner, { lives: this.#incarnations.get(id) ?? 0, operations: 0 }));
    scenario.hosts.forEach(({ pool, spm }, i) => {
      const node = this.#nodes[i];
      if (node === undefined) return;
      const outage = outages.of(node.name);
      if (outage?.what === 'down') return void this.#at(node, kernel.now, 'still down', () => this.#staysDown(node, outage));
      const beginsAsSpm = outage === null && (goesOn ? storage.lease(pool).owner === node.name : spm);
      this.#at(node, kernel.now, 'start', () => {
        this.#start(node, pool, { recovering: 0, beginsAsSpm });
        if (outage !== null) this.hang(node, outage.until - kernel.now);
      });
    });
  }

  /** The host that is meant, if there is one now. */
  find(host: HostRef): SimNode | undefined {
    const { scenario, storage } = this.#deps;
    const name = 'spmOf' in host ? storage.lease(host.spmOf ?? scenario.pools[0]?.id ?? '').owner : host.host;
    return this.#nodes.find((node) => node.name === name);
  }

  /** The host that comes after the SPM in the pool's list. */
  next(pool: string): string | undefined {
    const { scenario, storage } = this.#deps;
    const names = scenario.hosts.filter((host) => host.pool === pool).map(({ id }) => id);
    return names[(names.indexOf(storage.lease(pool).owner ?? '') + 1) % names.length];
  }

  /** Sudden death, for `down` µs. @returns whether it was up */
  crash(node: SimNode, cause: string, down: number): boolean {
    if (!node.up) return false;
    this.#deps.outages.down(node.name, cause, this.#deps.kernel.now + down);
    node.crash();
    return true;
  }

  /** Nothing at this host goes on for so many µs, and nothing is lost. @returns whether it was up */
  hang(node: SimNode, us: number): boolean {
    if (!node.up) return false;
    this.#deps.probe(node, { type: 'hostHung', host: node.name, us });
    this.#deps.outages.still(node.name, this.#deps.kernel.now + us);
    node.pause(us);
    return true;
  }

  /** See `FenceAgentDeps.powerCycle`. */
  powerCycle(host: string, incarnation: number, bootUs: number): boolean {
    const node = this.find({ host });
    if (node === undefined) return false;
    if (node.incarnation <= incarnation) this.crash(node, 'fenced', bootUs);
    return true;
  }

  /** To be called after the outages are told. */
  heal(): void {
    this.#healed = true;
    for (const node of this.#nodes) node.resume();
    for (const host of this.#actors.values()) host.tell({ type: 'setFree' });
    for (const [node, event] of [...this.#returns]) {
      this.#deps.kernel.cancel(event);
      this.#comeBack(node, this.#deps.kernel.now);
    }
  }

  /** To be told when a host has gone down. */
  down(node: SimNode): void {
    const outage = this.#deps.outages.of(node.name);
    if (outage?.what !== 'down') throw new SeatbeltError('INTERNAL', `${node.name} crashed though nobody had planned it`);
    this.#staysDown(node, outage);
  }

  #staysDown(node: SimNode, { cause, until }: Outage & { readonly what: 'down' }): void {
    const { kernel, probe } = this.#deps;
    probe(node, { type: 'hostCrashed', host: node.name, cause });
    this.#comeBack(node, this.#healed ? kernel.now : until);
  }

  #comeBack(node: SimNode, at: number): void {
    const { kernel, scenario } = this.#deps;
    const pool = scenario.hosts.find(({ id }) => id === node.name)?.pool ?? '';
    const event = this.#at(node, at, 'restart', () => {
      this.#returns.delete(node);
      this.#start(node, pool, { recovering: drawLatency(scenario.hostRestart.recovering, kernel.streams.get(node.name, 'recovering').next()), beginsAsSpm: false });
    });
    this.#returns.set(node, event);
  }

  #start(node: SimNode, pool: string, how: { readonly recovering: number; readonly beginsAsSpm: boolean }): void {
    const { scenario, storage, verbs, bandwidth, outages, probe } = this.#deps;
    const { workers, queue: queueLimit } = scenario.hosts.find(({ id }) => id === node.name) ?? { workers: SPM_HOST_DEFAULTS.workers, queue: SPM_HOST_DEFAULTS.queueLimit };
    const life = node.start();
    outages.over(node.name);
    const { ports, actors } = life;
    life.onDeath(() => {
      this.#actors.delete(node.name);
      bandwidth.abandon(node.name);
      return () => Promise.resolve();
    });
    this.#incarnations.set(node.name, node.incarnation);
    if (node.incarnation > 1) {
      storage.hostRestarted(node.name);
      probe(node, { type: 'hostStarted', host: node.name, incarnation: node.incarnation });
    }
    const clientTaskIds = scenario.pools.find(({ id }) => id === pool)?.clientTaskIds ?? true;
    const checks = { clientTaskIds, maxMessageAgeUs: clientTaskIds ? null : scenario.engine.maxMessageAgeMs * 1000 };
    const config = { pool, incarnation: node.incarnation, workers, queueLimit, ...checks, ...how, spm: termsOf(scenario) };
    const panic = (why: string): void => void this.crash(node, `panic: ${why}`, scenario.hostRestart.down);
    const behaviour = createSpmHost({ ports, storage: storageOfLife(storage, life), verbs, config, wake: (message) => host.tell(message), panic });
    const host: Ref<HostMessage> = actors.spawn({ name: 'spm-host', behaviour });
    this.#actors.set(node.name, host);
  }

  #at(node: SimNode, time: number, label: string, run: () => void): SimEvent {
    return this.#deps.kernel.schedule(time, { kind: 'control', node: node.name, incarnation: 0, label, content: null, background: false, run });
  }
}

function termsOf({ spm }: Scenario): SpmTerms {
  const { leaseRenewal, leaseExpiry, leasePatience } = spm;
  return { leaseRenewal, leaseExpiry, leasePatience, takes: (what, draw) => drawLatency(spm[what], draw) };
}
