import { epochOf } from '../src/flow/ids.js';
import type { StopReason } from '../src/flow/state.js';
import type { Outcome } from '../src/model/outcome.js';
import type { SpmAsyncTask } from '../src/model/task.js';
import { NOTHING_STAGED } from '../src/store/staged-view.js';
import type { EngineContext } from './engine-context.js';
import type { CommandMessage, Offer, PoolMessage, TaskManagerMessage } from './messages.js';
import type { Ref } from './runtime.js';
import { TrackedTasks, type Tracked } from './task-manager/tracked-tasks.js';
import { outcomeOf } from './task-outcome.js';
import { TASK_ABORTED, TASK_UNKNOWN, UNKNOWN_POOL, type AllTasksStatuses, type TaskStatus, type WireReply } from './wire.js';

/**
 * Submits tasks, polls their pools in bulk, routes each completion to its command by `executionIndex`, and clears what has been consumed. What it knows
 * is in the task records; it decides nothing about commands.
 */
export function createTaskManager(
  context: EngineContext,
  deps: {
    readonly pools: ReadonlyMap<string, Ref<PoolMessage>>;
    /** The actor of a command that is not over. */
    readonly commandOf: (commandId: string) => Ref<CommandMessage> | undefined;
    /** Whether nothing of the command may be submitted before it is released: what an older store says is to be done may be done, and undone. */
    readonly isWithheld: (commandId: string) => boolean;
    /** The task records on disk. */
    readonly recovered: Iterable<SpmAsyncTask>;
    readonly wakeSelf: (message: TaskManagerMessage) => void;
  },
): { readonly handle: (message: TaskManagerMessage) => void; readonly begin: () => void } {
  const { ports, settings, journal } = context;
  const { pools, commandOf, wakeSelf } = deps;
  const tracked = new TrackedTasks();
  /** Placed by an earlier incarnation. */
  const inherited = new Set<string>();
  const polling = new Set<string>();
  /** Pools that have answered a poll of this incarnation. */
  const reached = new Set<string>();

  return { handle, begin };

  /** After a crash: goes on with every task where its record says. Polls each pool once in any case, so that no host keeps what nobody knows of. */
  function begin(): void {
    for (const task of deps.recovered) {
      const placed = deps.isWithheld(task.commandId) ? 'withheld' : 'placed';
      const at = task.state === 'Placeholder' ? placed : task.state === 'Submitted' ? 'polled' : 'ending';
      tracked.set({ task, at, stop: null });
      // An earlier program may have known its pool, and sent it.
      if (task.state === 'Placeholder') inherited.add(task.id);
      if (at === 'placed') submit(task, { kind: 'unknown' });
      if (at === 'ending') clear(task);
    }
    for (const pool of pools.keys()) poll(pool);
  }

  function handle(message: TaskManagerMessage): void {
    switch (message.type) {
      case 'place':
        tracked.set({ task: message.task, at: 'placed', stop: null });
        submit(message.task, { kind: 'refused', code: UNKNOWN_POOL, message: `there is no storage pool '${message.task.pool}'` });
        schedulePoll(message.task.pool);
        return;
      case 'stop':
        return stop(message.taskId, message.reason);
      case 'release':
        return tracked.withheldOf(message.commandId).forEach(release);
      case 'clear':
        return consumed(message.taskId);
      case 'submitAnswered':
        return submitAnswered(message.taskId, message.host, message.reply);
      case 'submitted':
        return submitted(message.taskId);
      case 'notSent':
        return notSent(message.taskId);
      case 'fenceAnswered':
        return fenceAnswered(message.taskId, message.host, message.reply);
      case 'answered':
        return;
      case 'pollDue':
        polling.delete(message.pool);
        return poll(message.pool);
      case 'polled':
        return polled(message.pool, message.reply);
      case 'clearAnswered':
        return clearAnswered(message.taskId, message.reply);
      case 'cleared':
        inherited.delete(message.taskId);
        tracked.delete(message.taskId);
        return;
    }
  }

  function release(entry: Tracked): void {
    tracked.set({ ...entry, at: 'placed' });
    submit(entry.task, { kind: 'unknown' });
    schedulePoll(entry.task.pool);
  }

  function poolOf(task: SpmAsyncTask): Ref<PoolMessage> | undefined {
    return pools.get(task.pool);
  }

  /** @param nowhere how it ends if there is no such pool */
  function submit(task: SpmAsyncTask, nowhere: Outcome): void {
    const { id: taskId, verb, args, commandId, executionIndex, number, executionReason: reason, attempt, pool } = task;
    const step = { commandId, executionIndex, ...(number === undefined ? {} : { number }), reason, attempt };
    const actor = poolOf(task);
    if (actor === undefined) {
      const entry = tracked.get(taskId);
      if (entry !== undefined) route(entry, nowhere);
      return;
    }
    actor.tell({
      type: 'offer',
      offer: {
        body: { op: 'submitTask', pool, taskId, verb, args, step },
        commandId,
        patience: 'untilAnswered',
        wake: (answer) => wakeSelf(answer === null ? { type: 'notSent', taskId } : { type: 'submitAnswered', taskId, ...answer }),
      },
    });
  }

  function submitAnswered(taskId: string, host: string, reply: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed') return;
    if (reply.code !== 0) {
      route(entry, { kind: 'refused', code: reply.code, message: reply.message });
      return;
    }
    isOnHost(entry, host);
  }

  /** Whether commits that its store has lost may have sent it, and seen it end: that no host knows it does not mean that it never ran. */
  function isOfLostCommits({ id }: SpmAsyncTask): boolean {
    return epochOf(id) < context.epoch;
  }

  function isOnHost({ task }: Tracked, host: string): void {
    const { id: taskId } = task;
    journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'task', task: { ...task, state: 'Submitted' } }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'taskSubmitted', taskId, host }],
        wake: () => wakeSelf({ type: 'submitted', taskId }),
      },
    });
  }

  function submitted(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed') return;
    tracked.set({ ...entry, task: { ...entry.task, state: 'Submitted' }, at: 'polled' });
    if (entry.stop !== null) sendStop(entry.task);
  }

  /** Co-operative: the task goes on being polled until it is over. */
  function stop(taskId: string, reason: StopReason): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed' && entry?.at !== 'polled') return;
    tracked.set({ ...entry, stop: reason });
    if (entry.at === 'polled') {
      sendStop(entry.task);
      return;
    }
    const wake: Offer['wake'] = (answer) => wakeSelf(answer === null ? { type: 'notSent', taskId } : { type: 'fenceAnswered', taskId, ...answer });
    // What an earlier incarnation had placed, it may have sent.
    poolOf(entry.task)?.tell({ type: 'withdraw', taskId, mayHaveLeft: inherited.has(taskId), instead: stopOffer(entry.task, wake) });
  }

  /** A host that does not know the task fences its id: a submission that is still on its way cannot start it any more. */
  function fenceAnswered(taskId: string, host: string, reply: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed') return;
    switch (reply.code) {
      case TASK_UNKNOWN:
        return route(entry, isOfLostCommits(entry.task) ? { kind: 'unknown' } : { kind: 'notSent' });
      case 0:
      case TASK_ABORTED:
        return isOnHost(entry, host);
      default:
        return route(entry, { kind: 'unknown' });
    }
  }

  function notSent(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry?.at === 'placed') route(entry, { kind: 'notSent' });
  }

  function sendStop(task: SpmAsyncTask): void {
    // Whatever the answer, the next poll tells what became of it.
    poolOf(task)?.tell({ type: 'offer', offer: stopOffer(task, () => wakeSelf({ type: 'answered' })) });
  }

  function stopOffer({ id: taskId, pool, commandId }: SpmAsyncTask, wake: Offer['wake']): Offer {
    return { body: { op: 'stopTask', pool, taskId }, commandId, patience: 'untilAnswered', wake };
  }

  function schedulePoll(pool: string): void {
    if (polling.has(pool) || !pools.has(pool)) return;
    polling.add(pool);
    ports.after(settings.pollingRateMs * 1000, () => wakeSelf({ type: 'pollDue', pool }));
  }

  function poll(pool: string): void {
    polling.add(pool);
    pools.get(pool)?.tell({
      type: 'offer',
      offer: {
        body: { op: 'getAllTasksStatuses', pool },
        commandId: null,
        patience: 'once',
        wake: (answer) => wakeSelf({ type: 'polled', pool, reply: answer?.reply ?? null }),
      },
    });
  }

  function polled(pool: string, reply: WireReply | null): void {
    polling.delete(pool);
    // Only getAllTasksStatuses is answered with this.
    const found = reply?.code === 0 ? (reply.result as AllTasksStatuses).tasks : null;
    if (found !== null) reached.add(pool);
    const strangerRuns = (found ?? []).some(({ taskId, taskState }) => !tracked.has(taskId) && taskState !== 'finished');
    for (const status of found ?? []) observe(pool, status);
    for (const taskId of tracked.clearFailed(pool)) consumed(taskId);
    if (!reached.has(pool) || strangerRuns || tracked.isWaitedFor(pool)) schedulePoll(pool);
  }

  function observe(pool: string, status: TaskStatus): void {
    const entry = tracked.get(status.taskId);
    if (entry === undefined) {
      // Nobody's: left to run, and cleared when it is over.
      ports.probe({ type: 'completionIgnored', taskId: status.taskId, why: 'this engine does not know the task' });
      if (status.taskState === 'finished') clearOnHost(pool, status.taskId, null, () => wakeSelf({ type: 'answered' }));
      return;
    }
    if (entry.at !== 'polled') return;
    const outcome = outcomeOf(status, entry.stop);
    if (outcome !== null) route(entry, outcome);
  }

  function route(entry: Tracked, outcome: Outcome): void {
    const { id: taskId, commandId, executionIndex, executionReason, attempt } = entry.task;
    const command = commandOf(commandId);
    if (command === undefined) {
      ports.probe({ type: 'completionIgnored', taskId, why: `command ${commandId} is over` });
      consumed(taskId);
      return;
    }
    tracked.set({ ...entry, at: 'ended' });
    command.tell({ type: 'taskEnded', taskId, executionIndex, executionReason, attempt, outcome });
  }

  function consumed(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry === undefined || entry.at === 'ending') return;
    const task: SpmAsyncTask = { ...entry.task, state: 'Ending' };
    tracked.set({ ...entry, task, at: 'ending' });
    clear(task);
  }

  function clear(task: SpmAsyncTask): void {
    // Nobody can be asked. Should a host have it all the same, the pool's next engine will find it there, and nobody's.
    if (poolOf(task) === undefined) forget(task);
    else clearOnHost(task.pool, task.id, task.commandId, (reply) => wakeSelf({ type: 'clearAnswered', taskId: task.id, reply }));
  }

  function clearOnHost(pool: string, taskId: string, commandId: string | null, wake: (reply: WireReply) => void): void {
    pools.get(pool)?.tell({
      type: 'offer',
      offer: {
        body: { op: 'clearTask', pool, taskId },
        commandId,
        patience: 'untilAnswered',
        wake: (answer) => {
          if (answer !== null) wake(answer.reply);
        },
      },
    });
  }

  function clearAnswered(taskId: string, reply: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'ending') return;
    // An absent task is a cleared one.
    if (reply.code !== 0 && reply.code !== TASK_UNKNOWN) {
      tracked.set({ ...entry, at: 'clearFailed' });
      return;
    }
    forget(entry.task);
  }

  function forget(task: SpmAsyncTask): void {
    const { id: taskId } = task;
    journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'taskRemoved', task }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'taskCleared', taskId }],
        wake: () => wakeSelf({ type: 'cleared', taskId }),
      },
    });
  }
}
