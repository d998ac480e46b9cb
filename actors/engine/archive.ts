import { frozen } from '../../src/model/data.js';
import type { CommandState } from '../../src/flow/state.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { SnapshotStore } from '../../src/store/snapshot-store.js';
import type { StoredCommand } from '../../src/store/records.js';
import { childIdsOf } from './status.js';

/** What the archive says of a command: itself, if it is over, and those of its family that are. */
export interface Found {
  readonly command: CommandState | undefined;
  readonly family: ReadonlyMap<string, CommandState>;
  /** It was there, itself or the root of its family, and its records have been kept for as long as they had to. */
  readonly expired: boolean;
}

/** The commands that are over. They are not kept in memory: whoever asks for one has it read from the disk. */
export class Archive {
  constructor(private readonly store: Pick<SnapshotStore, 'findDone' | 'findDoneFamily' | 'isExpired'>) {}

  /** @param family whether its children are wanted too. @throws SeatbeltError `STORE_CORRUPT`, `STORE_VERSION`, `STORE_READ_FAILED` */
  async lookUp(id: string, family: boolean): Promise<Found> {
    if (!family) {
      const one = await this.store.findDone(id);
      const command = one === undefined ? undefined : stateOf(one);
      // Who has children is asked about together with them.
      if (command === undefined || childIdsOf(command).length === 0) return this.#found(id, command, new Map());
    }
    const found = new Map((await this.store.findDoneFamily(rootIdOf(id))).map((state) => [state.id, stateOf(state)]));
    return this.#found(id, found.get(id), found);
  }

  async #found(id: string, command: CommandState | undefined, family: ReadonlyMap<string, CommandState>): Promise<Found> {
    return { command, family, expired: command === undefined && (await this.store.isExpired(rootIdOf(id))) };
  }

  /** The children of these commands that are over: their ends may have been the last that their parents' engine did. */
  async endedChildrenOf(parents: readonly CommandState[], isLive: (id: string) => boolean): Promise<readonly CommandState[]> {
    const missing = parents.flatMap(childIdsOf).filter((id) => !isLive(id));
    const found = await Promise.all(missing.map((id) => this.store.findDone(id)));
    return found.flatMap((state) => (state === undefined ? [] : [stateOf(state)]));
  }
}

/** Whoever decoded it has checked that it is one. */
function stateOf(state: StoredCommand): CommandState {
  return frozen(state) as unknown as CommandState;
}
