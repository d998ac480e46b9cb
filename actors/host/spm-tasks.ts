import type { NodePorts } from '../ports.js';
import type { LeaseHold, StoragePort, StoredTask, Work } from '../storage-port.js';
import { BAD_PARAMETER, FENCED, GENERAL_FAILURE, NOT_SPM, QUEUE_FULL, TASK_ABORTED, TASK_STATE_FORBIDS, TASK_UNKNOWN } from '../wire.js';
import type { AllTasksInfo, Args, StepRef, TaskStatus } from '../wire.js';
import { done, refused, type Answer } from './answer.js';
import { isOver, statusOf, TASK_RESULTS, type EndState } from './task-status.js';
import type { PlannedFailure, RunPlan, VerbTable } from './verb-table.js';

export interface SpmTasksDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly verbs: VerbTable;
  /** How many jobs run at once. */
  readonly workers: number;
  /** How many accepted tasks may wait for a worker. */
  readonly queueLimit: number;
  /** To call, through the mailbox, {@link SpmTasks.jobDone}. */
  readonly jobDone: (taskId: string) => void;
}

export interface TaskSubmission {
  readonly taskId: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
}

type Outcome = Pick<StoredTask, 'code' | 'message'> & { readonly state: EndState };

/**
 * The tasks of one SPM term: a first-in first-out queue before a few workers. Every change of a task is on shared storage before anybody is told,
 * and before its job starts. When storage says that the lease is lost, the term is over: {@link inOffice} is false, and nothing further is started.
 * What an earlier term left is taken over: a task that is over keeps its result, one that is not is rolled back.
 */
export class SpmTasks {
  readonly #tasks = new Map<string, StoredTask>();
  /** How the jobs of the tasks that are not over will go. Only in memory: a job never outlives its host. */
  readonly #plans = new Map<string, RunPlan>();
  readonly #queue: string[] = [];
  #busy = 0;
  #inOffice = true;
  #leaving = false;

  constructor(
    private readonly deps: SpmTasksDeps,
    readonly hold: LeaseHold,
  ) {
    for (const task of deps.storage.tasks(hold.pool)) {
      this.#tasks.set(task.id, task);
      if (!isOver(task)) this.#rollBack(task);
    }
  }

  get inOffice(): boolean {
    return this.#inOffice;
  }

  /** The SPM stops: what waits for a worker will not begin. vdsm calls it a secured object that is not in a safe state. */
  leave(): void {
    this.#leaving = true;
  }

