import type { EngineMemory } from '../../actors/engine.js';
import type { Probe } from '../../actors/probe.js';
import type { SpmLease, StoredTask } from '../../actors/storage-port.js';
import type { SeenCommits, WireMessage } from '../../actors/wire.js';
import { isHeld, isTerminal } from '../../src/flow/state.js';
import type { CommandDefinition } from '../../src/model/command.js';
import type { DiskEntry, DiskOp } from '../../src/store/disk.js';
import { FIRST_HEAD, nextEpoch } from '../../src/store/records.js';
import type { SharedStorage } from '../world/shared-storage.js';
import { atRest } from './at-rest.js';
import { callbackOrder } from './callback-order.js';
import { diskData } from './disk-data.js';
import { exactlyOnce } from './exactly-once.js';
import { NO_NODES, type Nodes } from './faults-in-force.js';
import type { Invariant, Scene, Violation, Watcher } from './invariant.js';
import { liveness } from './liveness.js';
import { locks } from './locks.js';
import type { Limits, Longest } from './patience.js';
import { spmLease } from './spm-lease.js';
import { StoreMirror } from './store-mirror.js';
import { taskStatus } from './task-status.js';
import { truth } from './truth.js';
import { waitsFor } from './waits-for.js';

/** The invariants that are checked in every run, in the order of their numbers. */
export const INVARIANTS: readonly Invariant[] = [liveness, callbackOrder, exactlyOnce, locks, spmLease, diskData, atRest, taskStatus, truth];

export interface Watched {
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  /** Ids of the storage pools. */
  readonly pools: readonly string[];
  /** Of those of them whose hosts make their own task ids. Default: of none. */
  readonly ownIds?: readonly string[];
  /** Who faults can happen to. Default: nobody that it knows of. */
  readonly nodes?: Nodes;
  readonly storage: SharedStorage;
  readonly limits: Limits;
  /** What the engine's disk holds when the run begins, in the order of keys. */
  readonly store: Iterable<DiskEntry>;
  /** It is an older copy, and the last commit that is lost with that; null: it is not. */
  readonly lost: SeenCommits | null;
  /** When it begins, µs. */
  readonly now: number;
  /** Called for each breach, at the moment it is seen. */
  readonly report: (violation: Violation) => void;
}

const MOST_NAMED = 5;

type Watching<K extends keyof Watcher> = Watcher & Required<Pick<Watcher, K>>;

function wants<K extends keyof Watcher>(watcher: Watcher, hook: K): watcher is Watching<K> {
  return watcher[hook] !== undefined;
}

/** How one invariant fared: `detail` tells of the first breach, and how many followed. */
export type InvariantOutcome = { readonly name: string; readonly held: boolean; readonly detail?: string };

/** Watches one run: it is told all that happens, and tells each invariant. It never acts on the run. All times are µs. */
export class Monitor {
  readonly #mirror: StoreMirror;
  readonly #scene: { -readonly [K in keyof Scene]: Scene[K] };
  readonly #storage: SharedStorage;
  readonly #watchers: readonly Watcher[];
  /** By what happens often, those who want to know. */
  readonly #probed: readonly Watching<'onProbe'>[];
  readonly #written: readonly Watching<'onBatch'>[];
  readonly #delivered: readonly Watching<'onMessage'>[];
  readonly #effected: readonly Watching<'onEffects'>[];
  readonly #violations = new Map<string, Violation[]>();
  readonly #report: (violation: Violation) => void;
  #now: number;
  #effectsSeen: number;

  constructor({ definitions, pools, ownIds = [], nodes = NO_NODES, storage, limits, store, lost, now, report }: Watched, invariants: readonly Invariant[] = INVARIANTS) {
    this.#mirror = new StoreMirror(store);
    this.#now = now;
    this.#storage = storage;
    this.#effectsSeen = storage.ledger.entries.length;
    const head = this.#mirror.heads.get('head') ?? FIRST_HEAD;
    const epoch = lost === null ? head.epoch : nextEpoch(head, lost);
    this.#scene = { definitions, limits, pools, nodes, ownIds: new Set(ownIds), mirror: this.#mirror, storage, epoch, now: () => this.#now };
    this.#report = report;
    for (const { name } of [...invariants, liveness]) this.#violations.set(name, []);
    this.#watchers = invariants.map(({ name, watch }) => watch(this.#scene, (where, detail) => this.#breach(name, where, detail)));
    this.#probed = this.#watchers.filter((watcher) => wants(watcher, 'onProbe'));
    this.#written = this.#watchers.filter((watcher) => wants(watcher, 'onBatch'));
    this.#delivered = this.#watchers.filter((watcher) => wants(watcher, 'onMessage'));
    this.#effected = this.#watchers.filter((watcher) => wants(watcher, 'onEffects'));
  }

