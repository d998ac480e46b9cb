import type { Probe } from '../../actors/probe.js';
import { isTerminal, type CommandState } from '../../src/flow/state.js';
import { compatible, stronger, type LockRecord } from '../../src/model/lock.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import type { Batch, Changed } from './store-mirror.js';

/**
 * An exclusive lock has one holder, a shared one has any number; they are root commands, and hold it from the batch in which they begin, or a child does, to
 * the batch in which they end.
 */
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
    const ended = commands.filter(({ after }) => after !== undefined && after.parent === null && isTerminal(after.status));
    if (ended.length > 0) this.#holdNothing(new Set(ended.map(({ id }) => id)));
    for (const { before, after } of commands) if (after !== undefined && after.status !== before?.status) this.#holdsItsLocks(after);
  }

  #holdNothing(ended: ReadonlySet<string>): void {
    for (const { key, owner } of this.scene.mirror.locks.values()) {
      if (ended.has(owner)) this.broken(key, `it is still locked by ${owner}, which is ${this.#statusOf(owner)}`);
    }
  }

  onProbe(probe: Probe): void {
    if (probe.type === 'lockGranted') this.#granted(probe.owner, probe.keys);
    else if (probe.type === 'lockReleased') this.#released(probe.owner, probe.keys);
    else if (probe.type === 'lockRefused' || probe.type === 'lockAwaited') this.#withheld(probe.owner, probe.holder, probe.key);
  }

  atRest(): void {
    for (const { key, owner } of this.scene.mirror.locks.values()) {
      const state = this.scene.mirror.commands.get(owner);
      if (state === undefined || isTerminal(state.status)) this.broken(key, `at rest it is locked by ${owner}, which is ${this.#statusOf(owner)}`);
    }
    for (const state of this.scene.mirror.commands.values()) this.#holdsItsLocks(state);
  }

  #changed({ id, before, after }: Changed<LockRecord>): void {
    if (after === undefined) {
      if (before === undefined) return this.broken(id, 'it was released, and nobody held it');
      const owner = this.scene.mirror.commands.get(before.owner);
      if (owner === undefined || !isTerminal(owner.status)) {
        this.broken(before.key, `it was released, and its holder ${before.owner} is ${this.#statusOf(before.owner)}`);
      }
      return;
    }
    const { key, mode } = after;
    const owner = this.scene.mirror.commands.get(after.owner);
    if (owner === undefined || owner.parent !== null) this.broken(key, `it was granted to ${after.owner}, which is no root command`);
    else if (isTerminal(owner.status)) this.broken(key, `it was granted to ${after.owner}, which is ${owner.status}`);
    if (before !== undefined && stronger(before.mode, mode) !== mode) this.broken(key, `${after.owner} held it as ${before.mode}, and now as ${mode}`);
    for (const other of this.scene.mirror.holdersOf(key)) {
      if (other.owner !== after.owner && !compatible(mode, other.mode)) {
        this.broken(key, `it was granted to ${after.owner} as ${mode} while ${other.owner} held it as ${other.mode}`);
      }
    }
  }

  /** A child's locks are its root's. */
  #holdsItsLocks(state: CommandState): void {
    if (!hasBegun(state)) return;
    for (const { key, mode } of state.locks) {
      const held = this.scene.mirror.lockOf(state.rootId, key);
      if (held === undefined) this.broken(key, `${state.id} is ${state.status} without this lock, which ${this.#holders(key)}`);
      else if (stronger(held.mode, mode) !== held.mode) this.broken(key, `${state.id} is ${state.status} and has this lock only as ${held.mode}`);
    }
  }

  #granted(owner: string, keys: readonly string[]): void {
    for (const key of keys) {
      if (this.scene.mirror.lockOf(owner, key) === undefined) this.broken(key, `${owner} was told that it holds this lock, which on disk ${this.#holders(key)}`);
    }
  }

  #released(owner: string, keys: readonly string[]): void {
    for (const key of keys) {
      if (this.scene.mirror.lockOf(owner, key) !== undefined) this.broken(key, `${owner} was told that this lock is released; on disk it is not`);
    }
  }

  #withheld(owner: string, holder: string, key: string): void {
    if (owner === holder) this.broken(key, `it was withheld from ${owner}, which holds it`);
  }

  #holders(key: string): string {
    const holders = this.scene.mirror.holdersOf(key).map(({ owner }) => owner);
    return holders.length === 0 ? 'nobody holds' : `${holders.join(' and ')} ${holders.length === 1 ? 'holds' : 'hold'}`;
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
