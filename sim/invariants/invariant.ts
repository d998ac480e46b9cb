import type { EngineMemory } from '../../actors/engine.js';
import type { Probe } from '../../actors/probe.js';
import type { SpmLease, StoredTask } from '../../actors/storage-port.js';
import type { WireMessage } from '../../actors/wire.js';
import type { CommandDefinition } from '../../src/model/command.js';
import type { LedgerEntry } from '../world/ledger.js';
import type { SharedStorage } from '../world/shared-storage.js';
import type { Nodes } from './faults-in-force.js';
import type { Limits, Longest } from './patience.js';
import type { Batch, StoreMirror } from './store-mirror.js';

/** Something that must hold at every instant of every run, whatever fails. */
export interface Invariant {
  /** Its number in docs/invariants.md. */
  readonly number: number;
  /** Stable: failure files and tests name it. */
  readonly name: string;
  /** Begins to watch a run. `broken` is called once for each thing that is wrong. */
  watch(scene: Scene, broken: Broken): Watcher;
}

/** What an invariant may look at: the world as it is, never the engine's own idea of it. */
export interface Scene {
  readonly limits: Limits;
  /** Of the engine's program: that of the last start. */
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  /** Ids of the storage pools. */
  readonly pools: readonly string[];
  readonly nodes: Nodes;
  /** Of those of them whose hosts make their own task ids. */
  readonly ownIds: ReadonlySet<string>;
  /** The engine's durable state, from its disk. Within {@link Watcher.onBatch} it includes the batch. */
  readonly mirror: StoreMirror;
  /** The store's, once its engine has started: of an older copy that is accepted in this run, the one that begins with that. 0: none was ever accepted. */
  readonly epoch: number;
  readonly storage: SharedStorage;
  /** µs */
  readonly now: () => number;
}

/** @param where a node, command or key. @param detail what is wrong, in words */
export type Broken = (where: string, detail: string) => void;

/** The moments at which an invariant looks. */
export interface Watcher {
  onProbe?(probe: Probe): void;
  /** A batch has taken effect on the engine's disk; perhaps at a crash, so that nobody was told. */
  onBatch?(batch: Batch): void;
  /** Verbs have changed what is on storage: their new ledger entries, in order. */
  onEffects?(entries: readonly LedgerEntry[]): void;
  /** Storage has a lease that is another than before. */
  onLease?(pool: string, before: SpmLease, after: SpmLease): void;
  /** Storage takes what an SPM writes that has this generation of the lease. */
  onSpmWrites?(pool: string, generation: number): void;
  /** Storage has a record of a task that is another than before; undefined: none. */
  onTaskRecord?(before: StoredTask | undefined, after: StoredTask | undefined): void;
  /** A message arrives at its node. */
  onMessage?(message: WireMessage): void;
  /** All faults have ended. */
  onHealed?(): void;
  /** An engine starts whose program is another: {@link Scene.definitions} are its own. */
  onProgram?(): void;
  /** An engine has read its store and has not committed anything yet. */
  onRecovered?(memory: EngineMemory): void;
  /** The run has come to rest: only background events are left. @param memory null while the engine is down */
  atRest?(memory: EngineMemory | null): void;
  /** How many things it keeps of single commands, tasks and messages: it must forget those that are over when the engine keeps nothing of them any more. */
  kept?(): number;
  /** How long commands have taken, of an invariant that bounds that; null: none has ended. */
  longest?(): Longest | null;
}

/** One breach, as a failure file keeps it. */
export interface Violation {
  readonly invariant: string;
  /** µs */
  readonly t: number;
  /** A node, command or key. */
  readonly where: string;
  readonly detail: string;
}
