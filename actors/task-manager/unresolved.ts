import type { SpmAsyncTask } from '../../src/model/task.js';
import type { WireReply } from '../wire.js';

export type WhyUnresolved = 'unanswered' | 'lost';

interface Unresolved {
  readonly task: SpmAsyncTask;
  readonly why: WhyUnresolved;
  /** µs: nothing of it is on its way any more. */
  readonly from: number;
  /** Those tasks that no record tells of, on the first list that says all, which may be this one; as far as they are not over. Null: there was no such list yet. */
  awaited: readonly string[] | null;
}

/** Which SPM answers, and since when, µs, no answer has failed to come from it. */
interface Term {
  readonly spm: string;
  readonly since: number;
}

/**
 * Tasks of which hosts that make their own ids cannot tell what became of them (semantics §3): the submission was not answered, or what was acknowledged is not
 * listed any more. Their handlers may be asked when nothing of them can be on its way or running: so each waits until messages of its time are too old to be
 * handled, and then for every task of its verb that is on the list, and on record with nobody. A new SPM may not have loaded what it takes over, so its list says
 * nothing for a while. All this is in memory alone: after a crash the waits begin anew, and so are never shorter than they should be.
 */
export class UnresolvedTasks {
  readonly #tasks = new Map<string, Unresolved>();
  readonly #terms = new Map<string, Term>();

  /** @param graceUs how long one SPM must have answered before its lists are whole */
  constructor(private readonly graceUs: number) {}

  /** @param from µs: no message of it is handled any more */
  add(task: SpmAsyncTask, why: WhyUnresolved, from: number): void {
    this.#tasks.set(task.id, { task, why, from, awaited: null });
  }

  /** @returns why it was unresolved */
  delete(taskId: string): WhyUnresolved | null {
    const why = this.#tasks.get(taskId)?.why ?? null;
    this.#tasks.delete(taskId);
    return why;
  }

  /** Whether the list that was asked for at this moment, µs, is whole. */
  isWhole(pool: string, askedAt: number): boolean {
    const term = this.#terms.get(pool);
    return term !== undefined && askedAt - term.since >= this.graceUs;
  }

  /** There was no answer to a poll: whoever answers the next may have taken over. */
  interrupted(pool: string): void {
    this.#terms.delete(pool);
    for (const task of this.#of(pool)) task.awaited = null;
  }

  /**
   * The SPM has listed its tasks.
   * @param now @param askedAt µs @param running those on the list that are not over, and on record with nobody
   * @returns the ids of the tasks that wait for nothing any more
   */
  listed(pool: string, reply: WireReply, now: number, askedAt: number, running: readonly string[]): readonly string[] {
    const spm = `${reply.from}/${reply.incarnation}`;
    if (this.#terms.get(pool)?.spm !== spm) {
      this.interrupted(pool);
      this.#terms.set(pool, { spm, since: now });
    }
    for (const task of this.#of(pool)) {
      if (task.awaited !== null) task.awaited = task.awaited.filter((id) => running.includes(id));
      else if (running.length === 0 && this.#isDue(task, askedAt)) task.awaited = [];
    }
    return this.#over(pool);
  }

  /**
   * It has said which verbs they are of. What it does not say, may be of any.
   * @param askedAt µs, when it was asked for the list
   */
  informed(pool: string, reply: WireReply, askedAt: number, running: readonly string[], verbs: ReadonlyMap<string, string>): readonly string[] {
    if (this.#terms.get(pool)?.spm !== `${reply.from}/${reply.incarnation}`) return [];
    for (const task of this.#of(pool)) {
      if (task.awaited === null && this.#isDue(task, askedAt)) task.awaited = running.filter((id) => (verbs.get(id) ?? task.task.verb) === task.task.verb);
    }
    return this.#over(pool);
  }

  #isDue({ task, from }: Unresolved, askedAt: number): boolean {
    return askedAt >= from && this.isWhole(task.pool, askedAt);
  }

  #over(pool: string): readonly string[] {
    return this.#of(pool).flatMap(({ task, awaited }) => (awaited?.length === 0 ? [task.id] : []));
  }

  #of(pool: string): readonly Unresolved[] {
    return [...this.#tasks.values()].filter(({ task }) => task.pool === pool);
  }
}
