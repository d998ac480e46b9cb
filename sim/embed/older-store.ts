import type { SeenStore } from '../../actors/host/seen-stores.js';
import type { SeenCommits } from '../../actors/wire.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { StoreHead } from '../../src/store/records.js';
import type { WorldStore } from '../world/world-store.js';
import { SEEN_STORES } from '../world/shared-storage.js';

/** The engine's store of a run is older than what its hosts have seen. Nothing has been changed. */
export class OlderStore extends SeatbeltError {
  override readonly name = 'OlderStore';

  /** @param seen the last commit that hosts have seen: what an operator names to go on all the same */
  constructor(
    head: StoreHead,
    readonly seen: SeenCommits,
  ) {
    const [had, known] = [head, seen].map(({ commitSeq, incarnation }) => `commit ${commitSeq} of incarnation ${incarnation}`);
    super('STORE_ROLLED_BACK', `the engine's store is an older copy: it ends with ${had}, and hosts have seen ${known}; put the right one back`);
  }
}

/**
 * What an engine is to be told of lost commits; null if there are none, whatever an operator says. Hosts would refuse all that it asks, but an engine
 * that starts on the copy would have to be answered before it knows.
 * @param decision the operator's: to go on though the commits after the copy's last are lost, up to this one
 * @throws OlderStore there is no decision, or of another commit than the last that hosts have seen
 */
export function lostCommits(world: Pick<WorldStore, 'find'>, storeId: string, head: StoreHead, decision: SeenCommits | undefined): SeenCommits | null {
  // This program wrote it.
  const row = world.find(SEEN_STORES, storeId) as SeenStore | undefined;
  if (row === undefined || (head.commitSeq >= row.commitSeq && head.refused === null)) return null;
  const { commitSeq, incarnation } = row;
  if (decision?.commitSeq !== commitSeq || decision.incarnation !== incarnation) throw new OlderStore(head, { commitSeq, incarnation });
  return { commitSeq, incarnation };
}