  submit({ taskId, verb: verbName, args, step }: TaskSubmission): Answer {
    if (this.#tasks.has(taskId)) return done({ taskId });
    const { storage, verbs, ports, workers, queueLimit } = this.deps;
    if (storage.fenceOf(this.hold.pool, taskId) !== null) return refused(FENCED, `task ${taskId} is fenced`);
    const verb = verbs.find(verbName);
    if (verb?.kind !== 'spm') return refused(BAD_PARAMETER, `there is no SPM verb '${verbName}'`);
    const problem = verb.problemWith(args);
    if (problem !== null) return refused(BAD_PARAMETER, `${verbName}: ${problem}`);
    if (this.#busy >= workers && this.#queue.length >= queueLimit) return refused(QUEUE_FULL, `${queueLimit} tasks are waiting for a worker`);
    const plan = verb.plan(args, (purpose) => ports.random(purpose));
    if (plan.kind === 'refuse') return refused(plan.code, plan.message);

    const task: StoredTask = {
      id: taskId, verb: verbName, args, step, state: 'queued', stopRequested: false, code: 0, message: 'Task is initializing',
    };
    if (!this.#save(task)) return refused(NOT_SPM, 'the SPM lease is lost');
    this.#plans.set(taskId, plan);
    this.#queue.push(taskId);
    ports.probe({ type: 'hostTaskAccepted', host: ports.node, taskId, verb: verbName, ...(step.task === undefined ? {} : { task: step.task }) });
    this.#startQueued();
    return done({ taskId });
  }

  /**
   * Asks a task to stop. One that waits is over at once; one that runs goes on until its job returns and is rolled back then. The id of a task that
   * is not known here is fenced, so that a submission still on its way cannot start it.
   */
  stop(taskId: string): Answer {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return this.#fenced(taskId);
    if (isOver(task)) return done(null);
    if (task.stopRequested) return refused(TASK_ABORTED, `task ${taskId} is stopping already`);
    if (task.state === 'queued') {
      this.#queue.splice(this.#queue.indexOf(taskId), 1);
      this.#end(task, { state: 'recovered', code: 0, message: task.message });
    } else {
      this.#save({ ...task, stopRequested: true });
    }
    return this.#inOffice ? done(null) : refused(NOT_SPM, 'the SPM lease is lost');
  }

  /** Fences the id of a task that is not known here, and says whether a host had it. One that is known goes on. */
  fence(taskId: string): Answer {
    const task = this.#tasks.get(taskId);
    if (task !== undefined) return done(statusOf(task));
    const wasKnown = this.deps.storage.fenceOf(this.hold.pool, taskId) === 'known';
    return wasKnown ? refused(FENCED, `task ${taskId} was known, and is over`) : this.#fenced(taskId);
  }

  /** Forgets a task that is over, and fences its id; also that of a task that is not known here. */
  clear(taskId: string): Answer {
    const { ports, storage } = this.deps;
    const task = this.#tasks.get(taskId);
    if (task === undefined) return this.#fenced(taskId);
    if (!isOver(task)) {
      ports.probe({ type: 'hostClearRefused', host: ports.node, taskId, state: task.state });
      return refused(TASK_STATE_FORBIDS, `task ${taskId} is ${task.state}`);
    }
    if (!storage.clearTask(this.hold, taskId)) return this.#leaseLost();
    this.#tasks.delete(taskId);
    ports.probe({ type: 'hostTaskCleared', host: ports.node, taskId });
    return done(null);
  }

  statuses(): readonly TaskStatus[] {
    return [...this.#tasks.values()].map(statusOf);
  }

  infos(): AllTasksInfo['tasks'] {
    return Array.from(this.#tasks.values(), ({ id: taskId, verb }) => ({ taskId, verb }));
  }

  /** A job has returned: its effect, its end, and then the next in the queue. */
  jobDone(taskId: string): void {
    const task = this.#tasks.get(taskId);
    const plan = this.#plans.get(taskId);
    if (task === undefined || plan === undefined) return;
    this.#busy -= 1;
    const outcome = this.#outcomeOf(task, plan.failure);
    if (plan.lost) this.#lose(task, plan.failure === null);
    else this.#end(task, outcome);
    this.#startQueued();
  }

  /** @param ran what has had an effect must not be taken for new, should it be submitted again: of that at least its id is kept */
  #lose({ id: taskId }: StoredTask, ran: boolean): void {
    const { ports, storage } = this.deps;
    const gone = ran ? storage.clearTask(this.hold, taskId) : storage.loseTask(this.hold, taskId);
    if (!gone) return void this.#leaseLost();
    this.#plans.delete(taskId);
    this.#tasks.delete(taskId);
    ports.probe({ type: 'hostTaskLost', host: ports.node, taskId });
  }

  #outcomeOf(task: StoredTask, failure: PlannedFailure | null): Outcome {
    const { ports, storage } = this.deps;
    const work: Work = { key: task.id, verb: task.verb, args: task.args, step: task.step, host: ports.node, hold: this.hold };
    const outcome = failure === null ? storage.perform(work) : { ok: false as const, ...failure };
    if (task.stopRequested) {
      // The stop only set a flag: the job has done its work all the same, and what is left of that depends on the recovery it registered.
      const clean = !outcome.ok || storage.undo(work);
      return { state: clean ? 'recovered' : 'failed', code: TASK_ABORTED, message: 'Task is aborted' };
    }
    if (outcome.ok) return { state: 'finished', code: 0, message: '1 jobs completed successfully' };
    return { state: 'recovered', code: outcome.code, message: outcome.message };
  }

  /** Of an earlier term: its job died with its host, and is never resumed. That nobody asked for it shows in the code, which is 0. */
  #rollBack(task: StoredTask): void {
    const { ports, storage } = this.deps;
    const { id: key, verb, args, step } = task;
    const clean = storage.undo({ key, verb, args, step, host: ports.node, hold: this.hold });
    this.#end(task, { state: clean ? 'recovered' : 'failed', code: 0, message: 'Task is initializing' });
  }

  #end(task: StoredTask, outcome: Outcome): void {
    this.#plans.delete(task.id);
    if (!this.#save({ ...task, ...outcome })) return;
    const { ports } = this.deps;
    ports.probe({ type: 'hostTaskEnded', host: ports.node, taskId: task.id, result: TASK_RESULTS[outcome.state], code: outcome.code });
  }

  #startQueued(): void {
    const { ports, verbs, workers, jobDone } = this.deps;
    while (this.#busy < workers) {
      const taskId = this.#queue.shift();
      const task = taskId === undefined ? undefined : this.#tasks.get(taskId);
      const plan = taskId === undefined ? undefined : this.#plans.get(taskId);
      if (task === undefined || plan === undefined) return;
      if (this.#leaving) {
        this.#end(task, { state: 'recovered', code: GENERAL_FAILURE, message: 'Secured object is not in safe state' });
        continue;
      }
      if (!this.#save({ ...task, state: 'running', message: 'running job 1 of 1' })) return;
      this.#busy += 1;
      ports.probe({ type: 'hostTaskStarted', host: ports.node, taskId: task.id });
      verbs.spend(plan, ports, () => jobDone(task.id));
    }
  }

  #save(task: StoredTask): boolean {
    if (!this.deps.storage.saveTask(this.hold, task)) {
      this.#inOffice = false;
      return false;
    }
    this.#tasks.set(task.id, task);
    return true;
  }

  #fenced(taskId: string): Answer {
    return this.deps.storage.clearTask(this.hold, taskId) ? refused(TASK_UNKNOWN, `task ${taskId} is not known`) : this.#leaseLost();
  }

  #leaseLost(): Answer {
    this.#inOffice = false;
    return refused(NOT_SPM, 'the SPM lease is lost');
  }
}
