import { recordOf } from '../src/model/errors.js';
import type { ArchivedEntry } from '../src/store/change.js';
import type { SnapshotStore } from '../src/store/snapshot-store.js';
import { NOTHING_STAGED } from '../src/store/staged-view.js';
import type { JournalMessage } from './messages.js';
import type { EnginePorts } from './ports.js';
import type { Ref } from './runtime.js';
import type { Retention } from './settings.js';

export type RetentionMessage =
  | { readonly type: 'due' }
  /** Null: nothing more is to go for now. */
  | { readonly type: 'found'; readonly next: Candidate | null }
  | { readonly type: 'removed' }
  | { readonly type: 'failed'; readonly error: unknown };

/** A root command that has been kept long enough. */
export interface Candidate {
  readonly rootId: string;
  /** All that the archive has of its family; null: hosts may still hold tasks of it, and whoever clears them must find it. */
  readonly entries: readonly ArchivedEntry[] | null;
}

/** Between two looks at what is to go, µs. */
const EVERY_US = 60_000_000;

/**
 * Removes the records of root commands that have been over for long enough, with those of their children, the first to end first: each family in one synced
 * batch. It keeps no list: what is to go follows from the disk, the limits and the time.
 */
export function createRetention(deps: {
  readonly ports: EnginePorts;
  readonly store: Pick<SnapshotStore, 'head' | 'firstEnded' | 'archivedFamily' | 'hasTasks'>;
  readonly limits: Retention;
  readonly journal: Ref<JournalMessage>;
  readonly wakeSelf: (message: RetentionMessage) => void;
}): { readonly handle: (message: RetentionMessage) => void; readonly begin: () => void } {
  const { ports, store, limits, journal, wakeSelf } = deps;
  /** Of the first to end, how many are passed over this time. */
  let passedOver = 0;

  return { handle, begin: wait };

  function wait(): void {
    passedOver = 0;
    ports.after(EVERY_US, () => wakeSelf({ type: 'due' }), { background: true });
  }

  function handle(message: RetentionMessage): void {
    switch (message.type) {
      case 'due':
      case 'removed':
        return look();
      case 'found':
        return found(message.next);
      case 'failed':
        // What is damaged or cannot be read stays; whoever asks for it is told.
        ports.probe({ type: 'retentionFailed', error: recordOf(message.error) });
        return wait();
    }
  }

  function look(): void {
    next().then(
      (candidate) => wakeSelf({ type: 'found', next: candidate }),
      (error: unknown) => wakeSelf({ type: 'failed', error }),
    );
  }

  async function next(): Promise<Candidate | null> {
    const first = (await store.firstEnded(passedOver + 1))[passedOver];
    if (first === undefined || !hasGone(first.at)) return null;
    const { at, rootId } = first;
    return { rootId, entries: (await store.hasTasks(rootId)) ? null : await store.archivedFamily(rootId, at) };
  }

  /** @param endedAt of the first that is not passed over, µs */
  function hasGone(endedAt: number): boolean {
    const { keepMs, keepCount } = limits;
    const tooOld = keepMs !== null && endedAt <= ports.now() - keepMs * 1000;
    return tooOld || (keepCount !== null && store.head.ended - passedOver > keepCount);
  }

  function found(candidate: Candidate | null): void {
    if (candidate === null) return wait();
    const { rootId, entries } = candidate;
    if (entries === null) {
      passedOver += 1;
      return look();
    }
    journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'familyRemoved', rootId, entries }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'commandExpired', commandId: rootId }],
        wake: () => wakeSelf({ type: 'removed' }),
      },
    });
  }
}
