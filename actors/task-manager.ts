import { epochOf } from '../src/flow/ids.js';
import type { StopReason } from '../src/flow/state.js';
import type { Outcome } from '../src/model/outcome.js';
import type { SpmAsyncTask } from '../src/model/task.js';
import { NOTHING_STAGED } from '../src/store/staged-view.js';
import type { EngineContext } from './engine-context.js';
import type { CommandMessage, PoolMessage, TaskManagerMessage } from './messages.js';
import type { Ref } from './runtime.js';
import { missingNow, type Missing } from './task-manager/missing.js';
import { OwnLists } from './task-manager/own-lists.js';
import { TaskRequests } from './task-manager/task-requests.js';
import { newlyTracked, TrackedTasks, type Tracked } from './task-manager/tracked-tasks.js';
import type { WhyUnresolved } from './task-manager/unresolved.js';
import { outcomeOf } from './task-outcome.js';
import { FENCED, TASK_UNKNOWN, type AllTasksStatuses, type TaskEnded, type TaskStatus, type WireReply } from './wire.js';

/**
 * Submits tasks, polls their pools in bulk, routes each completion to its command by `executionIndex`, and clears what has been consumed. What it knows
 * is in the task records; it decides nothing about commands.
 */
export function createTaskManager(
  context: EngineContext,
  deps: {
    readonly pools: ReadonlyMap<string, Ref<PoolMessage>>;
    /** Those whose hosts make their own task ids. */
    readonly ownIds: ReadonlySet<string>;
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
  const { pools, ownIds, commandOf, wakeSelf } = deps;
  const graceUs = settings.unknownGraceMs * 1000;
  const zombieUs = settings.zombieAfterMs * 1000;
  const messageAgeUs = settings.maxMessageAgeMs * 1000;
  const ask = new TaskRequests(pools, ownIds, wakeSelf, settings.completionEvents);
  const tracked = new TrackedTasks();
  const own = new OwnLists({ now: () => ports.now(), graceUs, messageAgeUs, tracked, ask, resolve, clearStranger });
  /** Placed by an earlier incarnation. */
  const inherited = new Set<string>();
  const polling = new Set<string>();
  /** Pools that have answered a poll of this incarnation. */
  const reached = new Set<string>();
  /** The highest generation of an SPM of each pool that has told anything. */
  const generations = new Map<string, number>();
  /** How many polls this incarnation has begun. */
  let polls = 0;

  return { handle, begin };

  /** After a crash: goes on with every task where its record says. Polls each pool once in any case, so that no host keeps what nobody knows of. */
  function begin(): void {
    // One poll of each is about to begin: what is placed again must not begin another.
    for (const pool of pools.keys()) polling.add(pool);
    for (const task of deps.recovered) {
      const placed = deps.isWithheld(task.commandId) ? 'withheld' : 'placed';
      const at = task.state === 'Placeholder' ? placed : task.state === 'Submitted' ? 'polled' : 'ending';
      tracked.set(newlyTracked(task, at));
      if (task.state === 'Placeholder') inherited.add(task.id);
      if (at === 'placed') placeAgain(task);
      if (at === 'ending') clear(task);
    }
    // What the one before has sent may still be on its way.
    for (const pool of ownIds) own.sent(pool);
    for (const pool of pools.keys()) poll(pool);
  }

  function handle(message: TaskManagerMessage): void {
    switch (message.type) {
      case 'place':
        return place(message.task);
      case 'stop':
        return stop(message.taskId, message.reason);
      case 'release':
        return tracked.withheldOf(message.commandId).forEach(({ task }) => placeAgain(task));
      case 'clear':
        return consumed(message.taskId);
      case 'submitAnswered':
        return submitAnswered(message.taskId, message.host, message.reply);
      case 'submitUnanswered':
        return submitUnanswered(message.taskId);
      case 'submitted':
        return submitted(message.task);
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
        return polled(message.pool, message.n, message.reply);
      case 'informed':
        return own.informed(message.pool, message.list, message.reply);
      case 'pushed':
        return pushed(message.ended);
      case 'clearAnswered':
        return clearAnswered(message.taskId, message.reply);
      case 'cleared':
        inherited.delete(message.taskId);
        tracked.delete(message.taskId);
        return;
    }
  }

  function place(task: SpmAsyncTask): void {
    tracked.set(newlyTracked(task, 'placed'));
    ask.submit(task);
    schedulePoll(task.pool);
  }

  /** An earlier incarnation may have sent it. What hosts do not recognise is not simply sent again. */
  function placeAgain(task: SpmAsyncTask): void {
    if (!ownIds.has(task.pool)) return place(task);
    isUnresolved(newlyTracked(task, 'unresolved'), 'unanswered', ports.now() + messageAgeUs);
    schedulePoll(task.pool);
  }

  function submitAnswered(taskId: string, host: string, reply: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed') return;
    if (ownIds.has(entry.task.pool)) own.sent(entry.task.pool);
    switch (reply.code) {
      case 0:
        return isOnHost(entry, host, ownIds.has(entry.task.pool) ? (reply.result as { readonly uuid: string }).uuid : undefined);
      case FENCED:
        // Not running, and never will. Whether a host had it once, before the engine or the host forgot of it, nobody can tell.
        return route(entry, { kind: 'unknown' });
      default:
        return route(entry, { kind: 'refused', code: reply.code, message: reply.message });
    }
  }

  /** It left as long ago as its host had time to answer. */
  function submitUnanswered(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry?.at === 'placed') isUnresolved(entry, 'unanswered', ports.now() + Math.max(0, messageAgeUs - settings.requestTimeoutMs * 1000));
  }

  /** @param from µs: nothing of it is on its way any more */
  function isUnresolved(entry: Tracked, why: WhyUnresolved, from: number): void {
    ports.probe({ type: 'taskUnresolved', taskId: entry.task.id, why });
    tracked.set({ ...entry, at: 'unresolved', missing: null });
    own.await(entry.task, why, from);
  }

  /** @param hostTaskId if its host has given it another id than the engine */
  function isOnHost(entry: Tracked, host: string, hostTaskId?: string): void {
    const { id: taskId } = entry.task;
    const task: SpmAsyncTask = { ...entry.task, state: 'Submitted', ...(hostTaskId === undefined ? {} : { hostTaskId }), submittedAt: ports.now() };
    journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'task', task }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'taskSubmitted', taskId, host }],
        wake: () => wakeSelf({ type: 'submitted', task }),
      },
    });
  }

  function submitted(task: SpmAsyncTask): void {
    const entry = tracked.get(task.id);
    if (entry?.at === 'placed') goOnPolling({ ...entry, task });
  }

  function goOnPolling(entry: Tracked): void {
    tracked.set({ ...entry, at: 'polled', polledFrom: polls, missing: null });
    if (entry.stop !== null) ask.stop(entry.task);
  }

  /** Co-operative: the task goes on being polled until it is over. */
  function stop(taskId: string, reason: StopReason): void {
    const entry = tracked.get(taskId);
    switch (entry?.at) {
      case 'placed':
        tracked.set({ ...entry, stop: reason });
        // What an earlier incarnation had placed, it may have sent.
        return ask.withdraw(entry.task, inherited.has(taskId));
      case 'polled':
        tracked.set({ ...entry, stop: reason });
        return ask.stop(entry.task);
      case 'unresolved':
      case 'fencing':
        tracked.set({ ...entry, stop: reason });
        return;
      case 'withheld':
      case 'ended':
      case 'ending':
      case undefined:
        return;
    }
  }

  /** The SPM's word on a task that it does not list, or that nobody wants any more: only with that has the task ended (semantics §3). */
  function fenceAnswered(taskId: string, host: string, { code, result }: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'placed' && entry?.at !== 'fencing') return;
    const acknowledged = entry.at === 'fencing';
    switch (code) {
      case 0:
        ports.probe({ type: 'fenceAnswered', taskId, host, answer: 'onHost' });
        if (!acknowledged) return isOnHost(entry, host);
        goOnPolling(entry);
        // Only fenceTask is answered with this.
        return observe(entry.task.pool, result as TaskStatus);
      case TASK_UNKNOWN:
      case FENCED:
        ports.probe({ type: 'fenceAnswered', taskId, host, answer: 'fenced' });
        if (acknowledged) return route(entry, { kind: 'lost' });
        // Of what a host had nobody can say how far it came.
        return route(entry, { kind: code === FENCED || isOfLostCommits(entry.task) ? 'unknown' : 'notSent' });
      default:
        ports.probe({ type: 'fenceRefused', taskId, host, code });
        tracked.set({ ...entry, refused: true });
    }
  }

  /** Whether commits that its store has lost may have sent it, and seen it end: that no host knows it does not mean that it never ran. */
  function isOfLostCommits({ id }: SpmAsyncTask): boolean {
    return epochOf(id) < context.epoch;
  }

  function notSent(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry?.at === 'placed') route(entry, { kind: 'notSent' });
  }

  function schedulePoll(pool: string): void {
    if (polling.has(pool) || !ask.knows(pool)) return;
    polling.add(pool);
    ports.after(settings.pollingRateMs * 1000, () => wakeSelf({ type: 'pollDue', pool }));
  }

  function poll(pool: string): void {
    polling.add(pool);
    polls += 1;
    own.asked(pool);
    ask.poll(pool, polls, () => !tracked.isWaitedFor(pool));
  }

  function polled(pool: string, n: number, reply: WireReply | null): void {
    polling.delete(pool);
    const strangersStay = reply?.code === 0 && listed(pool, n, reply);
    if (reply?.code !== 0) own.unanswered(pool);
    for (const entry of tracked.refused(pool)) askAgain(entry);
    for (const { task, stop } of tracked.polled(pool)) {
      const { id: taskId, commandId, submittedAt } = task;
      if (stop === null && submittedAt !== null && ports.now() - submittedAt >= zombieUs) commandOf(commandId)?.tell({ type: 'taskOverdue', taskId });
    }
    if (!reached.has(pool) || strangersStay || tracked.isWaitedFor(pool) || own.mayArrive(pool)) schedulePoll(pool);
  }

  /** @returns whether a task is left there that nobody knows */
  function listed(pool: string, n: number, reply: WireReply): boolean {
    // Only getAllTasksStatuses is answered with this.
    const statuses = reply.result as AllTasksStatuses;
    const strangers = statuses.tasks.filter(({ taskId }) => tracked.onHost(pool, taskId) === undefined);
    generations.set(pool, Math.max(statuses.generation ?? 0, generations.get(pool) ?? 0));
    // Before its tasks are loaded, an SPM does not show all that there is.
    if (ownIds.has(pool) ? own.listed(pool, reply, strangers) : statuses.settled === true) reached.add(pool);
    for (const status of statuses.tasks) observe(pool, status);
    const there = new Set(statuses.tasks.map(({ taskId }) => taskId));
    for (const entry of tracked.polled(pool)) {
      // An answer to a poll that was begun before it was acknowledged need not know of it.
      if (n > entry.polledFrom) watch(entry, missingNow(entry.missing, reply, there.has(entry.task.hostTaskId ?? entry.task.id), ports.now()), reply.from);
    }
    return ownIds.has(pool) ? strangers.length > 0 : strangers.some(({ taskState }) => taskState !== 'finished');
  }

  /** Only its handler can tell what became of it. */
  function resolve(taskId: string, why: WhyUnresolved): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'unresolved') return;
    const { commandId, executionIndex, executionReason } = entry.task;
    const command = commandOf(commandId);
    if (command === undefined) return consumed(taskId);
    tracked.set({ ...entry, at: 'ended' });
    command.tell({ type: 'taskUnresolved', taskId, executionIndex, executionReason, why });
  }

  /** Nobody's: left to run, and cleared when it is over. */
  function clearStranger(pool: string, taskId: string): void {
    ports.probe({ type: 'completionIgnored', taskId, why: 'this engine does not know the task' });
    ask.clearStranger(pool, taskId);
  }

  /** Judged as if it had been polled, but for absence, of which it says nothing. What is not waited for, and what an SPM says whose term is over, is left to polls. */
  function pushed({ pool, generation, status }: TaskEnded): void {
    if (generation < (generations.get(pool) ?? 0) || tracked.get(status.taskId)?.at !== 'polled') {
      return ports.probe({ type: 'completionIgnored', taskId: status.taskId, why: 'it was told without being asked for, and is not waited for' });
    }
    observe(pool, status);
  }

  function observe(pool: string, status: TaskStatus): void {
    const entry = tracked.onHost(pool, status.taskId);
    if (entry === undefined && !ownIds.has(pool)) {
      ports.probe({ type: 'completionIgnored', taskId: status.taskId, why: 'this engine does not know the task' });
      if (status.taskState === 'finished') ask.clearStranger(pool, status.taskId);
    }
    if (entry?.at !== 'polled') return;
    const outcome = outcomeOf(status, entry.stop);
    if (outcome !== null) route(entry, outcome);
  }

  /** Absence alone ends nothing: what has been missing for too long is fenced. */
  function watch(entry: Tracked, missing: Missing | null, host: string): void {
    if (missing !== entry.missing) tracked.set({ ...entry, missing });
    if (missing === null) return;
    if (entry.missing === null) ports.probe({ type: 'taskMissing', taskId: entry.task.id, host });
    if (ports.now() - missing.since < graceUs) return;
    if (ownIds.has(entry.task.pool)) return isUnresolved(entry, 'lost', ports.now());
    tracked.set({ ...entry, at: 'fencing', missing: null });
    ask.fence(entry.task);
  }

  function askAgain(entry: Tracked): void {
    tracked.set({ ...entry, refused: false });
    if (entry.at === 'ending') clear(entry.task);
    else ask.fence(entry.task);
  }

  function route(entry: Tracked, outcome: Outcome): void {
    const { id: taskId, commandId, executionIndex, executionReason, attempt, hostTaskId } = entry.task;
    const command = commandOf(commandId);
    if (command === undefined) {
      ports.probe({ type: 'completionIgnored', taskId, why: `command ${commandId} is over` });
      consumed(taskId);
      return;
    }
    tracked.set({ ...entry, at: 'ended', missing: null });
    command.tell({ type: 'taskEnded', taskId, executionIndex, executionReason, attempt, ...(hostTaskId === undefined ? {} : { hostTaskId }), outcome });
  }

  function consumed(taskId: string): void {
    const entry = tracked.get(taskId);
    if (entry === undefined || entry.at === 'ending') return;
    own.forget(taskId);
    const task: SpmAsyncTask = { ...entry.task, state: 'Ending', submittedAt: null };
    tracked.set(newlyTracked(task, 'ending'));
    clear(task);
  }

  function clear(task: SpmAsyncTask): void {
    // Nobody can be asked, or there is no id to ask by. Should a host have it all the same, the pool's next engine will find it there, and nobody's.
    if (!ask.knows(task.pool) || (ownIds.has(task.pool) && task.hostTaskId === undefined)) forget(task);
    else ask.clear(task);
  }

  function clearAnswered(taskId: string, reply: WireReply): void {
    const entry = tracked.get(taskId);
    if (entry?.at !== 'ending') return;
    // An absent task is a cleared one.
    if (reply.code === 0 || reply.code === TASK_UNKNOWN) forget(entry.task);
    else tracked.set({ ...entry, refused: true });
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