  /** What the engine's disk holds. */
  get store(): StoreMirror {
    return this.#mirror;
  }

  /** Whether anything is broken. */
  get broken(): boolean {
    return [...this.#violations.values()].some((found) => found.length > 0);
  }

  /** From now on, the engine is one with these definitions: what it does is judged by them. To be told when it starts, after all that its predecessor has left on the disk. */
  engineStarts(definitions: ReadonlyMap<string, CommandDefinition>): void {
    if (definitions === this.#scene.definitions) return;
    this.#scene.definitions = definitions;
    for (const watcher of this.#watchers) watcher.onProgram?.();
  }

  /** A node has told something. */
  probe(t: number, probe: Probe): void {
    this.#at(t);
    for (const watcher of this.#probed) watcher.onProbe(probe);
  }

  /** A batch has taken effect on the engine's disk. To be told before anybody who waits for it is; also of those that a crash kept. */
  batch(t: number, ops: readonly DiskOp[]): void {
    this.#at(t);
    const batch = this.#mirror.apply(ops);
    for (const watcher of this.#written) watcher.onBatch(batch);
  }

  /** Storage has another SPM lease than before. */
  lease(t: number, pool: string, before: SpmLease, after: SpmLease): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.onLease?.(pool, before, after);
  }

  /** An SPM writes to storage, which takes it, with this generation of the lease. */
  spmWrites(t: number, pool: string, generation: number): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.onSpmWrites?.(pool, generation);
  }

  /** Storage has another record of a task than before; undefined: none. */
  taskRecord(t: number, before: StoredTask | undefined, after: StoredTask | undefined): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.onTaskRecord?.(before, after);
  }

  /** A message arrives at its node. */
  message(t: number, message: WireMessage): void {
    this.#at(t);
    for (const watcher of this.#delivered) watcher.onMessage(message);
  }

  /** All faults have ended. */
  healed(t: number): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.onHealed?.();
  }

  /** Of how long commands have taken where that is bounded; null: none has ended. */
  get longest(): Longest | null {
    return this.#watchers.map((watcher) => watcher.longest?.()).find((longest) => longest !== undefined) ?? null;
  }

  /** The engine has recovered. To be told in the same instant, with what it then has in memory. */
  recovered(t: number, memory: EngineMemory): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.onRecovered?.(memory);
  }

  /** The run has come to rest: only background events are left. @param memory of the engine; null while it is down */
  rest(t: number, memory: EngineMemory | null): void {
    this.#at(t);
    for (const watcher of this.#watchers) watcher.atRest?.(memory);
  }

  /** The run has not come to rest by the scenario's limit, µs. Whether it ever would, nobody knows. */
  restless(t: number, limit: number): void {
    this.#at(t);
    const open = [...this.#mirror.commands.values()].filter(({ status }) => !isTerminal(status) && !isHeld(status));
    const more = open.length > MOST_NAMED ? `; and ${open.length - MOST_NAMED} more commands are not over` : '';
    const commands = open.slice(0, MOST_NAMED).map((state) => waitsFor(this.#scene, state));
    this.#breach(liveness.name, 'the run', `it has not come to rest by its limit, ${limit / 1e6} s: ${commands.length === 0 ? 'no command is under way' : commands.join('; ')}${more}`);
  }

  /** One per invariant, in the order of their numbers. */
  results(): readonly InvariantOutcome[] {
    return Array.from(this.#violations, ([name, [first, ...further]]) => {
      if (first === undefined) return { name, held: true };
      const more = further.length === 0 ? '' : ` (and ${further.length} more)`;
      return { name, held: false, detail: `${first.where} at ${first.t} µs: ${first.detail}${more}` };
    });
  }

  #breach(invariant: string, where: string, detail: string): void {
    const violation = { invariant, t: this.#now, where, detail };
    this.#violations.get(invariant)?.push(violation);
    this.#report(violation);
  }

  /** Hosts act on storage between what else is told, so its changes are taken up first, in their order. */
  #at(t: number): void {
    this.#now = t;
    const { entries } = this.#storage.ledger;
    if (entries.length === this.#effectsSeen) return;
    const fresh = entries.slice(this.#effectsSeen);
    this.#effectsSeen = entries.length;
    for (const watcher of this.#effected) watcher.onEffects(fresh);
  }
}
