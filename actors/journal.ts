import type { EntityKey, EntityRecord } from '../src/model/entity.js';
import { recordOf, SeatbeltError } from '../src/model/errors.js';
import type { EntityTable } from '../src/store/entity-table.js';
import type { Change } from '../src/store/change.js';
import type { SnapshotStore } from '../src/store/snapshot-store.js';
import type { StagedEntities } from '../src/store/staged-view.js';
import type { CommitRequest, JournalMessage } from './messages.js';
import type { EnginePorts } from './ports.js';
import type { SeenCommits } from './wire.js';

interface Accepted {
  readonly request: CommitRequest;
  readonly changes: readonly Change[];
}

/**
 * Group commit: one synced batch is in flight, and everything that asks meanwhile rides in the next. A commit is accepted or refused when it
 * arrives, against the newest accepted versions; it becomes visible in memory only when it is on disk.
 */
export function createJournal(deps: {
  readonly ports: EnginePorts;
  readonly store: SnapshotStore;
  readonly entities: EntityTable;
  readonly wakeSelf: (message: JournalMessage) => void;
}): (message: JournalMessage) => void {
  const { ports, store, entities, wakeSelf } = deps;
  /** Accepted and not yet on disk: the newest record per entity, null for a deletion. */
  const accepted = new Map<EntityKey, EntityRecord | null>();
  /** Last version of what was deleted in this incarnation, so that a record made anew never has a version that somebody has read. */
  const buried = new Map<EntityKey, number>();
  /** Refused for what is accepted and not yet on disk: told when a batch is done, for until then a repeated run would read the same old version. */
  let refused: { readonly request: CommitRequest; readonly entity: EntityKey }[] = [];
  let riders: Accepted[] = [];
  let halted = false;
  /** That the store is an older copy, while that is not on its way to the disk: the last commit there is. */
  let refusal: SeenCommits | null = null;
  let inFlight: readonly Accepted[] | null = null;

  return (message) => {
    switch (message.type) {
      case 'commit':
        if (!halted) accept(message.request);
        return;
      case 'refuse':
        halted = true;
        // Of what nobody has been told yet.
        riders = [];
        refusal = message.seen;
        pump();
        return;
      case 'written':
        settle();
        return;
      case 'writeFailed':
        // LevelDB refuses writes after a failed sync, and what is on disk is uncertain: stop, and recover from what is there.
        ports.fault(message.error);
        return;
    }
  };

  function newest(key: EntityKey): EntityRecord | undefined {
    const waiting = accepted.get(key);
    return waiting === undefined ? entities.read(key) : (waiting ?? undefined);
  }

  function accept(request: CommitRequest): void {
    const { reads, exempt } = request.entities;
    const conflict = reads.find((read) => !exempt.has(read.key) && (newest(read.key)?.version ?? 0) !== read.version);
    if (conflict !== undefined) {
      if (accepted.has(conflict.key)) refused.push({ request, entity: conflict.key });
      else request.wake({ kind: 'conflict', entity: conflict.key });
      return;
    }
    let written: ReadonlyMap<EntityKey, EntityRecord | null>;
    try {
      written = applied(request.entities);
    } catch (error) {
      // A user's function did not take the newest version: that is its callback's failure, not the engine's.
      request.wake({ kind: 'refused', error: recordOf(error) });
      return;
    }
    for (const [key, record] of written) {
      const before = newest(key);
      if (record === null && before !== undefined) buried.set(key, before.version);
      accepted.set(key, record);
    }
    const entityChanges = [...written].map(([key, record]): Change => ({ type: 'entity', key, record }));
    riders.push({ request, changes: [...request.changes, ...entityChanges] });
    pump();
  }

  /** The staged changes, applied to the newest versions. */
  function applied({ reads, writes }: StagedEntities): ReadonlyMap<EntityKey, EntityRecord | null> {
    const seen = new Map(reads.map(({ key, version }) => [key, version]));
    const written = new Map<EntityKey, EntityRecord | null>();
    for (const { key, kind, change, seen: staged } of writes) {
      const base = newest(key);
      const unchanged = (base?.version ?? 0) === seen.get(key);
      if (kind === 'replace' && !unchanged) {
        const what = 'it was replaced or removed after a call, and somebody has changed it meanwhile; use update';
        throw new SeatbeltError('ENTITY_CHANGED', `${key}: ${what}`);
      }
      const current = written.has(key) ? (written.get(key) ?? undefined) : base;
      // A user's function runs again only if there is something else for it to see.
      const value = unchanged ? staged : change(current?.value);
      // One version per commit, however often the callback staged a change.
      const version = (base?.version ?? buried.get(key) ?? 0) + 1;
      written.set(key, value === undefined ? null : { version, value });
    }
    return written;
  }

  function pump(): void {
    if (inFlight !== null || (riders.length === 0 && refusal === null)) return;
    inFlight = riders;
    riders = [];
    const last = refusal;
    refusal = null;
    const write: Promise<unknown> = last === null ? store.commit(inFlight.flatMap((rider) => rider.changes)) : store.refuse(last);
    write.then(
      () => wakeSelf({ type: 'written' }),
      (error: unknown) => wakeSelf({ type: 'writeFailed', error }),
    );
  }

  function settle(): void {
    if (inFlight === null) throw new SeatbeltError('INTERNAL', 'the journal was told of a batch that it did not write');
    const done = inFlight;
    inFlight = null;
    for (const { request, changes } of done) {
      for (const change of changes) {
        if (change.type !== 'entity') continue;
        entities.apply(change.key, change.record);
        if (accepted.get(change.key) === change.record) accepted.delete(change.key);
      }
      for (const probe of request.probes) ports.probe(probe);
      request.wake({ kind: 'committed' });
    }
    const conflicts = refused;
    refused = [];
    for (const { request, entity } of conflicts) request.wake({ kind: 'conflict', entity });
    pump();
  }
}
