import type { Probe } from '../../actors/probe.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import type { Batch, Changed } from './store-mirror.js';

/** An exclusive lock has one holder, which is a root command; it is held from the batch in which the command begins to the batch in which it ends. */
export const locks: Invariant = {
  number: 4,
  name: 'locks',
  watch: (scene, broken) => new Locks(scene, broken),
};

class Locks implements Watcher {
  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {}

  onBatch({ locks: changes, commands }: Batch): void {
    for (const lock of changes) this.#changed(lock);
    const ended = new Set(commands.flatMap(({ after }) => (after !== undefined && after.parent === null && isTerminal(after.status) ? [after.id] : [])));
    for (const { key, owner } of ended.size === 0 ? [] : this.scene.mirror.locks.values()) {
      if (ended.has(owner)) this.broken(key, `it is still locked by ${owner}, which is ${this.#statusOf(owner)}`);
    }
    for (const { before, after } of commands) if (after !== undefined && after.status !== before?.status) this.#holdsItsLocks(after);
  }

  onProbe(probe: Probe): void {
    if (probe.type === 'lockGranted') this.#granted(probe.owner, probe.keys);
    else if (probe.type === 'lockReleased') this.#released(probe.owner, probe.keys);
    else if (probe.type === 'lockRefused' && probe.owner === probe.holder) this.broken(probe.key, `it was refused to ${probe.owner}, which holds it`);
  }

  atRest(): void {
    for (const { key, owner } of this.scene.mirror.locks.values()) {
      const state = this.scene.mirror.commands.get(owner);
      if (state === undefined || isTerminal(state.status)) this.broken(key, `at rest it is locked by ${owner}, which is ${this.#statusOf(owner)}`);
    }
    for (const state of this.scene.mirror.commands.values()) this.#holdsItsLocks(state);
  }

  #changed({ id: key, before, after }: Changed<LockRecord>): void {
    const owner = this.scene.mirror.commands.get((after ?? before)?.owner ?? '');
    if (after === undefined) {
      if (before === undefined) this.broken(key, 'it was released, and nobody held it');
      else if (owner === undefined || !isTerminal(owner.status)) {
        this.broken(key, `it was released, and its holder ${before.owner} is ${this.#statusOf(before.owner)}`);
      }
      return;
    }
    if (before !== undefined && before.owner !== after.owner) this.broken(key, `it was granted to ${after.owner} while ${before.owner} held it`);
    if (owner === undefined || owner.parent !== null) this.broken(key, `it was granted to ${after.owner}, which is no root command`);
    else if (isTerminal(owner.status)) this.broken(key, `it was granted to ${after.owner}, which is ${owner.status}`);
  }

  /** A child's locks are its root's. */
  #holdsItsLocks(state: CommandState): void {
    if (!hasBegun(state)) return;
    for (const { key } of this.scene.definitions.get(state.type)?.locks(state.params) ?? []) {
      const holder = this.scene.mirror.locks.get(key)?.owner;
      if (holder !== state.rootId) this.broken(key, `${state.id} is ${state.status} without this lock, which ${holder ?? 'nobody'} holds`);
    }
  }

  #granted(owner: string, keys: readonly string[]): void {
    for (const key of keys) {
      const holder = this.scene.mirror.locks.get(key)?.owner;
      if (holder !== owner) this.broken(key, `${owner} was told that it holds this lock; on disk ${holder ?? 'nobody'} does`);
    }
  }

  #released(owner: string, keys: readonly string[]): void {
    for (const key of keys) {
      if (this.scene.mirror.locks.get(key)?.owner === owner) this.broken(key, `${owner} was told that this lock is released; on disk it is not`);
    }
  }

  #statusOf(id: string): string {
    return this.scene.mirror.commands.get(id)?.status ?? 'no command';
  }
}

/** It has been admitted, and is not over. What was parked while it waited for its locks has none. */
function hasBegun({ status, phase }: CommandState): boolean {
  if (status === 'SUBMITTED' || isTerminal(status)) return false;
  return phase.at !== 'held' || phase.from?.at !== 'admission';
}
