import { rootOf } from '../../src/flow/ids.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { Offer, OwnList, PoolMessage, TaskManagerMessage } from '../messages.js';
import type { Ref } from '../runtime.js';
import type { HostRequest } from '../wire.js';

/** What a task manager asks of its pools. Each answer comes back as a message. To a pool that this program does not know, nothing is asked. */
export class TaskRequests {
  /** @param tellsEnd whether hosts are to tell when a task is over, where it has the id that the engine gave it */
  constructor(
    private readonly pools: ReadonlyMap<string, Ref<PoolMessage>>,
    /** Those whose hosts make their own task ids. */
    private readonly ownIds: ReadonlySet<string>,
    private readonly wakeSelf: (message: TaskManagerMessage) => void,
    private readonly tellsEnd: boolean,
  ) {}

  knows(pool: string): boolean {
    return this.pools.has(pool);
  }

  submit(task: SpmAsyncTask): void {
    const { id: taskId, verb, args, commandId, executionIndex, number, executionReason: reason, attempt, pool } = task;
    const isOwn = this.ownIds.has(pool);
    const step = { commandId, executionIndex, ...(number === undefined ? {} : { number }), reason, attempt, ...(isOwn ? { task: taskId } : {}) };
    this.#tell(pool, {
      type: 'offer',
      offer: {
        body: { op: 'submitTask', pool, taskId: isOwn ? null : taskId, verb, args, step, ...(this.tellsEnd && !isOwn ? { tellsEnd: true } : {}) },
        commandId,
        patience: 'untilAnswered',
        submission: { taskId, root: rootOf(commandId), undoes: reason === 'ROLLBACK_FLOW' },
        wake: (answer) => this.wakeSelf(answer === null ? { type: 'notSent', taskId } : { type: 'submitAnswered', taskId, ...answer }),
        ...(isOwn ? { silent: () => this.wakeSelf({ type: 'submitUnanswered', taskId }) } : {}),
      },
    });
  }

  /** Its submission is not wanted any more: it is given up, or, if it may have left, its id is fenced, where hosts can do that. */
  withdraw(task: SpmAsyncTask, mayHaveLeft: boolean): void {
    this.#tell(task.pool, { type: 'withdraw', taskId: task.id, mayHaveLeft, instead: this.ownIds.has(task.pool) ? null : this.#fence(task) });
  }

  fence(task: SpmAsyncTask): void {
    this.#tell(task.pool, { type: 'offer', offer: this.#fence(task) });
  }

  stop({ id, hostTaskId: taskId = id, pool, commandId }: SpmAsyncTask): void {
    // Whatever the answer, the next poll tells what became of it.
    this.#ask({ op: 'stopTask', pool, taskId }, commandId, () => this.wakeSelf({ type: 'answered' }));
  }

  clear({ id, hostTaskId: taskId = id, pool, commandId }: SpmAsyncTask): void {
    this.#ask({ op: 'clearTask', pool, taskId }, commandId, (answer) => {
      if (answer !== null) this.wakeSelf({ type: 'clearAnswered', taskId: id, reply: answer.reply });
    });
  }

  /** Of a task that nobody knows. */
  clearStranger(pool: string, taskId: string): void {
    this.#ask({ op: 'clearTask', pool, taskId }, null, () => this.wakeSelf({ type: 'answered' }));
  }

  /** Asks about all the tasks of the pool at once. @param n comes back with the answer @param isCourtesy whether nobody waits for that now */
  poll(pool: string, n: number, isCourtesy: () => boolean): void {
    const wake: Offer['wake'] = (answer) => this.wakeSelf({ type: 'polled', pool, n, reply: answer?.reply ?? null });
    this.#tell(pool, { type: 'offer', offer: { body: { op: 'getAllTasksStatuses', pool }, commandId: null, patience: 'untilAnswered', isCourtesy, wake } });
  }

  /** Asks the SPM which verbs its tasks are of. @param list what was asked of its list */
  inform(pool: string, list: OwnList): void {
    const wake: Offer['wake'] = (answer) => this.wakeSelf(answer === null ? { type: 'answered' } : { type: 'informed', pool, list, reply: answer.reply });
    this.#tell(pool, { type: 'offer', offer: { body: { op: 'getAllTasksInfo', pool }, commandId: null, patience: 'once', wake } });
  }

  #fence({ id: taskId, pool, commandId }: SpmAsyncTask): Offer {
    const wake: Offer['wake'] = (answer) => this.wakeSelf(answer === null ? { type: 'notSent', taskId } : { type: 'fenceAnswered', taskId, ...answer });
    return { body: { op: 'fenceTask', pool, taskId }, commandId, patience: 'untilAnswered', wake };
  }

  #ask(body: Extract<HostRequest, { op: 'stopTask' | 'clearTask' }>, commandId: string | null, wake: Offer['wake']): void {
    this.#tell(body.pool, { type: 'offer', offer: { body, commandId, patience: 'untilAnswered', wake } });
  }

  #tell(pool: string, message: PoolMessage): void {
    this.pools.get(pool)?.tell(message);
  }
}
