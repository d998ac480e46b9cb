import type { SpmAsyncTask } from '../../src/model/task.js';
import type { OwnList } from '../messages.js';
import type { AllTasksInfo, TaskStatus, WireReply } from '../wire.js';
import type { TaskRequests } from './task-requests.js';
import type { TrackedTasks } from './tracked-tasks.js';
import { UnresolvedTasks, type WhyUnresolved } from './unresolved.js';

export interface OwnListsDeps {
  /** µs */
  readonly now: () => number;
  /** How long one SPM must have answered before its lists are whole, µs. */
  readonly graceUs: number;
  /** For how long a message may be on its way, µs. */
  readonly messageAgeUs: number;
  readonly tracked: TrackedTasks;
  readonly ask: TaskRequests;
  /** Nothing of the task is running or on its way: only its handler can tell what became of it. */
  readonly resolve: (taskId: string, why: WhyUnresolved) => void;
  /** A task that nobody knows is over, and none that anybody asks for. */
  readonly clearStranger: (pool: string, hostTaskId: string) => void;
}

/** What the lists of SPMs say that make their own task ids, and do not say of which term they are, or whether they are whole. */
export class OwnLists {
  readonly #unresolved: UnresolvedTasks;
  /** By pool, when it was last asked for its list, µs. */
  readonly #askedAt = new Map<string, number>();
  /** By pool, until when a submission that has been answered already may arrive once more, µs. */
  readonly #arrivesUntil = new Map<string, number>();

  constructor(private readonly deps: OwnListsDeps) {
    this.#unresolved = new UnresolvedTasks(deps.graceUs);
  }

  /** @param from µs: nothing of it is on its way any more */
  await(task: SpmAsyncTask, why: WhyUnresolved, from: number): void {
    this.#unresolved.add(task, why, from);
  }

  forget(taskId: string): void {
    this.#unresolved.delete(taskId);
  }

  /** A submission has left, now at the latest. Nobody recognises it if the network repeats it: what it makes of a task that may be over by then, a list has to show. */
  sent(pool: string): void {
    this.#arrivesUntil.set(pool, this.deps.now() + this.deps.messageAgeUs);
  }

  /** Whether there may come to be tasks that this engine has asked for, and does not wait for. */
  mayArrive(pool: string): boolean {
    return this.deps.now() <= (this.#arrivesUntil.get(pool) ?? -1);
  }

  asked(pool: string): void {
    this.#askedAt.set(pool, this.deps.now());
  }

  /** There was no answer, or none that lists anything. */
  unanswered(pool: string): void {
    this.#unresolved.interrupted(pool);
  }

  /**
   * One that is over may be what nobody has answered for: it is cleared when nothing of its verb is in question.
   * @param strangers those on the list that are on record with nobody
   * @returns whether the list was whole
   */
  listed(pool: string, reply: WireReply, strangers: readonly TaskStatus[]): boolean {
    const { now, tracked, ask, clearStranger } = this.deps;
    const askedAt = this.#askedAt.get(pool) ?? now();
    const idsOf = (over: boolean): string[] => strangers.filter(({ taskState }) => (taskState === 'finished') === over).map(({ taskId }) => taskId);
    const list = { askedAt, running: idsOf(false), over: idsOf(true) };
    this.#resolve(this.#unresolved.listed(pool, reply, now(), askedAt, list.running));
    if (strangers.length > 0) {
      if (tracked.unanswered(pool).length > 0) ask.inform(pool, list);
      else for (const taskId of list.over) clearStranger(pool, taskId);
    }
    return this.#unresolved.isWhole(pool, askedAt);
  }

  /** The SPM has said which verbs the tasks of such a list are of. */
  informed(pool: string, { askedAt, running, over }: OwnList, reply: WireReply): void {
    if (reply.code !== 0) return;
    const { tracked, clearStranger } = this.deps;
    // Only getAllTasksInfo is answered with this.
    const verbs = new Map((reply.result as AllTasksInfo).tasks.map(({ taskId, verb }) => [taskId, verb]));
    this.#resolve(this.#unresolved.informed(pool, reply, askedAt, running, verbs));
    const inQuestion = new Set(tracked.unanswered(pool).map(({ task }) => task.verb));
    for (const taskId of over) {
      const verb = verbs.get(taskId);
      if (verb !== undefined && !inQuestion.has(verb) && tracked.onHost(pool, taskId) === undefined) clearStranger(pool, taskId);
    }
  }

  #resolve(taskIds: readonly string[]): void {
    for (const taskId of taskIds) {
      const why = this.#unresolved.delete(taskId);
      if (why !== null) this.deps.resolve(taskId, why);
    }
  }
}
