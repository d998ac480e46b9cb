import { SeatbeltError } from '../../src/model/errors.js';
import type { CommitOutcome, CommitRequest, JournalMessage } from '../messages.js';
import type { Ref } from '../runtime.js';

/** A commit whose turn has come, and what is to happen when it has ended. */
export type Commit = Omit<CommitRequest, 'wake'> & { readonly done: (outcome: CommitOutcome) => void };

/** A command's commits: one is under way at a time, and each is built from the state that the last one made durable. */
export class Commits {
  /** Null: the event does not concern the state any more. */
  readonly #queue: (() => Commit | null)[] = [];
  #underWay: Commit | null = null;

  /** @param wake is given how the commit under way has ended, and calls {@link ended} in a turn of the command's */
  constructor(
    private readonly journal: Ref<JournalMessage>,
    private readonly wake: (outcome: CommitOutcome) => void,
  ) {}

  /** @param build called when its turn has come */
  enqueue(build: () => Commit | null): void {
    this.#queue.push(build);
    this.#next();
  }

  ended(outcome: CommitOutcome): void {
    if (this.#underWay === null) throw new SeatbeltError('INTERNAL', 'a commit has ended that was not asked for');
    const { done } = this.#underWay;
    this.#underWay = null;
    done(outcome);
    this.#next();
  }

  #next(): void {
    while (this.#underWay === null) {
      const build = this.#queue.shift();
      if (build === undefined) return;
      // Building may enqueue, and so begin, another commit: then this one was not to be.
      const built = build();
      if (built === null) continue;
      this.#underWay = built;
      const { changes, entities, probes } = built;
      this.journal.tell({ type: 'commit', request: { changes, entities, probes, wake: this.wake } });
    }
  }
}
